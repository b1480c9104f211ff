"""VGG perceptual loss (Eq. 1): feature distance on whole slices."""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from lidnet_mm.models.losses.image_pair import check_image_pair
from lidnet_mm.models.losses.vgg19_features import STRIDE, VGG19Features
from lidnet_mm.models.losses.vgg19_weights import read_vgg19_weights
from lidnet_mm.registry import MODELS

# Mean and standard deviation of each channel of an image in [0, 1], in the channels' order.
_CONVENTIONS = {
    "caffe": (
        [103.939 / 255, 116.779 / 255, 123.68 / 255],  # blue, green, red
        [1 / 255, 1 / 255, 1 / 255],
    ),
    "torchvision": ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),  # red, green, blue
}


@MODELS.register_module()
class VGGPerceptualLoss(nn.Module):
    """Eq. 1: mean squared difference of VGG-19 features, over w, h, d and the batch.

    phi is the output of the 16th convolution, conv5_4, after its ReLU. The grey slice is given
    to each of the three input channels and brought to the range the weights were trained on.
    No gradient passes through the reference; the loss has no parameters and adds nothing to
    checkpoints. VGG-19 is not among the modules of the model: it only moves with the loss.

    Args:
        weights (str | Path | None): ``'vgg19_caffe'``, the weights of VGG's authors;
            ``'vgg19_torchvision'``; or the path of a state dict in torchvision's layout. The two
            names mean files in the ``checkpoints`` folder of ``torch.hub.get_dir()``; nothing is
            downloaded. None gives random weights, for tests only. Defaults to
            ``'vgg19_caffe'``.
        convention (str, optional): What the weights expect of x in [0, 1]: ``'caffe'``, 255 x
            minus the channel means, BGR; or ``'torchvision'``, (x - mean) / std, RGB. Defaults
            to that of a name, and to ``'caffe'`` for a path and for None.
        loss_weight (float): lambda'. Defaults to 100, the paper's.

    Raises:
        FileNotFoundError: If the weights are not there; says what to download to where.
        ValueError: If the convention is neither, or the file is damaged or not VGG-19's.
    """

    def __init__(
        self,
        weights: str | Path | None = "vgg19_caffe",
        convention: str | None = None,
        loss_weight: float = 100.0,
    ) -> None:
        super().__init__()
        if convention is None:
            convention = "torchvision" if weights == "vgg19_torchvision" else "caffe"
        if convention not in _CONVENTIONS:
            raise ValueError(
                f"convention must be one of {sorted(_CONVENTIONS)}, got {convention!r}"
            )
        self.convention = convention
        self.loss_weight = loss_weight
        self.features = VGG19Features(read_vgg19_weights(weights))
        for name, values in zip(("mean", "deviation"), _CONVENTIONS[convention], strict=True):
            self.register_buffer(name, torch.tensor(values).reshape(1, 3, 1, 1), persistent=False)

    def forward(self, denoised: Tensor, reference: Tensor) -> Tensor:
        """Compare two (N, 1, H, W) tensors in [0, 1]; returns a scalar.

        Raises:
            ValueError: If the shapes differ or a side has less than 16 pixels.
        """
        check_image_pair(denoised, reference, STRIDE, "the four max pools of VGG-19")
        with torch.no_grad():
            wanted = self._extract(reference)
        return self.loss_weight * functional.mse_loss(self._extract(denoised), wanted)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "VGGPerceptualLoss":
        """Move the weights, too: PyTorch calls this for each change of device or type."""
        super()._apply(fn, recurse)
        self.features.apply(fn)
        return self

    def _extract(self, slices: Tensor) -> Tensor:
        """phi: (N, 1, H, W) to (N, 512, H // 16, W // 16)."""
        return self.features((slices - self.mean) / self.deviation)
