"""Reconstruction loss between the denoised slice and its reference."""

from torch import Tensor, nn
from torch.nn import functional

from lidnet_mm.registry import MODELS

_NORMS = {"l1": functional.l1_loss, "l2": functional.mse_loss}


@MODELS.register_module()
class ReconstructionLoss(nn.Module):
    """First term of Eq. 8: mean absolute (appendix A) or mean squared difference.

    Args:
        norm (str): ``'l1'``, the paper's choice in appendix A, or ``'l2'``, which Eq. 8 prints
            and RED-CNN uses. Defaults to ``'l1'``.
        loss_weight (float): Factor of the loss. Defaults to 1.

    Raises:
        ValueError: If ``norm`` is neither.
    """

    def __init__(self, norm: str = "l1", loss_weight: float = 1.0) -> None:
        super().__init__()
        if norm not in _NORMS:
            raise ValueError(f"norm must be one of {sorted(_NORMS)}, got {norm!r}")
        self.norm = norm
        self.loss_weight = loss_weight

    def forward(self, denoised: Tensor, reference: Tensor) -> Tensor:
        """Mean over all pixels of two (N, 1, H, W) tensors in [0, 1]; returns a scalar."""
        return self.loss_weight * _NORMS[self.norm](denoised, reference)
