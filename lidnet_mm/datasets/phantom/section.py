"""The plane in which one axial section of the phantom is painted."""

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Section:
    """Coordinates of one section's voxel centres in mm.

    Attributes:
        x: (1, W) towards the patient's left.
        y: (H, 1) towards posterior.
        z: Height.
        radius: (H, W) distance from the thorax's axis.
        alpha: (H, W) angle from the posterior midline, 0 to pi.
        side: (1, W) +1 left of the midline, -1 right of it.
        voxel: Size of a voxel.
    """

    x: np.ndarray
    y: np.ndarray
    z: float
    radius: np.ndarray
    alpha: np.ndarray
    side: np.ndarray
    voxel: float

    @classmethod
    def make(cls, size: int, voxel: float, z: float = 0.0) -> "Section":
        """Centre a square section of ``size`` voxels on the thorax's axis."""
        axis = ((np.arange(size) - (size - 1) / 2) * voxel).astype(np.float32)
        x, y = axis[None, :], axis[:, None]
        radius, alpha, side = polar(x, y)
        return cls(x, y, z, radius, alpha, side, voxel)

    def at(self, z: float) -> "Section":
        """The same section at another height."""
        return replace(self, z=z)

    def window(
        self, low: tuple[float, float], high: tuple[float, float]
    ) -> tuple[tuple[slice, slice], "Section"]:
        """Cut out a rectangle, in which a small shape is painted at less cost.

        Args:
            low: Corner x, y in mm.
            high: Opposite corner.

        Returns:
            Index (rows, columns) into an image of this section, and the section there.
        """
        rows = slice(*np.searchsorted(self.y[:, 0], (low[1], high[1])))
        columns = slice(*np.searchsorted(self.x[0], (low[0], high[0])))
        part = Section(
            self.x[:, columns],
            self.y[rows],
            self.z,
            self.radius[rows, columns],
            self.alpha[rows, columns],
            self.side[:, columns],
            self.voxel,
        )
        return (rows, columns), part


def polar(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Radius, angle from the posterior midline and side of points in mm."""
    return np.hypot(x, y), np.arctan2(np.abs(x), y), np.where(x < 0, -1, 1).astype(np.float32)
