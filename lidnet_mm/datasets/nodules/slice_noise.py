"""Noise with the strength and grain of a slice's own, measured in its soft tissue.

The noise of a reconstruction is correlated: its power spectrum is the ramp filter's times the
kernel's. Tissue that is put into a slice has to carry the same, or it is told by its grain alone.
"""

import numpy as np
from scipy import ndimage
from scipy.signal import fftconvolve

PATCHES = (24, 16, 12)
"""Sides of the patches in pixels, the largest that gives enough of them; grain that is coarser is
taken for anatomy."""

TISSUE_HU = (-130.0, 250.0)
"""Fat to enhanced blood."""

QUIET = 1.35
"""Patches that vary more than this times the quietest tenth show more than noise: edges."""

LEAST_PATCHES = 8
"""Quiet ones."""


def noise_kernel(image: np.ndarray, spacing: tuple[float, float]) -> np.ndarray | None:
    """Measure the noise of a slice.

    Args:
        image: (H, W) in HU.
        spacing: Distance of rows and of columns in mm.

    Returns:
        (N, N) kernel that turns white noise of standard deviation 1 into noise of
        the slice's power spectrum in HU; None where the slice shows too little soft tissue.
    """
    image = np.asarray(image, dtype=np.float32)
    smooth = ndimage.gaussian_filter(np.clip(image, -1000, 500), [1.5 / s for s in spacing])
    tissue = (smooth > TISSUE_HU[0]) & (smooth < TISSUE_HU[1])
    for side in PATCHES:
        patches = _quiet(_without_plane(_patches(image, tissue, side)))
        if len(patches) >= LEAST_PATCHES:
            return _kernel_of(patches)
    return None


def _quiet(patches: np.ndarray) -> np.ndarray:
    """Those of the patches (N, side, side) that hold nothing but noise."""
    if not len(patches):
        return patches
    spread = patches.std(axis=(1, 2))
    return patches[spread <= QUIET * np.quantile(spread, 0.1)]


def _kernel_of(patches: np.ndarray) -> np.ndarray:
    """Kernel whose spectrum is the mean one of patches (N, side, side)."""
    side = patches.shape[-1]
    window = np.outer(np.hanning(side), np.hanning(side))
    power = (np.abs(np.fft.fft2(patches * window)) ** 2).mean(axis=0) / (window**2).sum()
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


def _patches(image: np.ndarray, tissue: np.ndarray, side: int) -> np.ndarray:
    """All patches, half a side apart, that are tissue throughout: (N, side, side)."""
    values, inside = (
        np.lib.stride_tricks.sliding_window_view(part, (side, side))[:: side // 2, :: side // 2]
        for part in (image, tissue)
    )
    return values[inside.all(axis=(2, 3))].astype(np.float64)


def _without_plane(patches: np.ndarray) -> np.ndarray:
    """Take mean and slope off every patch."""
    side = patches.shape[-1]
    place = np.arange(side) - (side - 1) / 2
    norm = side * (place**2).sum()
    rest = patches - patches.mean(axis=(1, 2), keepdims=True)
    down = (rest * place[:, None]).sum(axis=(1, 2)) / norm
    right = (rest * place[None, :]).sum(axis=(1, 2)) / norm
    return rest - down[:, None, None] * place[:, None] - right[:, None, None] * place[None, :]
