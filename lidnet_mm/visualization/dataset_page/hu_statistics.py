"""Numbers that describe the HU of a slice and of its lesions."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lidnet_mm.simulation.body import in_body
from lidnet_mm.visualization.dataset_page.shown_slice import Edges, ShownSlice


class HUStatistics(NamedTuple):
    """Statistics of some pixels in HU.

    Attributes:
        low: Lowest.
        median: Median.
        mean: Mean.
        deviation: Standard deviation.
        high: Highest.
    """

    low: float
    median: float
    mean: float
    deviation: float
    high: float


def describe(hu: np.ndarray) -> HUStatistics | None:
    """Describe pixels.

    Args:
        hu: Any shape, HU.

    Returns:
        Their statistics; None of no pixels.
    """
    if not hu.size:
        return None
    exact = np.asarray(hu, np.float64)
    numbers = (exact.min(), np.median(exact), exact.mean(), exact.std(), exact.max())
    return HUStatistics(*map(float, numbers))


def difference_in_body(shown: ShownSlice) -> np.ndarray | None:
    """LDCT minus NDCT over the body.

    Args:
        shown: The slice.

    Returns:
        (n,) HU, empty without body; None without LDCT.
    """
    if "LDCT" not in shown.images:
        return None
    ndct = shown.images["NDCT"]
    return (shown.images["LDCT"] - ndct)[in_body(ndct)]


def inside(hu: np.ndarray, edges: Edges) -> np.ndarray:
    """The pixels that a box touches.

    Args:
        hu: (H, W), HU.
        edges: x1 y1 x2 y2 in pixels.

    Returns:
        Part of the image; empty where the box lies outside.
    """
    x1, y1 = (max(int(np.floor(edge)), 0) for edge in edges[:2])
    x2, y2 = (int(np.ceil(edge)) for edge in edges[2:])
    return hu[y1 : max(y2, 0), x1 : max(x2, 0)]


def difference_limit(slices: Sequence[ShownSlice]) -> int:
    """Half width of a window in which differences of all slices can be seen.

    Args:
        slices: The slices.

    Returns:
        Three standard deviations of LDCT minus NDCT in the body, in whole tens of HU, at
        least 10.
    """
    found = [difference_in_body(shown) for shown in slices]
    deviations = [values.std() for values in found if values is not None and values.size]
    typical = float(np.median(deviations)) if deviations else 0.0
    return max(10, round(3 * typical / 10) * 10)
