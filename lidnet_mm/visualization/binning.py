"""Smaller images as means of pixels."""

import numpy as np


def binned(image: np.ndarray, binning: int) -> np.ndarray:
    """Means of squares of pixels; at the far edges, of what is there.

    Args:
        image (np.ndarray): (H, W).
        binning (int): b, side of a square in pixels.

    Returns:
        np.ndarray: float64 (ceil(H / b), ceil(W / b)).
    """
    if binning == 1:
        return np.asarray(image, dtype=np.float64)
    rows, columns = (np.arange(0, side, binning) for side in np.shape(image))
    total = np.add.reduceat(np.add.reduceat(np.asarray(image, np.float64), rows, 0), columns, 1)
    tall, wide = (
        np.diff(np.append(starts, side))
        for starts, side in zip((rows, columns), np.shape(image), strict=True)
    )
    return total / np.outer(tall, wide)
