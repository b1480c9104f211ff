"""Disks blurred by a Gaussian point spread function, in closed form."""

import numpy as np
from scipy.special import ndtr

HALF = np.sqrt(np.log(2) / 2) / np.pi
"""f50 times the standard deviation of a Gaussian point spread function."""


def blurred_disk(sigma, spacing, low=-1000.0, high=40.0, shape=(200, 200), radius=45.0):
    """Disk (H, W) in HU, off the pixels' grid; lengths in mm.

    Across its rim it is the error function, as long as its radius is large against sigma.
    """
    row, column = (
        (np.arange(n) - n / 2 + off) * s
        for n, s, off in zip(shape, spacing, (0.3, 0.1), strict=True)
    )
    inside = radius - np.hypot(row[:, None], column[None, :])
    return low + (high - low) * ndtr(inside / sigma)
