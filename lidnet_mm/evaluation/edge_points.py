"""Points on the edges of a CT slice, with the direction in which it brightens."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from lidnet_mm.hu_window import HUWindow

HALF_LENGTH_MM = 5.0
"""An edge is looked at this far to both sides."""

PLATEAU_MM = 2.5
"""From this distance on, both sides have to be even."""

SMOOTHING_MM = 1.0
"""Standard deviation of the Gaussian through which edges are looked for."""

LEAST_SLOPE = 15.0
"""Smallest slope of the smoothed slice on an edge in HU/mm; noise of 10 HU makes 2."""

UNEVENNESS = 0.3
"""Largest range of a side's smoothed HU, as a share of the step."""

PROFILE_STEP_MM = 0.25
EMPTY_HU = -950.0
"""A window that begins below cuts the noise of air, not an edge."""


class EdgeKind(NamedTuple):
    """Edges of like contrast.

    Attributes:
        step (tuple[float, float]): Smallest and largest step in HU.
        low (tuple[float, float]): Limits of the darker side in HU.
        high (tuple[float, float]): Limits of the brighter side in HU.
    """

    step: tuple[float, float]
    low: tuple[float, float]
    high: tuple[float, float]


EDGE_KINDS = {
    "soft": EdgeKind((60.0, 300.0), (-200.0, 150.0), (-150.0, 200.0)),
    "air": EdgeKind((500.0, 1500.0), (-1100.0, -600.0), (-150.0, 500.0)),
}
"""``soft``: fat against muscle or organ, and lesions in them; ``air``: air or lung against body."""


@dataclass(frozen=True)
class EdgePoints:
    """Points of edges, about one a pixel.

    Attributes:
        place (np.ndarray): (E, 2) row and column in mm from the centre of the first pixel.
        normal (np.ndarray): (E, 2) unit vectors towards the brighter side.
        low (np.ndarray): (E,) HU of the darker side.
        high (np.ndarray): (E,) HU of the brighter side.
    """

    place: np.ndarray
    normal: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def __len__(self) -> int:
        return len(self.place)

    def chosen(self, which: np.ndarray) -> "EdgePoints":
        """Some of the points, by a mask (E,) or numbers."""
        return EdgePoints(self.place[which], self.normal[which], self.low[which], self.high[which])

    def of_kind(self, kind: EdgeKind, window: HUWindow | None = None) -> "EdgePoints":
        """The points of one kind whose sides the window does not cut off.

        Args:
            kind (EdgeKind): The kind.
            window (HUWindow | None): Window to which images are clipped. Defaults to None.

        Returns:
            EdgePoints: Some of the points.
        """
        step = self.high - self.low
        which = (step >= kind.step[0]) & (step <= kind.step[1])
        which &= (self.low >= kind.low[0]) & (self.low <= kind.low[1])
        which &= (self.high >= kind.high[0]) & (self.high <= kind.high[1])
        if window is not None:
            margin = UNEVENNESS * step
            which &= self.high + margin < window.high
            if window.low > EMPTY_HU:
                which &= self.low - margin > window.low
        return self.chosen(which)


def find_edges(reference: np.ndarray, spacing: Sequence[float]) -> EdgePoints:
    """Find clear edges: a rise between two even sides.

    A candidate is a pixel where the smoothed slice is steeper than before and behind it. Along its
    normal, both sides have to be even from 2.5 to 5 mm away; where the slice passes the mean of the
    two sides, near the candidate, is the point.

    Args:
        reference (np.ndarray): NDCT, (H, W) in HU.
        spacing (Sequence[float]): Distance of rows and of columns in mm.

    Returns:
        EdgePoints: The points, none within 5 mm of the image's border.
    """
    spacing = np.asarray(spacing, dtype=np.float64)
    if (np.array(reference.shape) * spacing < 2 * HALF_LENGTH_MM).any():
        return EdgePoints(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0), np.zeros(0))
    smooth = ndimage.gaussian_filter(
        reference.astype(np.float64), SMOOTHING_MM / spacing, mode="nearest"
    )
    place, normal = _steepest(smooth, spacing)
    distance = np.arange(-HALF_LENGTH_MM, HALF_LENGTH_MM + 1e-9, PROFILE_STEP_MM)
    profiles = _along(smooth, spacing, place, normal, distance)
    low, high, even = _sides(profiles, distance)
    offset = _crossing(profiles - (low + high)[:, None] / 2, distance)
    found = EdgePoints(place + offset[:, None] * normal, normal, low, high)
    return found.chosen(even & (np.abs(offset) <= 1.5 * spacing.max()))


def _steepest(smooth: np.ndarray, spacing: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places (E, 2) in mm and normals (E, 2) of the pixels on ridges of the slope."""
    gradient = np.stack(np.gradient(smooth, *spacing))
    slope = np.hypot(*gradient)
    margin = np.ceil(HALF_LENGTH_MM / spacing).astype(int) + 2
    inner = tuple(slice(m, max(m, n - m)) for m, n in zip(margin, smooth.shape, strict=True))
    steep = np.zeros(smooth.shape, dtype=bool)
    steep[inner] = slope[inner] > LEAST_SLOPE
    pixel = np.argwhere(steep)
    place = pixel * spacing
    normal = (gradient[:, steep] / slope[steep]).T
    beside = _along(slope, spacing, place, normal, spacing.min() * np.array([-1.0, 1.0]), order=1)
    ridge = slope[steep] >= beside.max(axis=1)
    return place[ridge], normal[ridge]


def _along(
    image: np.ndarray,
    spacing: np.ndarray,
    place: np.ndarray,
    normal: np.ndarray,
    distance: np.ndarray,
    order: int = 3,
) -> np.ndarray:
    """Values (E, P) of an image at some distances in mm along the normals."""
    points = place[:, None] + normal[:, None] * distance[:, None]
    pixels = np.moveaxis(points / spacing, 2, 0)
    return ndimage.map_coordinates(image, pixels, order=order, mode="nearest")


def _sides(profiles: np.ndarray, distance: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """HU of the darker and the brighter side, and whether both are even; (E,) each."""
    dark = profiles[:, distance <= -PLATEAU_MM]
    bright = profiles[:, distance >= PLATEAU_MM]
    low, high = dark.mean(axis=1), bright.mean(axis=1)
    unevenness = np.maximum(np.ptp(dark, axis=1), np.ptp(bright, axis=1))
    return low, high, unevenness <= UNEVENNESS * (high - low)


def _crossing(profiles: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """Where profiles first pass through 0, (E,) in mm; those with even sides do so."""
    above = profiles > 0
    first = (above[:, 1:] != above[:, :-1]).argmax(axis=1)
    each = np.arange(len(profiles))
    before, after = profiles[each, first], profiles[each, first + 1]
    rise = np.where(after == before, 1.0, after - before)
    return distance[first] - before / rise * PROFILE_STEP_MM
