"""Tell a lesion mask from other volumes."""

import numpy as np

from lidnet_mm.datasets.converters.source_case import UnusableCaseError

LARGEST_FRACTION = 0.5
"""Lesions fill less of a scan than this; an inverted mask or a mask of the body fills more."""

TOLERANCE = 1e-3
"""Largest distance of a label from a whole number; a header's scale factor rounds by less."""


def check_labels(mask: np.ndarray, where: str) -> None:
    """Refuse a slice whose values are no labels.

    A CT in HU given as mask is refused here too, for its air is below 0.

    Args:
        mask: (H, W) finite values.
        where: Patient, file and slice, for the message.

    Raises:
        UnusableCaseError: A value is negative or not a whole number.
    """
    lowest = float(mask.min())
    if lowest < 0:
        raise UnusableCaseError(
            f"values down to {lowest:g}, so this is no mask (0 without lesion, 1 and above in "
            "it); --mask may name an image: give the mask's file",
            where,
        )
    between = np.abs(mask - np.rint(mask)) > TOLERANCE
    if between.any():
        row, column = np.argwhere(between)[0]
        raise UnusableCaseError(
            f"{int(between.sum())} values are not whole numbers, the first "
            f"{mask[row, column]:g} at row {row}, column {column}; set a threshold where they are "
            "probabilities, or resample the mask with nearest neighbours instead of linearly",
            where,
        )


def check_fraction(marked: int, voxels: int, where: str) -> None:
    """Refuse a mask that marks more of a scan than lesions can fill.

    Args:
        marked: Voxels above 0.
        voxels: All voxels of the volume.
        where: Patient and file, for the message.

    Raises:
        UnusableCaseError: More than half of the voxels are marked.
    """
    if marked > LARGEST_FRACTION * voxels:
        raise UnusableCaseError(
            f"{100 * marked / voxels:.0f} % of the voxels are above 0, too many for "
            "lesions; it may be inverted, a mask of the body or an image: give lesions as 1 and "
            "above, the rest as 0",
            where,
        )
