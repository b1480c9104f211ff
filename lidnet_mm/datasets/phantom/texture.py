"""Correlated noise for tissue and for the scanner."""

import numpy as np
from scipy import ndimage


def smooth_noise(
    shape: tuple[int, ...], sigma: float | tuple[float, ...], rng: np.random.Generator
) -> np.ndarray:
    """Gaussian noise of mean 0 and standard deviation 1, correlated over ``sigma`` voxels.

    Args:
        shape: Of the result.
        sigma: Of the Gaussian filter in voxels, one for all axes or one an axis.
        rng: For the noise.

    Returns:
        float32.
    """
    noise = ndimage.gaussian_filter(
        rng.standard_normal(shape, dtype=np.float32), sigma, mode="wrap"
    )
    return (noise - noise.mean()) / noise.std()


def scanner_noise(shape: tuple[int, int, int], rng: np.random.Generator) -> np.ndarray:
    """Noise of a reconstruction kernel: independent slices, little power at low frequencies.

    Args:
        shape: Slices, rows, columns.
        rng: For the noise.

    Returns:
        float32 of mean 0 and standard deviation 1.
    """
    white = rng.standard_normal(shape, dtype=np.float32)
    fine = ndimage.gaussian_filter(white, (0, 0.55, 0.55), mode="wrap")
    noise = fine - 0.8 * ndimage.gaussian_filter(white, (0, 2.2, 2.2), mode="wrap")
    return noise / noise.std()
