"""Type and place of a volume that is written in display order."""

import numpy as np

from lidnet_mm.datasets.readers import CTVolume
from lidnet_mm.datasets.writers.volume_writer import WriteError

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def display_affine(volume: CTVolume) -> np.ndarray:
    """(4, 4), (column, row, slice) in display order to mm in LPS+.

    A volume that does not tell where it lies gets steps of 1 mm from 0.

    Raises:
        WriteError: The slices are not evenly spaced, which no such matrix can say.
    """
    if not volume.uniform:
        raise WriteError(
            f"{volume.path}: its slices are not evenly spaced, and a file of one volume knows one"
            " distance alone: choose the format dicom, or give the series with all its slices"
        )
    affine = np.eye(4)
    if volume.affine is None:
        return affine
    origin = volume.voxel_position(0, 0, 0)
    affine[:3, 0] = volume.voxel_position(0, 0, 1) - origin
    affine[:3, 1] = volume.voxel_position(0, 1, 0) - origin
    last = volume.num_slices - 1
    if last:
        affine[:3, 2] = (volume.voxel_position(last, 0, 0) - origin) / last
    else:
        across = np.cross(affine[:3, 0], affine[:3, 1])
        affine[:3, 2] = across / np.linalg.norm(across) * (volume.slice_spacing or 1.0)
    affine[:3, 3] = origin
    return affine


def display_shape(volume: CTVolume) -> tuple[int, int, int]:
    """Voxels along columns, rows and slices."""
    height, width = volume.slice_shape
    return width, height, volume.num_slices
