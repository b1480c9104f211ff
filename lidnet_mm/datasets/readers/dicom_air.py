"""Whether values are HU where the header leaves it in doubt: air near -1000, tissue near 0."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lidnet_mm.datasets.readers.dicom_error import READ_ERRORS, DicomError
from lidnet_mm.datasets.readers.dicom_pixels import pixel_error, read_stored, to_hu
from lidnet_mm.datasets.readers.dicom_slice import DicomSlice

AIR_HU = (-1100.0, -850.0)
"""Range of air in a CT, noise included."""

TISSUE_HU = (-150.0, 250.0)
"""Range of fat, soft tissue and contrast medium."""

BETWEEN_HU = (-700.0, -250.0)
"""Range in which soft tissue lies where a slope of 2 was lost; of a CT only edges and sick lung."""

BELOW_HU = (-np.inf, -1100.0)
"""Range in which air lies where a slope of 0.5 was lost; of a CT only streaks beside metal."""

SMALLEST_PART = 0.01
"""Part of the scan circle that air and tissue fill at least each, over all slices looked at."""

MOST_SLICES = 16
"""Slices looked at, evenly over the volume."""


def check_air(path: Path, slices: Sequence[DicomSlice]) -> None:
    """Refuse slices whose header does not say that they are HU, unless they look it.

    Only the circle inside of the picture counts: outside of it lies padding, which may have any
    value.

    Args:
        path: Volume, for errors.
        slices: Its slices, towards superior. Those whose header says all are not looked at.

    Raises:
        DicomError: Slices are in doubt, and show no air near -1000, or no tissue near 0.
    """
    doubtful = [each for each in slices if each.scale.doubt]
    if not doubtful:
        return
    picks = np.unique(np.linspace(0, len(doubtful) - 1, MOST_SLICES).round().astype(int))
    counts = np.zeros(4, dtype=int)
    pixels = 0
    for each in (doubtful[pick] for pick in picks):
        inside = _values_inside(path, each)
        pixels += inside.size
        for place, (low, high) in enumerate((AIR_HU, TISSUE_HU, BETWEEN_HU, BELOW_HU)):
            counts[place] += ((inside >= low) & (inside <= high)).sum()
    air, tissue, between, below = counts
    seen = pixels > 0 and min(air, tissue) >= SMALLEST_PART * pixels
    if not seen or below > air or between > 2 * tissue:
        first = doubtful[0]
        raise DicomError(
            f"Cannot read {path}: {first.name} {first.scale.doubt}, and in it and"
            f" {len(doubtful) - 1} more such slices no air is seen near -1000 with tissue near 0,"
            " so their values are not HU; write RescaleSlope and RescaleIntercept (often 1 and"
            " -1024) into the headers, or export the series again",
            "nothing says that its values are HU (such as no RescaleSlope or RescaleIntercept),"
            " and air near -1000 with tissue near 0 is not seen; export the series again",
        )


def _values_inside(path: Path, each: DicomSlice) -> np.ndarray:
    """HU inside of the circle that the picture encloses, without padding."""
    try:
        stored = read_stored(each)
    except READ_ERRORS as error:
        raise pixel_error(f"Cannot read a slice of {path}", each, error) from error
    rows, columns = (np.arange(size) - (size - 1) / 2 for size in stored.shape)
    inside = np.hypot(rows[:, None], columns) < min(stored.shape) / 2 - 1
    if each.stored.padding is not None:
        inside &= (stored < each.stored.padding[0]) | (stored > each.stored.padding[1])
    return to_hu(each, stored)[inside]
