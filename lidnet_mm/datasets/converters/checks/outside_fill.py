"""Tell a volume whose outside is filled with a value that is tissue, such as 0, which is water."""

import numpy as np

from lidnet_mm.datasets.converters.checks.hounsfield_disguise import AIR, ENOUGH
from lidnet_mm.datasets.converters.checks.hounsfield_histogram import (
    FEWEST_VOXELS,
    HounsfieldHistogram,
)
from lidnet_mm.datasets.converters.source_case import UnusableCaseError

CORNER = 3
"""Side of the corner that must be of one value, in pixels."""

FILL_SHARE = 5e-3
FILL_PILE = 10.0
"""Share of the voxels of one value above air, and how far it stands out, from which it is taken as
a fill. In real CT it stands out by less than 3."""


def check_fill(hu: np.ndarray, histogram: HounsfieldHistogram, where: str) -> None:
    """Refuse a volume that is filled with a value above air.

    Args:
        hu: (S, H, W) intensities.
        histogram: Theirs.
        where: Patient and file, for the message.

    Raises:
        UnusableCaseError: One value fills the corners of every slice beside air, or much of the
            volume.
    """
    value = _value_of_corners(hu) if histogram.share(*AIR) >= ENOUGH else None
    place = "all corners of every slice"
    if value is None:
        value, share = _value_that_piles_up(histogram)
        place = f"{100 * share:.1f} % of the voxels"
    if value is None:
        return
    raise UnusableCaseError(
        f"{place} are exactly {value:g} HU: what is outside of the scan is filled with {value:g}, "
        "which is no air (-1000 HU); convert again with -1024 as the value outside",
        where,
    )


def _value_of_corners(hu: np.ndarray) -> float | None:
    """The one value above air of all corners of all slices."""
    ends = (slice(None, CORNER), slice(-CORNER, None))
    corners = np.stack([hu[:, rows, columns] for rows in ends for columns in ends])
    value = float(corners.flat[0])
    return value if value > AIR[1] and (corners == value).all() else None


def _value_that_piles_up(histogram: HounsfieldHistogram) -> tuple[float | None, float]:
    """The value above air, not the largest, that stands out of the histogram, and its share."""
    if histogram.voxels < FEWEST_VOXELS:
        return None, 0.0
    shares = histogram.counts / histogram.voxels
    for place in np.flatnonzero((shares >= FILL_SHARE) & (histogram.values > AIR[1]))[::-1]:
        if place < len(shares) - 1 and histogram.pile(int(place)) >= FILL_PILE:
            return float(histogram.values[place]), float(shares[place])
    return None, 0.0
