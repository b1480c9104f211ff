"""Tubes in space: great vessels, airways and the branches of the lungs' vessels."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from lidnet_mm.datasets.nodules.grid import Grid

Point3 = tuple[float, float, float]


@dataclass(frozen=True)
class Tube:
    """A straight piece of a tube with round ends.

    Attributes:
        start: x, y, z in mm.
        end: x, y, z in mm.
        radii: Radius in mm at start and end.
        hu: What fills it.
    """

    start: Point3
    end: Point3
    radii: tuple[float, float]
    hu: float


def polyline(points: Sequence[Point3], first: float, last: float, hu: float) -> list[Tube]:
    """Chain tubes through points, their radius going evenly from ``first`` to ``last`` mm."""
    radii = np.linspace(first, last, len(points))
    return [
        Tube(points[i], points[i + 1], (float(radii[i]), float(radii[i + 1])), hu)
        for i in range(len(points) - 1)
    ]


def paint_tubes(hu: np.ndarray, grid: Grid, tubes: Iterable[Tube]) -> None:
    """Paint tubes into a volume (S, H, W) in HU, in place."""
    for tube in tubes:
        _paint_tube(hu, grid, tube)


def _paint_tube(hu: np.ndarray, grid: Grid, tube: Tube) -> None:
    """Paint one tube into its bounding box."""
    margin = max(tube.radii) + grid.voxel
    low, high = sorted((tube.start[2], tube.end[2]))
    if high + margin < grid.z[0] or low - margin > grid.z[-1]:
        return
    start, end = np.asarray(tube.start), np.asarray(tube.end)
    box = grid.box(np.minimum(start, end) - margin, np.maximum(start, end) + margin)
    if any(part.start >= part.stop for part in box):
        return
    z, y, x = grid.z[box[0], None, None], grid.y[None, box[1], None], grid.x[None, None, box[2]]
    axis = end - start
    dx, dy, dz = x - start[0], y - start[1], z - start[2]
    t = np.clip((dx * axis[0] + dy * axis[1] + dz * axis[2]) / max(axis @ axis, 1e-9), 0, 1)
    squared = (dx - t * axis[0]) ** 2 + (dy - t * axis[1]) ** 2 + (dz - t * axis[2]) ** 2
    distance = np.sqrt(squared) - (tube.radii[0] + t * (tube.radii[1] - tube.radii[0]))
    inside = np.clip(0.5 - distance / grid.voxel, 0, 1)
    hu[box] += inside * (tube.hu - hu[box])
