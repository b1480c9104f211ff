"""Tell Hounsfield units from other intensities."""

import numpy as np

from lidnet_mm.datasets.converters.source_case import UnusableCaseError

SMALLEST_CONTRAST_HU = 300.0
"""A CT with any air or bone and soft tissue spans more than this."""


def check_finite(image: np.ndarray, where: str) -> None:
    """Refuse a slice with NaN or infinite values.

    Args:
        image: (H, W) intensities.
        where: Patient, file and slice, for the message.

    Raises:
        UnusableCaseError: A value is not finite.
    """
    bad = ~np.isfinite(image)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise UnusableCaseError(
            f"{int(bad.sum())} intensities are NaN or infinite, the first at row {row}, "
            f"column {column}; replace them (air is -1000 HU) or leave the volume out",
            where,
        )


def check_hounsfield(lowest: float, highest: float, where: str) -> None:
    """Refuse a volume whose range of intensities cannot be Hounsfield units.

    Args:
        lowest: Smallest intensity of the volume.
        highest: Largest intensity of the volume.
        where: Patient and file, for the message.

    Raises:
        UnusableCaseError: No air and nothing below water (all ≥ 0), or less contrast than any CT.
    """
    found = f"intensities run from {lowest:g} to {highest:g}, not Hounsfield units"
    if lowest >= 0:
        raise UnusableCaseError(
            f"{found}: all are ≥ 0, there is no air (-1000 HU); {_remedy(highest)}", where
        )
    if highest - lowest < SMALLEST_CONTRAST_HU:
        raise UnusableCaseError(
            f"{found}: air, tissue and bone differ by more than {SMALLEST_CONTRAST_HU:g} HU; "
            "convert again from the original CT without normalisation",
            where,
        )


def _remedy(highest: float) -> str:
    """Guess from its top what was done to a range that begins at 0."""
    if highest <= 1:
        return "they look scaled to 0..1: convert again from the original CT without scaling"
    if highest <= 255:
        return "they look like an 8-bit picture (0..255): convert again from the original CT"
    return (
        "they look stored with an offset: set scl_inter (often -1024) in the NIfTI header, or "
        "apply the DICOM's RescaleSlope and RescaleIntercept"
    )
