"""What Hounsfield units and distances of a CT can be at all."""

from collections.abc import Sequence
from numbers import Real

import numpy as np

LOWEST_HU = -32768.0
HIGHEST_HU = 32767.0
"""HU that 16 bits hold: more than any scanner writes, the extended scale for metal included."""

PIXEL_MM = (0.01, 20.0)
"""Smallest and largest distance of pixels: from micro-CT to a coarse overview."""

SLICE_MM = (0.01, 100.0)
"""Smallest and largest distance of slices."""


def spacing_problem(spacing: object) -> str:
    """Say what is wrong with the distance of rows and of columns.

    Args:
        spacing: (row, column) in mm, of any type: it may come from a file made by hand.

    Returns:
        What is wrong and what it ought to be; nothing where it can be.
    """
    low, high = PIXEL_MM
    if (
        isinstance(spacing, Sequence)
        and not isinstance(spacing, str)
        and len(spacing) == 2
        and all(isinstance(size, Real) and not isinstance(size, bool) for size in spacing)
        and all(low <= size <= high for size in spacing)
    ):
        return ""
    return f"spacing {spacing!r}, not [row_mm, column_mm], each {low:g} to {high:g} mm"


def slice_distance_problem(distance: object) -> str:
    """Say what is wrong with the distance or thickness of slices in mm.

    Args:
        distance: In mm, of any type; None where it is not known.

    Returns:
        What is wrong and what it ought to be; nothing where it can be.
    """
    low, high = SLICE_MM
    number = isinstance(distance, Real) and not isinstance(distance, bool)
    if distance is None or (number and low <= distance <= high):
        return ""
    return f"a distance of slices of {distance!r}, not {low:g} to {high:g} mm"


def outside_hounsfield(image: np.ndarray) -> int:
    """Count the pixels that are NaN, infinite or beyond what CT can hold.

    Args:
        image: HU, any shape.

    Returns:
        How many.
    """
    return int(image.size - np.count_nonzero((image >= LOWEST_HU) & (image <= HIGHEST_HU)))
