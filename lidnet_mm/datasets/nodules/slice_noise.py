"""Noise with the strength and grain of a slice's own, measured in its soft tissue.

The noise of a reconstruction is correlated: its power spectrum is the ramp filter's times the
kernel's. Tissue that is put into a slice has to carry the same, or it is told by its grain alone.
"""

import numpy as np
from scipy import ndimage
from scipy.signal import fftconvolve

PATCH = 24
"""Side of the patches in pixels; grain coarser than this is taken for anatomy."""

SOFT_TISSUE_HU = (-20.0, 120.0)
QUIETEST = 0.5
"""Share of the patches that is used: those with edges vary more than by noise."""

LEAST_PATCHES = 12


def noise_kernel(image: np.ndarray, spacing: tuple[float, float]) -> np.ndarray | None:
    """Measure the noise of a slice.

    Args:
        image: (H, W) in HU.
        spacing: Distance of rows and of columns in mm.

    Returns:
        (``PATCH``, ``PATCH``) kernel that turns white noise of standard deviation 1 into noise of
        the slice's power spectrum in HU; None where the slice shows too little soft tissue.
    """
    image = np.asarray(image, dtype=np.float32)
    smooth = ndimage.gaussian_filter(np.clip(image, -1000, 500), [1.5 / s for s in spacing])
    tissue = (smooth > SOFT_TISSUE_HU[0]) & (smooth < SOFT_TISSUE_HU[1])
    patches = _patches(image, tissue)
    if len(patches) < LEAST_PATCHES:
        return None
    rest = _without_plane(patches)
    spread = rest.std(axis=(1, 2))
    quiet = rest[spread <= np.quantile(spread, QUIETEST)]
    window = np.outer(np.hanning(PATCH), np.hanning(PATCH))
    spectrum = np.abs(np.fft.fft2(quiet * window)) ** 2
    power = spectrum.mean(axis=0) / (window**2).sum()
    power[0, 0] = (power[0, 1] + power[1, 0]) / 2  # the planes took it off
    return np.fft.fftshift(np.fft.ifft2(np.sqrt(power)).real)


def draw_noise(kernel: np.ndarray, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Draw noise of mean 0.

    Args:
        kernel: As of :func:`noise_kernel`.
        shape: Rows and columns.
        rng: For the noise.

    Returns:
        (H, W) float32 in HU.
    """
    size = [side + len(kernel) - 1 for side in shape]
    return fftconvolve(rng.standard_normal(size), kernel, mode="valid").astype(np.float32)


def _patches(image: np.ndarray, tissue: np.ndarray) -> np.ndarray:
    """All patches, half a side apart, that are tissue throughout: (N, PATCH, PATCH)."""
    views = (
        np.lib.stride_tricks.sliding_window_view(part, (PATCH, PATCH))[:: PATCH // 2, :: PATCH // 2]
        for part in (image, tissue)
    )
    values, inside = views
    return values[inside.all(axis=(2, 3))].astype(np.float64)


def _without_plane(patches: np.ndarray) -> np.ndarray:
    """Take mean and slope off every patch."""
    place = np.arange(PATCH) - (PATCH - 1) / 2
    norm = PATCH * (place**2).sum()
    rest = patches - patches.mean(axis=(1, 2), keepdims=True)
    down = (rest * place[:, None]).sum(axis=(1, 2)) / norm
    right = (rest * place[None, :]).sum(axis=(1, 2)) / norm
    return rest - down[:, None, None] * place[:, None] - right[:, None, None] * place[None, :]
