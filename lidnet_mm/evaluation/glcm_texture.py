"""GLCM texture of a lesion box, by PyRadiomics."""

import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import SimpleITK

from lidnet_mm.missing_package import needed_by

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


PYRADIOMICS_NAMES = GLCMTexture("Correlation", "Id", "JointEnergy")


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


def is_flat(roi: np.ndarray, bin_width: float) -> bool:
    """Whether all pixels of a region fall into one bin, so that it has no texture to measure.

    Args:
        roi (np.ndarray): Region in HU.
        bin_width (float): Width of a bin in HU; edges are multiples of it, as in PyRadiomics.
    """
    return np.unique(np.floor(np.round(roi, HU_RESOLUTION) / bin_width)).size == 1


def glcm_texture(roi: np.ndarray, bin_width: float) -> GLCMTexture:
    """Texture of one rectangular region.

    Symmetric co-occurrence of neighbours at distance 1 in the four directions of the plane
    (``force2D``); each feature is the mean over directions.

    Args:
        roi (np.ndarray): Region (h, w) in HU, both sides at least 2.
        bin_width (float): Width of a grey level in HU.

    Returns:
        GLCMTexture: The features.

    Raises:
        ArithmeticError: If PyRadiomics could not compute a feature.
        MissingPackageError: If it is not installed.
    """
    with needed_by("the texture of lesions"):
        from radiomics.glcm import RadiomicsGLCM

    image = np.round(roi, HU_RESOLUTION)[None]
    with _quiet_pyradiomics():
        glcm = RadiomicsGLCM(
            SimpleITK.GetImageFromArray(image),
            SimpleITK.GetImageFromArray(np.ones(image.shape, np.uint8)),
            binWidth=bin_width,
            force2D=True,
            force2Ddimension=0,
        )
        for name in PYRADIOMICS_NAMES:
            glcm.enableFeatureByName(name)
        values = glcm.execute()
    texture = GLCMTexture(*(float(values[name]) for name in PYRADIOMICS_NAMES))
    if not all(map(math.isfinite, texture)):
        raise ArithmeticError(f"PyRadiomics gave {texture} for a region of {roi.shape} pixels")
    return texture


@contextmanager
def _quiet_pyradiomics() -> Iterator[None]:
    """Keep PyRadiomics' notes on settings out of the training log; errors still pass."""
    logger = logging.getLogger("radiomics")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
