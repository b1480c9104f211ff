"""HU windows: the linear maps between HU and the [0, 1] of the networks."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class HUWindow:
    """An interval of the Hounsfield scale mapped to [0, 1].

    Args:
        low (float): HU that becomes 0.
        high (float): HU that becomes 1.

    Raises:
        ValueError: If ``high`` is not above ``low``.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.high > self.low:
            raise ValueError(f"HU window ({self.low}, {self.high}): the second must be larger")

    @property
    def width(self) -> float:
        """Width in HU."""
        return self.high - self.low

    def normalize(self, hu: Tensor) -> Tensor:
        """HU to [0, 1], clipped; any shape."""
        return ((hu - self.low) / self.width).clamp(0, 1)

    def denormalize(self, values: Tensor) -> Tensor:
        """[0, 1] to HU, not clipped; any shape."""
        return values * self.width + self.low
