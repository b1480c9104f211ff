"""Noise power spectrum of CT slices (AAPM Task Group 233)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

SOFT_TISSUE_HU = (-150.0, 150.0)
"""Fat, muscle and organs; lung, air and bone lie outside."""

SMOOTHING_MM = 1.5
"""Standard deviation of the Gaussian that keeps the reference's own noise out of the choice."""

PATCH_MM = 20.0
LEAST_SIDE = 8
"""Fewest pixels of a patch's side; coarser slices have no spectrum to speak of."""

TREND_ORDER = 2
LOWEST_RING = 1.5
"""Mean frequencies begin here, in rings: below, the trend has taken a part of the noise."""

HIGHEST_FREQUENCY = 2.0
"""End of the axis in cycles/mm, the Nyquist frequency of 0.25 mm."""


@dataclass(frozen=True)
class NoiseSpectrum:
    """Radial noise power spectrum of an ensemble of patches; spectra of slices add up.

    Attributes:
        bin_width (float): Width of a ring in cycles/mm; ring k is centred on k · width.
        power (np.ndarray): (K,) sum over patches of the mean NPS in each ring, HU² mm².
        counts (np.ndarray): (K,) patches whose Nyquist frequency lies beyond each ring.
        variance (float): Sum over patches of the variance in HU².
        moments (np.ndarray): (2,) sums over patches of the integrals of f · NPS and of NPS over
            the frequency f from 1.5 rings to Nyquist, directions averaged.
        patches (int): Number of patches.
    """

    bin_width: float
    power: np.ndarray
    counts: np.ndarray
    variance: float
    moments: np.ndarray
    patches: int

    @classmethod
    def of(cls, patches: np.ndarray, spacing: Sequence[float], bin_width: float) -> "NoiseSpectrum":
        """Spectrum of the patches of one slice.

        Args:
            patches (np.ndarray): (N, h, w) noise in HU, N may be 0.
            spacing (Sequence[float]): Distance of rows and of columns in mm.
            bin_width (float): Width of a ring in cycles/mm, the inverse of the patches' side.

        Returns:
            NoiseSpectrum: The spectrum.
        """
        rings = round(HIGHEST_FREQUENCY / bin_width) + 1
        if len(patches) == 0:
            return cls(bin_width, np.zeros(rings), np.zeros(rings), 0.0, np.zeros(2), 0)
        nps = noise_power_spectrum(patches, spacing)
        steps = [1 / (n * step) for n, step in zip(nps.shape, spacing, strict=True)]
        frequency = _frequencies(nps.shape, spacing)
        inside = frequency <= 0.5 / max(spacing)
        power, known = _ring_means(nps[inside], frequency[inside], bin_width, rings)
        inside &= frequency >= LOWEST_RING * bin_width
        moments = _moments(nps[inside], frequency[inside]) * math.prod(steps)
        variance = float(nps.sum()) * math.prod(steps)
        count = len(patches)
        return cls(
            bin_width, count * power, count * known, count * variance, count * moments, count
        )

    def __add__(self, other: "NoiseSpectrum") -> "NoiseSpectrum":
        if self.bin_width != other.bin_width:
            raise ValueError(f"rings of {self.bin_width} and {other.bin_width} /mm do not add up")
        return NoiseSpectrum(
            self.bin_width,
            self.power + other.power,
            self.counts + other.counts,
            self.variance + other.variance,
            self.moments + other.moments,
            self.patches + other.patches,
        )

    @property
    def frequency(self) -> np.ndarray:
        """Centres (K,) of the rings in cycles/mm."""
        return np.arange(len(self.power)) * self.bin_width

    @property
    def nps(self) -> np.ndarray:
        """Mean NPS (K,) in HU² mm²; NaN beyond the Nyquist frequency of all patches."""
        known = self.counts > 0
        return np.where(known, self.power / np.where(known, self.counts, 1), math.nan)

    @property
    def std(self) -> float:
        """Noise in HU: root of the mean variance; NaN without patches."""
        return math.sqrt(self.variance / self.patches) if self.patches else math.nan

    @property
    def mean_frequency(self) -> float:
        """Mean frequency in cycles/mm, weighted by the radial NPS; NaN without noise."""
        return float(self.moments[0] / self.moments[1]) if self.moments[1] > 0 else math.nan


