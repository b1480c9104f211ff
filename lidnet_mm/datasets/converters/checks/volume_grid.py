"""Tell whether a mask lies on the voxels of its image."""

import itertools

import numpy as np

from lidnet_mm.datasets.converters.source_case import UnusableCaseError
from lidnet_mm.datasets.readers import CTVolume

MAX_SHIFT_VOXELS = 0.05
"""Largest distance of the corners of two equal grids; headers in float32 differ by less."""


def check_same_grid(image: CTVolume, mask: CTVolume, where: str) -> None:
    """Refuse a mask that does not lie on its image's voxels.

    Both are compared in canonical orientation, so that a mask stored in another order of axes
    than its image is fine as long as the voxels are the same.

    Args:
        image: The CT volume.
        mask: Its mask.
        where: Patient, for the message.

    Raises:
        UnusableCaseError: Shape or position in space differ.
    """
    files = f"{where}: image {image.path}, mask {mask.path}"
    shapes = [(volume.num_slices, *volume.slice_shape) for volume in (image, mask)]
    if shapes[0] != shapes[1]:
        raise UnusableCaseError(
            f"image and mask differ in shape (slices, rows, columns): {shapes[0]} and "
            f"{shapes[1]}; resample the mask to the image's voxels (nearest neighbour)",
            files,
        )
    if None in (image.slice_spacing, mask.slice_spacing):
        raise UnusableCaseError(
            "image or mask states no place of its voxels, so they cannot be compared", files
        )
    shift = max(
        float(np.abs(image.voxel_position(*corner) - mask.voxel_position(*corner)).max())
        for corner in itertools.product(*((0, size - 1) for size in shapes[0]))
    )
    if shift > MAX_SHIFT_VOXELS * min(*image.spacing, image.slice_spacing):
        raise UnusableCaseError(
            f"image and mask differ in affine: their voxels lie up to {shift:.3g} mm apart; "
            "correct the header that is wrong, or resample the mask to the image's voxels",
            files,
        )
