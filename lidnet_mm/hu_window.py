"""HU windows: the linear maps between Hounsfield units and [0, 1]."""

import math
from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import numpy as np
from torch import Tensor

Image = TypeVar("Image", np.ndarray, Tensor)


class HUWindow(NamedTuple):
    """An interval of the Hounsfield scale that maps to [0, 1].

    Works on numpy arrays and on tensors of any shape; whole numbers become float64 and float32.

    Attributes:
        low (float): HU that becomes 0.
        high (float): HU that becomes 1; larger than ``low``.
    """

    low: float
    high: float

    @classmethod
    def parse(cls, limits: Sequence[float]) -> "HUWindow":
        """Check two limits from a config or a sample.

        Args:
            limits (Sequence[float]): Lower and upper limit in HU.

        Returns:
            HUWindow: The window.

        Raises:
            ValueError: If there are not two finite, increasing limits.
        """
        values = [float(limit) for limit in limits]
        if len(values) != 2 or not all(map(math.isfinite, values)) or values[0] >= values[1]:
            raise ValueError(
                f"a HU window needs two finite, increasing limits such as (-160, 240), got {limits}"
            )
        return cls(*values)

    @property
    def width(self) -> float:
        """Width in HU."""
        return self.high - self.low

    def clip(self, hu: Image) -> Image:
        """Limit an image to the window; stays in HU."""
        return hu.clip(self.low, self.high)

    def normalize(self, hu: Image) -> Image:
        """HU to [0, 1], clipped."""
        return (self.clip(hu) - self.low) / self.width

    def denormalize(self, values: Image) -> Image:
        """[0, 1] to HU, not clipped."""
        return values * self.width + self.low