def noise_power_spectrum(patches: np.ndarray, spacing: Sequence[float]) -> np.ndarray:
    """Two-dimensional NPS, ``dx dy / (h w) <|DFT|²>`` of the patches without their trend.

    Its sum times the steps of frequency, 1 / (h dy) and 1 / (w dx), is the mean variance of the
    patches without their trend.

    Args:
        patches (np.ndarray): (N, h, w) in HU, N at least 1.
        spacing (Sequence[float]): Distance of rows and of columns in mm.

    Returns:
        np.ndarray: (h, w) in HU² mm², in the order of ``np.fft.fftfreq``.
    """
    power = np.abs(np.fft.fft2(without_trend(patches))) ** 2
    height, width = patches.shape[1:]
    return power.mean(axis=0) * spacing[0] * spacing[1] / (height * width)


def without_trend(patches: np.ndarray) -> np.ndarray:
    """Take the polynomial of second order in both directions off every patch (N, h, w)."""
    height, width = patches.shape[1:]
    row, column = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    powers = [(i, j) for i in range(TREND_ORDER + 1) for j in range(TREND_ORDER + 1 - i)]
    basis, _ = np.linalg.qr(np.stack([(row**i * column**j).ravel() for i, j in powers], axis=1))
    values = patches.reshape(len(patches), -1).astype(np.float64)
    return (values - (values @ basis) @ basis.T).reshape(patches.shape)


def soft_tissue_patches(
    reference: np.ndarray, spacing: Sequence[float], side_mm: float = PATCH_MM
) -> list[tuple[slice, slice]]:
    """Squares of a slice that hold soft tissue only.

    They stand on a grid of half their side from the first pixel on, so that the same slice always
    has the same patches, whatever denoiser is measured.

    Args:
        reference (np.ndarray): NDCT, (H, W) in HU.
        spacing (Sequence[float]): Distance of rows and of columns in mm.
        side_mm (float): Side of a square in mm. Defaults to 20.

    Returns:
        list[tuple[slice, slice]]: Rows and columns of each; empty where the slice shows no body,
            is smaller than a patch, or has pixels so large that a side has less than 8.
    """
    height, width = (round(side_mm / step) for step in spacing)
    if min(height, width) < LEAST_SIDE:
        return []
    limited = np.clip(reference, -1000, 500)  # a speck of metal must not smear over its patch
    smooth = ndimage.gaussian_filter(limited, [SMOOTHING_MM / step for step in spacing])
    tissue = (smooth > SOFT_TISSUE_HU[0]) & (smooth < SOFT_TISSUE_HU[1])
    places = (
        (slice(top, top + height), slice(left, left + width))
        for top in range(0, reference.shape[0] - height + 1, height // 2)
        for left in range(0, reference.shape[1] - width + 1, width // 2)
    )
    return [place for place in places if tissue[place].all()]


def _frequencies(shape: tuple[int, int], spacing: Sequence[float]) -> np.ndarray:
    """Distance (h, w) of each value of a two-dimensional NPS from frequency 0, in cycles/mm."""
    rows, columns = (np.fft.fftfreq(n, step) for n, step in zip(shape, spacing, strict=True))
    return np.hypot(rows[:, None], columns[None, :])


def _ring_means(
    nps: np.ndarray, frequency: np.ndarray, bin_width: float, rings: int
) -> tuple[np.ndarray, np.ndarray]:
    """Mean NPS (K,) in each ring, and 1 for the rings that are known."""
    ring = np.rint(frequency / bin_width).astype(int)
    counts = np.bincount(ring, minlength=rings)[:rings]
    sums = np.bincount(ring, weights=nps, minlength=rings)[:rings]
    return sums / np.maximum(counts, 1), (counts > 0).astype(float)


def _moments(nps: np.ndarray, frequency: np.ndarray) -> np.ndarray:
    """Sums (2,) for the integrals of f · NPS and of NPS over f: an area is 2 pi f df."""
    return np.array([nps.sum(), (nps / frequency).sum()]) / (2 * math.pi)
