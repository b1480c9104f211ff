"""Signed distances of plane shapes, and painting them with soft edges.

A distance is in mm, negative inside. Coordinates are patient millimetres: x towards left,
y towards posterior, z towards superior. Scalars broadcast against arrays.
"""

import numpy as np

Point = tuple[float, float]


def cover(distance: np.ndarray, voxel: float) -> np.ndarray:
    """Fraction (0 to 1) of each voxel that lies inside a shape.

    Args:
        distance: Signed distance of the voxel centres in mm.
        voxel: Voxel size in mm, over which the edge runs from 1 to 0.
    """
    return np.clip(0.5 - distance / voxel, 0.0, 1.0)


def paint(
    hu: np.ndarray, distance: np.ndarray, value: np.ndarray | float, voxel: float
) -> np.ndarray:
    """Replace, in place, what lies inside a shape; edge voxels mix old and new.

    Args:
        hu: (H, W) image in HU, changed.
        distance: (H, W) signed distance in mm.
        value: HU of the shape.
        voxel: Voxel size in mm.

    Returns:
        (H, W) fraction of each voxel that was replaced.
    """
    inside = cover(distance, voxel)
    hu += inside * (value - hu)
    return inside


def ellipse(
    x: np.ndarray, y: np.ndarray, centre: Point, half_axes: Point, angle: float = 0.0
) -> np.ndarray:
    """Distance to an ellipse (first-order exact at its edge).

    Args:
        x: Coordinates in mm.
        y: Coordinates in mm.
        centre: (x, y) in mm.
        half_axes: Half the length along and across ``angle`` in mm.
        angle: Direction of the first half axis in rad, from +x towards +y.
    """
    dx, dy = x - centre[0], y - centre[1]
    along = (np.cos(angle) * dx + np.sin(angle) * dy) / half_axes[0]
    across = (np.cos(angle) * dy - np.sin(angle) * dx) / half_axes[1]
    level = np.sqrt(along**2 + across**2)
    slope = np.sqrt((along / half_axes[0]) ** 2 + (across / half_axes[1]) ** 2)
    centre_depth = np.minimum(half_axes[0], half_axes[1])
    return np.where(slope > 1e-6, level * (level - 1) / np.maximum(slope, 1e-6), -centre_depth)


def circle(x: np.ndarray, y: np.ndarray, centre: Point, radius: float) -> np.ndarray:
    """Distance to a circle."""
    return np.hypot(x - centre[0], y - centre[1]) - radius


def capsule(x: np.ndarray, y: np.ndarray, start: Point, end: Point, radius: float) -> np.ndarray:
    """Distance to a line from ``start`` to ``end`` of the given half thickness."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = max(dx * dx + dy * dy, 1e-9)
    t = np.clip(((x - start[0]) * dx + (y - start[1]) * dy) / length, 0.0, 1.0)
    return np.hypot(x - start[0] - t * dx, y - start[1] - t * dy) - radius


def smooth_union(first: np.ndarray, second: np.ndarray, rounding: float) -> np.ndarray:
    """Distance to two shapes joined, the notch between them filled over ``rounding`` mm."""
    blend = np.maximum(rounding - np.abs(first - second), 0.0) / rounding
    return np.minimum(first, second) - blend * blend * rounding / 4


def smooth_step(low: float, high: float, value: np.ndarray | float) -> np.ndarray | float:
    """Rise smoothly from 0 at ``low`` to 1 at ``high`` (falls where ``low`` > ``high``)."""
    t = np.clip((value - low) / (high - low), 0.0, 1.0)
    return t * t * (3 - 2 * t)


def bump(value: np.ndarray | float, centre: float, width: float) -> np.ndarray:
    """Gaussian of height 1."""
    return np.exp(-(((value - centre) / width) ** 2))
