"""The last step of a generator: no value outside of its range, and a way back into it."""

from typing import Any

import torch
from torch import Tensor


def into_range(x: Tensor, low: float = 0.0, high: float | None = None) -> Tensor:
    """Clamp an output; as ``ReLU`` where ``low`` is 0 and there is no ``high``.

    The values are those of ``clamp``. Its gradient is not: that is zero for every pixel outside of
    the range, so a generator whose output falls below 0 everywhere, as a large loss at the start of
    a training can bring about, never learns again. Here a pixel outside of the range keeps the
    gradient if a step down the loss leads back towards the range, and has none if it leads further
    away.

    Args:
        x (Tensor): Any shape, floating point.
        low (float): Smallest value. Defaults to 0.
        high (float, optional): Largest value. Defaults to None, no limit.

    Returns:
        Tensor: ``x.clamp(low, high)``.
    """
    if not torch.is_grad_enabled():  # also in a graph for ONNX, which knows no gradients
        return x.clamp(low, high)
    return _IntoRange.apply(x, low, high)


class _IntoRange(torch.autograd.Function):
    """Clamp with the gradient of :func:`into_range`."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, low: float, high: float | None) -> Tensor:
        ctx.save_for_backward(x)
        ctx.limits = low, high
        return x.clamp(low, high)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        (x,) = ctx.saved_tensors
        low, high = ctx.limits
        leads_away = (x <= low) & (gradient > 0)
        if high is not None:
            leads_away |= (x >= high) & (gradient < 0)
        return gradient.masked_fill(leads_away, 0), None, None
