"""Structural losses: 1 - SSIM and 1 - MS-SSIM."""

from types import ModuleType

import torch
from torch import Tensor, nn

from lidnet_mm.models.losses.image_pair import check_image_pair
from lidnet_mm.registry import MODELS

_WINDOW = 11  # pixels of the Gaussian window; its sigma is 1.5
_SCALES = 5


@MODELS.register_module()
class SSIMLoss(nn.Module):
    """1 - SSIM with data range 1, Gaussian window of 11 x 11 pixels, sigma 1.5.

    The mean is taken where the whole window lies inside the image, as in scikit-image's
    ``structural_similarity(..., gaussian_weights=True, use_sample_covariance=False)``. Always
    computed in float32 or better: variances as differences of moments do not survive float16.
    No gradient passes to the reference.

    Source: Wang et al. 2004, IEEE Trans Image Process 13(4).

    Args:
        loss_weight (float): Factor of the loss, beta_ssim. Defaults to 1.

    Raises:
        ImportError: If pytorch_msssim is not installed.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        _library()
        self.loss_weight = loss_weight

    def forward(self, denoised: Tensor, reference: Tensor) -> Tensor:
        """Mean over two (N, 1, H, W) tensors in [0, 1]; returns a scalar in [0, 2 loss_weight].

        Raises:
            ValueError: If the shapes differ or a side is shorter than the window.
        """
        check_image_pair(denoised, reference, _WINDOW, "the window of SSIM; use larger crops")
        with torch.autocast(denoised.device.type, enabled=False):
            similarity = _library().ssim(*_precise(denoised, reference), data_range=1.0)
        return self.loss_weight * (1 - similarity)


@MODELS.register_module()
class MSSSIMLoss(nn.Module):
    """1 - MS-SSIM over five scales with the published weights; window and range of `SSIMLoss`.

    Each scale is the mean of 2 x 2 pixels of the last; a side of odd length is continued by
    zeros. A mean contrast term that is negative, which only anti-correlated images have, counts
    as 0: the loss of that image is then 1 and it gives no gradient, but a finite one.

    Source: Wang et al. 2003, Asilomar. You et al. 2018 (SMGAN) mix it with L1.

    Args:
        loss_weight (float): Factor of the loss. Defaults to 1.

    Raises:
        ImportError: If pytorch_msssim is not installed.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        _library()
        self.loss_weight = loss_weight

    def forward(self, denoised: Tensor, reference: Tensor) -> Tensor:
        """Mean over two (N, 1, H, W) tensors in [0, 1]; returns a scalar in [0, loss_weight].

        Raises:
            ValueError: If the shapes differ or the coarsest scale is smaller than the window.
        """
        check_image_pair(
            denoised,
            reference,
            _WINDOW * 2 ** (_SCALES - 1),
            f"the {_SCALES} scales of MS-SSIM; use SSIMLoss or larger crops",
        )
        with torch.autocast(denoised.device.type, enabled=False):
            similarity = _library().ms_ssim(*_precise(denoised, reference), data_range=1.0)
        return self.loss_weight * (1 - similarity)


def _library() -> ModuleType:
    """pytorch_msssim, or how to get it."""
    try:
        import pytorch_msssim
    except ImportError as error:
        raise ImportError(
            "SSIMLoss and MSSSIMLoss need pytorch_msssim: pip install pytorch-msssim"
        ) from error
    return pytorch_msssim


def _precise(denoised: Tensor, reference: Tensor) -> tuple[Tensor, Tensor]:
    """Both in one type of at least 32 bits; the reference without its graph."""
    dtype = torch.promote_types(torch.promote_types(denoised.dtype, reference.dtype), torch.float32)
    return denoised.to(dtype), reference.detach().to(dtype)
