"""GLCM texture of a lesion box, by PyRadiomics or in its place scikit-image."""

import math
from typing import NamedTuple

import numpy as np

from lidnet_mm.evaluation.texture_source import texture_source

HU_RESOLUTION = 2
"""Decimals of HU kept before binning.

CT numbers are whole HU, so bin edges (multiples of the bin width) are values that do occur; the
float32 rounding of HU → [0, 1] → HU would push about one pixel in a bin width across its edge and
make an image differ from itself.
"""


class GLCMTexture(NamedTuple):
    """The three features of section 4.1, in the paper's words.

    Attributes:
        correlation (float): PyRadiomics ``Correlation``, in [-1, 1].
        homogeneity (float): PyRadiomics ``Id`` (inverse difference), Σ p(i, j) / (1 + |i − j|).
        energy (float): PyRadiomics ``JointEnergy``, Σ p(i, j)².
    """

    correlation: float
    homogeneity: float
    energy: float

    def absolute_difference(self, other: "GLCMTexture") -> "GLCMTexture":
        """Absolute difference feature by feature."""
        return GLCMTexture(*(abs(a - b) for a, b in zip(self, other, strict=True)))


def box_slices(box: np.ndarray, shape: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns of the pixels whose centre lies in a box.

    Pixel (row, column) covers [column, column + 1) × [row, row + 1) of box coordinates, so a box of
    whole numbers takes exactly x2 − x1 columns. What lies outside the image is cut off.

    Args:
        box (np.ndarray): (4,), x1 y1 x2 y2 in pixels.
        shape (tuple[int, int]): Height and width of the image.

    Returns:
        tuple[slice, slice]: Rows and columns, possibly empty.
    """
    height, width = shape
    x1, y1, x2, y2 = (math.ceil(edge - 0.5) for edge in box)
    left, right = np.clip([x1, x2], 0, width)
    top, bottom = np.clip([y1, y2], 0, height)
    return slice(int(top), int(bottom)), slice(int(left), int(right))


def grey_levels(roi: np.ndarray, bin_width: float) -> np.ndarray:
    """Grey level of each pixel: bins of a fixed width whose edges are multiples of it.

    Args:
        roi (np.ndarray): Region (h, w) in HU.
        bin_width (float): Width of a bin in HU.

    Returns:
        np.ndarray: float64 (h, w), whole numbers, the lowest 1, as PyRadiomics counts.
    """
    levels = np.floor(np.round(roi, HU_RESOLUTION) / bin_width).astype(np.float64)
    return levels - levels.min() + 1


def is_flat(roi: np.ndarray, bin_width: float) -> bool:
    """Whether all pixels of a region fall into one bin, so that it has no texture to measure.

    Args:
        roi (np.ndarray): Region (h, w) in HU.
        bin_width (float): Width of a bin in HU; see :func:`grey_levels`.
    """
    return grey_levels(roi, bin_width).max() == 1


def glcm_texture(roi: np.ndarray, bin_width: float, mask: np.ndarray | None = None) -> GLCMTexture:
    """Texture of one region, by :func:`texture_source`.

    Symmetric co-occurrence of neighbours at distance 1 in the four directions of the plane; each
    feature is the mean over directions (aggregation BTW3 of the Image Biomarker Standardisation
    Initiative, arXiv 1612.07003). A direction whose pairs are all of one level has correlation 1.

    Args:
        roi (np.ndarray): Region (h, w) in HU.
        bin_width (float): Width of a grey level in HU.
        mask (np.ndarray, optional): bool (h, w), the pixels that count. Defaults to all.

    Returns:
        GLCMTexture: The features.

    Raises:
        ArithmeticError: If no two pixels are neighbours, or a feature is not finite.
    """
    inside = np.ones(roi.shape, bool) if mask is None else np.asarray(mask, bool)
    if not _has_neighbours(inside):
        raise ArithmeticError(
            f"no two of the {inside.sum()} pixels are neighbours: such a region has no texture"
        )
    levels = grey_levels(np.where(inside, roi, roi[inside].min()), bin_width)
    texture = GLCMTexture(*texture_source().measure(levels, inside))
    if not all(map(math.isfinite, texture)):
        raise ArithmeticError(
            f"{texture_source()} gave {texture} for a region of {inside.sum()} pixels"
        )
    return texture


def _has_neighbours(inside: np.ndarray) -> bool:
    """Whether a co-occurrence matrix of these pixels would hold a pair."""
    return bool(
        (inside[:, 1:] & inside[:, :-1]).any()
        or (inside[1:] & inside[:-1]).any()
        or (inside[1:, 1:] & inside[:-1, :-1]).any()
        or (inside[1:, :-1] & inside[:-1, 1:]).any()
    )
