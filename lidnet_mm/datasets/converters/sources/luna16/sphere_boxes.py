"""Boxes of a sphere in the patient on the slices of a volume that cut it."""

import math

import numpy as np

from lidnet_mm.datasets.converters.lesion_boxes import LesionBox
from lidnet_mm.datasets.readers import CTVolume


def continuous_index(volume: CTVolume, point: np.ndarray) -> np.ndarray:
    """Where a point of the patient lies between the voxels of a volume.

    Args:
        volume: The volume, whatever the directions of its axes.
        point: (3,) mm in LPS+ (DICOM's convention).

    Returns:
        (3,) float64: slice towards superior, row towards posterior and column towards left;
        whole numbers are the centres of voxels.
    """
    origin = volume.voxel_position(0, 0, 0)
    steps = [volume.voxel_position(*step) - origin for step in np.eye(3, dtype=int)]
    return np.linalg.solve(np.stack(steps, axis=1), np.asarray(point, np.float64) - origin)


def sphere_boxes(volume: CTVolume, centre: np.ndarray, diameter_mm: float) -> dict[int, LesionBox]:
    """Cut a sphere by the planes through the centres of the voxels of each slice.

    A slice at the distance dz of the centre cuts a circle of radius sqrt(r² - dz²). Its box has
    sub-pixel edges and is not clipped to the image.

    Args:
        volume: The volume.
        centre: (3,) mm in LPS+.
        diameter_mm: Diameter of the sphere in mm.

    Returns:
        Slice → box, with the attribute ``diameter_mm``. Empty where the sphere lies between two
        slices, or below or above the volume.
    """
    height, row, column = continuous_index(volume, centre)
    radius = diameter_mm / 2
    reach = radius / volume.slice_spacing
    first = max(math.floor(height - reach) + 1, 0)
    last = min(math.ceil(height + reach) - 1, volume.num_slices - 1)
    boxes = {}
    for index in range(first, last + 1):
        distance = (index - height) * volume.slice_spacing
        circle = math.sqrt(radius**2 - distance**2)
        boxes[index] = _circle_box(volume.spacing, row, column, circle, diameter_mm)
    return boxes


def _circle_box(
    spacing: tuple[float, float], row: float, column: float, radius: float, diameter_mm: float
) -> LesionBox:
    """Box of a circle in mm around a point between voxel centres; pixel 3 reaches from 3 to 4."""
    rows, columns = radius / spacing[0], radius / spacing[1]
    return LesionBox(
        x=column + 0.5 - columns,
        y=row + 0.5 - rows,
        width=2 * columns,
        height=2 * rows,
        area=math.pi * rows * columns,
        attributes={"diameter_mm": diameter_mm},
    )
