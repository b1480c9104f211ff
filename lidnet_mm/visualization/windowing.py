"""Grey values of CT slices for a display."""

from collections.abc import Sequence

import numpy as np

from lidnet_mm.hu_window import HUWindow


def apply_window(hu: np.ndarray, window: Sequence[float]) -> np.ndarray:
    """Grey values of a CT image in a HU window.

    Args:
        hu (np.ndarray): Image in HU, any shape and real type.
        window (Sequence[float]): Lower and upper limit in HU, shown black and white.

    Returns:
        np.ndarray: uint8 image of the same shape, rounded to the nearest of 256 levels.

    Raises:
        ValueError: If the window is empty, or the image holds NaN, which has no grey value.
    """
    unit = HUWindow.parse(window).normalize(np.asarray(hu, dtype=np.float64))
    if np.isnan(unit).any():
        raise ValueError("cannot draw an image with NaN; were its HU computed from empty data?")
    return np.rint(unit * 255).astype(np.uint8)
