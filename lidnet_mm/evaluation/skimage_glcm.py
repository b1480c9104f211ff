"""GLCM features from scikit-image's co-occurrence matrix, as PyRadiomics defines them."""

import math

import numpy as np
import skimage
from skimage.feature import graycomatrix

PACKAGE, VERSION = "scikit-image", skimage.__version__

ANGLES = (0, math.pi / 4, math.pi / 2, 3 * math.pi / 4)
"""The four directions of the plane; the matrix is symmetric, so the opposite ones are in it."""


def measure(levels: np.ndarray, inside: np.ndarray) -> tuple[float, float, float]:
    """Correlation, inverse difference and joint energy, each the mean over directions.

    A direction without a pair of neighbours does not count, and one whose pairs are all of one
    level has correlation 1, both as in PyRadiomics.

    Args:
        levels (np.ndarray): Grey levels (h, w), whole numbers.
        inside (np.ndarray): bool (h, w), the pixels of the region, two of them neighbours.

    Returns:
        tuple[float, float, float]: The features.
    """
    present, rank = np.unique(levels[inside], return_inverse=True)
    image = np.zeros(levels.shape, np.uint32)  # 0 is outside, and its row and column are cut off
    image[inside] = rank + 1
    counts = graycomatrix(image, [1], ANGLES, present.size + 1, symmetric=True)[1:, 1:, 0]
    counts = counts[..., counts.any(axis=(0, 1))]
    p = counts / counts.sum(axis=(0, 1))
    i, j = present[:, None, None], present[None, :, None]
    mean = (i * p).sum(axis=(0, 1))
    variance = ((i - mean) ** 2 * p).sum(axis=(0, 1))
    covariance = ((i - mean) * (j - mean) * p).sum(axis=(0, 1))
    correlation = np.divide(covariance, variance, out=np.ones_like(mean), where=variance > 0)
    inverse_difference = (p / (1 + abs(i - j))).sum(axis=(0, 1))
    energy = (p**2).sum(axis=(0, 1))
    return tuple(float(value.mean()) for value in (correlation, inverse_difference, energy))
