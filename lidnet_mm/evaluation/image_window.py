"""The HU window of a numpy image: where images are compared and drawn."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class ImageWindow(NamedTuple):
    """An interval of Hounsfield units that maps to [0, 1].

    Attributes:
        low (float): HU shown as 0.
        high (float): HU shown as 1; larger than ``low``.
    """

    low: float
    high: float

    @classmethod
    def parse(cls, limits: Sequence[float]) -> "ImageWindow":
        """Check two limits from a config or a sample.

        Args:
            limits (Sequence[float]): Lower and upper limit in HU.

        Returns:
            ImageWindow: The window.

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
        """Width of the window in HU."""
        return self.high - self.low

    def clip(self, hu: np.ndarray) -> np.ndarray:
        """Limit an image to the window; stays in HU."""
        return np.clip(hu, self.low, self.high)

    def to_unit(self, hu: np.ndarray) -> np.ndarray:
        """Map HU to [0, 1], clipping what lies outside the window.

        Args:
            hu (np.ndarray): Image in HU, any shape.

        Returns:
            np.ndarray: float64 image of the same shape in [0, 1].
        """
        return (self.clip(np.asarray(hu, dtype=np.float64)) - self.low) / self.width
