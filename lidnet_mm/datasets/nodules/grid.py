"""Where the voxels of a volume are, in millimetres."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Grid:
    """Voxel centres of a volume in mm; the three axes rise evenly.

    Attributes:
        x: (W,) towards left.
        y: (H,) towards posterior.
        z: (S,) towards superior.
    """

    x: np.ndarray
    y: np.ndarray
    z: np.ndarray

    @classmethod
    def of_volume(cls, shape: tuple[int, int, int], spacing: tuple[float, float, float]) -> "Grid":
        """Place the first voxel at 0.

        Args:
            shape: Slices, rows, columns.
            spacing: Their distances in mm.
        """
        z, y, x = (np.arange(size) * step for size, step in zip(shape, spacing, strict=True))
        return cls(x, y, z)

    @property
    def voxel(self) -> float:
        """Distance of columns in mm."""
        return float(self.x[1] - self.x[0])

    @property
    def row_spacing(self) -> float:
        """Distance of rows in mm."""
        return float(self.y[1] - self.y[0])

    def box(self, low: Sequence[float], high: Sequence[float]) -> tuple[slice, slice, slice]:
        """Index (slices, rows, columns) of the voxels between two corners x, y, z."""
        axes = ((self.z, low[2], high[2]), (self.y, low[1], high[1]), (self.x, low[0], high[0]))
        return tuple(
            slice(int(np.searchsorted(axis, a)), int(np.searchsorted(axis, b, side="right")))
            for axis, a, b in axes
        )
