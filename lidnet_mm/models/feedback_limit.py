"""Keeps the detector's feedback from drowning what the denoiser is trained for."""

from typing import Any

import torch
from torch import Tensor


class FeedbackLimit:
    """Bounds the gradient of the feedback on G(x) by that of the denoiser's own losses.

    The loss of one detector is a hundred times that of another, and grows where the slices get
    noisier; a fixed lambda fits one of them. Here the gradient g_f of lambda_1 ROI perceptual +
    lambda_2 L_det on the denoised batch is scaled by min(1, limit * |g_o| / |g_f|), where g_o is
    the gradient of the denoiser's own losses and |.| the Euclidean norm over the batch. The values
    of the losses stay as they are. Nothing is computed twice: both gradients pass one node of the
    backward pass, whose scale of mixed precision cancels.

    Each process of a distributed training bounds by its own batch.

    Args:
        limit (float): Largest |g_f| / |g_o|, > 0.

    Raises:
        ValueError: If ``limit`` is not positive.
    """

    def __init__(self, limit: float) -> None:
        if not limit > 0:
            raise ValueError(f"feedback_limit must be positive, got {limit}")
        self.limit = limit
        self.last_scale: Tensor | None = None

    def split(self, denoised: Tensor) -> tuple[Tensor, Tensor]:
        """The same batch twice, for the own losses and for the feedback.

        Args:
            denoised (Tensor): G(x), (N, 1, H, W).

        Returns:
            tuple[Tensor, Tensor]: Two images with its values, whose gradients are put together.
        """
        return _Split.apply(denoised, self)


class _Split(torch.autograd.Function):
    """One image into two; two gradients into one."""

    @staticmethod
    def forward(ctx: Any, denoised: Tensor, limit: FeedbackLimit) -> tuple[Tensor, Tensor]:
        ctx.limit = limit
        return denoised.clone(), denoised.clone()

    @staticmethod
    def backward(ctx: Any, own: Tensor, feedback: Tensor) -> tuple[Tensor, None]:
        allowed = ctx.limit.limit * torch.linalg.vector_norm(own.float())
        asked = torch.linalg.vector_norm(feedback.float())
        # An own gradient of zero has nothing to drown; without feedback there is nothing to scale.
        scale = torch.where((asked > allowed) & (allowed > 0), allowed / asked, 1.0)
        ctx.limit.last_scale = scale.detach()
        return own + scale.to(feedback.dtype) * feedback, None
