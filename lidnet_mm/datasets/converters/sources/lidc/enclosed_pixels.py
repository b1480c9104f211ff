"""The pixels of a nodule from its outlines."""

from collections.abc import Sequence

import numpy as np
from scipy import ndimage
from skimage.draw import line

from lidnet_mm.datasets.converters.sources.lidc.lidc_readings import Outline


def nodule_pixels(outlines: Sequence[Outline], shape: tuple[int, int]) -> np.ndarray:
    """Find the pixels inside the outlines of one nodule on one slice.

    The readers of LIDC-IDRI drew an "outer border": an outline's own pixels are outside of the
    nodule (Armato et al., Medical Physics 38 (2011) 915). That holds for the border of a hole too,
    which is taken away with its own pixels, as one of these authors told the users of pylidc
    (https://github.com/notmatthancock/pylidc/pull/16).

    Args:
        outlines: The lines, of the nodule and of its holes.
        shape: Rows and columns of the slice, which hold all points.

    Returns:
        (N,) sorted numbers of the pixels, row · columns + column; empty where nothing is enclosed.
    """
    top, left = np.min([outline.points.min(axis=0) for outline in outlines], axis=0)
    bottom, right = np.max([outline.points.max(axis=0) for outline in outlines], axis=0)
    inside = np.zeros((bottom - top + 1, right - left + 1), bool)
    for outline in outlines:
        if outline.inclusion:
            inside |= _filled(outline, (top, left), inside.shape, with_line=False)
    for outline in outlines:
        if not outline.inclusion:
            inside &= ~_filled(outline, (top, left), inside.shape, with_line=True)
    rows, columns = np.nonzero(inside)
    return (rows + top) * shape[1] + columns + left


def _filled(
    outline: Outline, origin: tuple[int, int], shape: tuple[int, int], *, with_line: bool
) -> np.ndarray:
    """(H, W) bool, what a line encloses, with or without the line's own pixels."""
    points = outline.points - origin
    border = np.zeros(shape, bool)
    for start, end in zip(points, np.roll(points, -1, axis=0), strict=True):
        border[line(*start, *end)] = True
    filled = ndimage.binary_fill_holes(border)
    return filled if with_line else filled & ~border
