"""What every generator shares: the checks of its input and of the weights it is given."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from mmengine.model import BaseModule
from torch import Tensor


class BaseGenerator(BaseModule):
    """A network from LDCT to denoised CT, both (N, C, H, W) in [0, 1].

    Sub-classes set ``receptive_margin`` and ``receptive_radius`` and implement :meth:`denoise`.

    Weights of another generator are refused however they are loaded: also by MMEngine, which
    otherwise logs what is missing and trains or tests with random weights.

    Args:
        in_channels (int): Number of input and output channels. Defaults to 1.
        init_cfg (dict, optional): MMEngine's initialisation, such as
            ``dict(type='Pretrained', checkpoint=...)``.
    """

    #: Pixels that unpadded convolutions take from each side of the image.
    receptive_margin: int = 0

    #: An output pixel depends on no input pixel farther away than this, in pixels along either
    #: axis; None where it depends on the whole slice. Slices are denoised in tiles by it.
    receptive_radius: int | None = None

    #: Layout of weights and features in which the network runs fastest; results are the same.
    memory_format: torch.memory_format = torch.channels_last

    def __init__(self, in_channels: int = 1, init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg=init_cfg)
        self.in_channels = in_channels

    def forward(self, x: Tensor) -> Tensor:
        """Denoise a batch.

        Args:
            x (Tensor): LDCT, (N, C, H, W), floating point, [0, 1].

        Returns:
            Tensor: Denoised CT, (N, C, H, W).

        Raises:
            ValueError: If the shape, the size, the type or a value of ``x`` does not fit the
                network.
        """
        self._check(x)
        return self.denoise(x)

    @abstractmethod
    def denoise(self, x: Tensor) -> Tensor:
        """The network itself, on a checked input of shape (N, C, H, W)."""

    def _check(self, x: Tensor) -> None:
        """Refuse what would fail later with a message about convolutions, or not at all."""
        name = type(self).__name__
        if x.ndim != 4 or x.shape[1] != self.in_channels:
            raise ValueError(
                f"{name} expects (N, {self.in_channels}, H, W), got {tuple(x.shape)}; "
                "CT slices have one channel"
            )
        if not x.is_floating_point():
            raise ValueError(
                f"{name} expects floating point values in [0, 1], got {x.dtype}; "
                "LIDDataPreprocessor maps HU to that range"
            )
        smallest = 2 * self.receptive_margin + 1
        if min(x.shape[-2:]) < smallest:
            raise ValueError(
                f"{name} needs slices of at least {smallest} x {smallest} pixels, "
                f"got {x.shape[-2]} x {x.shape[-1]}; pad the slice or take a larger crop"
            )
        if x.numel() == 0 or torch.compiler.is_compiling():  # a graph holds no values
            return
        low, high = (limit.item() for limit in x.detach().aminmax())
        if not (low >= 0 and high <= 1):  # NaN is neither
            raise ValueError(
                f"{name} expects values in [0, 1], got {low:g} to {high:g}; LIDDataPreprocessor "
                "maps HU to that range by its window, and HUWindow(low, high).normalize does so "
                "for a single slice"
            )

    def _load_from_state_dict(
        self, state_dict: Mapping[str, Any], prefix: str, *args: Any, **kwargs: Any
    ) -> None:
        """Load weights; PyTorch and MMEngine call it with ``state_dict`` of the whole model.

        A state dict without any weight of a generator, such as that of a plain detector, is left
        to them.

        Raises:
            ValueError: If the weights are not those of this generator.
        """
        given = {key: value for key, value in state_dict.items() if key.startswith(prefix)}
        if given:
            self._check_weights(given, prefix)
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)

    def _check_weights(self, given: Mapping[str, Any], prefix: str) -> None:
        """Refuse weights with other names or shapes, naming the first of each kind."""
        own = self.state_dict(prefix=prefix)
        missing = [key for key in own if key not in given]
        unexpected = [key for key in given if key not in own]
        resized = [
            f"{key} of shape {_shape(given[key])} instead of {_shape(own[key])}"
            for key in own
            if key in given and _shape(given[key]) != _shape(own[key])
        ]
        found = {"missing": missing, "unexpected": unexpected, "mismatched": resized}
        listed = [f"{kind}: {_first(names)}" for kind, names in found.items() if names]
        if listed:
            raise ValueError(
                f"the checkpoint does not hold the weights of this {type(self).__name__}; give "
                f"the config that trained it, or its generator ({'; '.join(listed)})"
            )


def _shape(value: Any) -> tuple[int, ...]:
    """Shape of a tensor; empty for the other state that a module may save."""
    return tuple(getattr(value, "shape", ()))


def _first(names: list[str]) -> str:
    """The first name, and how many follow."""
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
