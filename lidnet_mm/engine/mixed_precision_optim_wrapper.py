"""Training in half precision, on GPUs and CPUs."""

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from mmengine.optim import OptimWrapper
from torch import Tensor, nn

from lidnet_mm.engine.phased_train_loop import unwrapped
from lidnet_mm.models.half_precision_backbone import half_precision_backbone
from lidnet_mm.registry import OPTIM_WRAPPERS

DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}
"""Half precisions by the names of the command line: 8 bits and 11 bits of a value's size."""


@OPTIM_WRAPPERS.register_module()
class MixedPrecisionOptimWrapper(OptimWrapper):
    """Losses computed in half precision where that is safe (autocast), weights in full.

    Each part has a wrapper and so a loss scale of its own: halves and critic have losses of other
    magnitude. ``bf16`` has the range of full precision and needs no scale. With ``fp16`` a step
    whose gradients overflow is left out and the scale halved; all processes do so together, for
    they share their gradients. Validation and test are in full precision.

    Of a detector only backbone and neck are in half precision, of a denoiser the critic and the
    losses alone: the generator's output is in HU, for which the bits do not suffice. MMEngine's
    ``AmpOptimWrapper`` needs a GPU, and has generator and heads in half precision, too.

    Args:
        dtype (str): ``'bf16'`` or ``'fp16'``. Defaults to ``'bf16'``.
        init_scale (float): First loss scale of ``fp16``. Defaults to 65536, PyTorch's own.
        **options: Those of MMEngine's ``OptimWrapper``: ``optimizer``, ``accumulative_counts``,
            ``clip_grad``.

    Raises:
        ValueError: If the dtype is none of the two.
        RuntimeError: If the GPU has no bf16.
    """

    def __init__(self, dtype: str = "bf16", init_scale: float = 65536.0, **options: Any) -> None:
        if dtype not in DTYPES:
            raise ValueError(f"dtype must be one of {list(DTYPES)}, got {dtype!r}")
        super().__init__(**options)
        self.dtype = DTYPES[dtype]
        self.device = self.optimizer.param_groups[0]["params"][0].device.type
        # Older GPUs emulate bf16, slower than full precision, and that not in every operation.
        emulated = self.device == "cuda" and not torch.cuda.is_bf16_supported(False)
        if dtype == "bf16" and emulated:
            raise RuntimeError("this GPU has no bf16: train with --amp fp16")
        self.loss_scaler = torch.amp.GradScaler(
            self.device, init_scale=init_scale, enabled=dtype == "fp16"
        )

    @contextlib.contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Half precision, and gradients that wait for their step are not sent yet."""
        own = unwrapped(model)
        with contextlib.ExitStack() as stack:
            stack.enter_context(super().optim_context(model))
            stack.enter_context(torch.autocast(self.device, self.dtype))
            if hasattr(own, "extract_feat"):  # a plain detector; a LIDnet does so by itself
                stack.enter_context(half_precision_backbone(own))
            yield

    def backward(self, loss: Tensor, **options: Any) -> None:
        """Gradients of the scaled loss.

        Args:
            loss (Tensor): Scalar.
            **options (Any): Of ``Tensor.backward``.
        """
        super().backward(self.loss_scaler.scale(loss), **options)

    def step(self, **options: Any) -> None:
        """Clip the true gradients and update, unless they overflowed.

        Args:
            **options (Any): Of ``Optimizer.step``.
        """
        if self.clip_grad_kwargs:
            self.loss_scaler.unscale_(self.optimizer)
            self._clip_grad()
        self.loss_scaler.step(self.optimizer, **options)
        self.loss_scaler.update()

    def state_dict(self) -> dict:
        """State of the optimizer, and ``loss_scaler`` with that of the scale."""
        return {**super().state_dict(), "loss_scaler": self.loss_scaler.state_dict()}

    def load_state_dict(self, state_dict: dict) -> None:
        """Restore the state.

        Args:
            state_dict (dict): Of this class, or of a training in full precision, whose optimizer
                goes on with a new scale.
        """
        own = dict(state_dict)
        scale = own.pop("loss_scaler", None)
        if scale and self.loss_scaler.is_enabled():
            self.loss_scaler.load_state_dict(scale)
        super().load_state_dict(own)
