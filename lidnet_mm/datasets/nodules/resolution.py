"""Estimate how sharp a slice is from its own edges between air and tissue.

Across a straight edge a slice shows its edge spread function, which for a Gaussian point spread
function of standard deviation s is the error function ``low + (high - low) Phi(x / s)``. Skin and
pleura are such edges where they run along the slice's normal; where they lean, a thick slice
smears them further, so that the sharpest edges of a slice, and not the mean one, tell its
resolution.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.special import ndtr

SIGMA_MM = (0.15, 1.5)
"""Range that is told apart."""

TYPICAL_SIGMA_MM = 0.6
"""Of a medium kernel (10 % of the modulation at 0.6 line pairs per mm), where no edge tells."""

HALF_LENGTH_MM = 4.0
"""Profiles reach this far to both sides of the edge."""

LEVEL_HU = -500.0
SMALLEST_STEP_HU = 600.0
LEAST_PROFILES = 40
SHARPEST = 25.0
"""Percentile of the profiles' widths that counts as the slice's own."""

WORST_FIT = 0.05
"""Largest root mean square of what a fit leaves, as a share of the step."""


@dataclass(frozen=True)
class Resolution:
    """In-plane resolution of a slice.

    Attributes:
        sigma_mm: Standard deviation of the point spread function in mm.
        source: ``'edges'`` of the slice, or ``'typical'`` where it has too few.
        profiles: Number of edge profiles that were used.
    """

    sigma_mm: float
    source: str
    profiles: int


def estimate_resolution(image: np.ndarray, spacing: tuple[float, float]) -> Resolution:
    """Measure the point spread function's width on the edges between air and tissue.

    Args:
        image: (H, W) in HU.
        spacing: Distance of rows and of columns in mm.

    Returns:
        The width: the sharpest ``SHARPEST`` % of all edges have less. Of a slice with fewer than
        ``LEAST_PROFILES`` clear edges, that of a medium kernel.
    """
    distance, profiles = _edge_profiles(image, spacing)
    widths, errors = _fit(distance, profiles)
    good = widths[errors < WORST_FIT]
    if len(good) < LEAST_PROFILES:
        return Resolution(TYPICAL_SIGMA_MM, "typical", len(good))
    return Resolution(float(np.percentile(good, SHARPEST)), "edges", len(good))


def _edge_profiles(
    image: np.ndarray, spacing: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """HU along the normals of air's edges: (P,) distance from the edge in mm, (N, P) profiles."""
    step = min(spacing) / 2
    distance = np.arange(-HALF_LENGTH_MM, HALF_LENGTH_MM + step / 2, step)
    clipped = np.clip(np.asarray(image, dtype=np.float32), -1024, 200)
    smooth = ndimage.gaussian_filter(clipped, [1.0 / s for s in spacing])
    down, right = np.gradient(smooth, *spacing)
    slope = np.hypot(down, right)
    above = smooth > LEVEL_HU
    rows, columns = np.nonzero(above & ~ndimage.binary_erosion(above) & (slope > 60))
    margin = int(np.ceil(2 * HALF_LENGTH_MM / min(spacing)))
    inside = (rows >= margin) & (rows < image.shape[0] - margin)
    inside &= (columns >= margin) & (columns < image.shape[1] - margin)
    rows, columns = rows[inside], columns[inside]
    normal = np.stack([down[rows, columns], right[rows, columns]]) / slope[rows, columns]
    places = [
        place[:, None] + normal[axis][:, None] * distance / spacing[axis]
        for axis, place in enumerate((rows, columns))
    ]
    profiles = ndimage.map_coordinates(clipped, places, order=3, mode="nearest")
    return distance, profiles


def _fit(distance: np.ndarray, profiles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Width in mm and relative error of the best error function of every profile."""
    best = np.full(len(profiles), np.inf)
    width, step = np.zeros(len(profiles)), np.zeros(len(profiles))
    centred = profiles - profiles.mean(axis=1, keepdims=True)
    power = (centred**2).sum(axis=1)
    for sigma in np.geomspace(*SIGMA_MM, 50):
        for offset in np.arange(-1.5, 1.51, 0.1):
            template = ndtr((distance - offset) / sigma)
            template -= template.mean()
            norm = template @ template
            height = centred @ template / norm
            error = power - height**2 * norm
            better = error < best
            best[better], width[better], step[better] = error[better], sigma, height[better]
    relative = np.sqrt(np.maximum(best, 0) / len(distance)) / np.maximum(np.abs(step), 1e-9)
    relative[step < SMALLEST_STEP_HU] = np.inf
    return width, relative
