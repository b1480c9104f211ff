"""What a series is like, and how that compares with what a denoiser was trained for."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from scipy import ndimage

from lidnet_mm.datasets.converters.checks.hounsfield_check import check_hounsfield
from lidnet_mm.datasets.converters.source_case import UnusableCaseError
from lidnet_mm.datasets.readers import CTVolume, DicomVolume
from lidnet_mm.evaluation.noise_power_spectrum import (
    PATCH_MM,
    NoiseSpectrum,
    soft_tissue_patches,
)
from lidnet_mm.simulation import in_body

SAMPLED_SLICES = 9
"""Slices that are measured, spread evenly over the series."""

LUNG_HU = (-950.0, -650.0)
"""Lung, without its noise; the air outside of a patient lies below."""

BLOCK_MM = 3.0
"""Blocks whose medians show lung and body: those of noise that is cut off at -1024 HU, as most air
is, stay at its centre, which a mean does not."""

LUNG_BLOCKS = 3
"""Side in blocks of the squares that lung consists of. The blurred rim of any body has lung's HU,
but is no wider than two."""

QUIET = 0.2
"""Part of the squares, those of least variance, that are taken for noise without anatomy."""

ANATOMY_PER_MM = 0.2
"""Frequencies below are of vessels and muscles, and not of the kernel."""

LOWEST_STORED_HU = -1024.0
"""Where most scanners cut off."""

NAMES = {
    "noise_hu": ("noise", "HU"),
    "pixel_spacing_mm": ("pixel spacing", "mm"),
    "slice_spacing_mm": ("distance of slices", "mm"),
    "nps_peak_per_mm": ("peak of the noise spectrum (sharpness of the kernel)", "/mm"),
    "lung_share": ("lung as part of the body", ""),
}
"""What is compared, in words and with its unit."""


@dataclass(frozen=True)
class SeriesCharacter:
    """What a series is like.

    Attributes:
        noise_hu: Standard deviation of soft tissue in squares of 20 mm without their trend, that of
            the quietest fifth of them, in HU; None where there is no such square.
        pixel_spacing_mm: Larger distance of rows or columns.
        slice_spacing_mm: Distance of slices; of a single one its thickness.
        nps_peak_per_mm: Frequency from 0.2 /mm on at which the radial noise power spectrum of these
            squares is largest: below lies anatomy.
        lung_share: Part of body and lung that is lung.
        not_hu: Why its values are no Hounsfield units, and what to do; empty where they may be.
    """

    noise_hu: float | None
    pixel_spacing_mm: float | None
    slice_spacing_mm: float | None
    nps_peak_per_mm: float | None
    lung_share: float
    not_hu: str = ""


def measure(volume: CTVolume) -> SeriesCharacter:
    """Measure a series by some of its slices.

    Args:
        volume: The series.

    Returns:
        What it is like.

    Raises:
        VolumeError: A slice cannot be read.
    """
    count = min(SAMPLED_SLICES, volume.num_slices)
    chosen = np.unique(np.linspace(0, volume.num_slices - 1, count + 2).round()[1:-1].astype(int))
    spacing = volume.spacing or (0.7, 0.7)
    quiet: list[NoiseSpectrum] = []
    lung, body = 0, 0
    slices = [volume.read_slice(int(index)) for index in chosen]
    for hu in slices:
        blocks = _blocks(hu, spacing)
        lung += _lung(blocks)
        body += int(in_body(blocks).sum())
        squares = [
            NoiseSpectrum.of(hu[place][None], spacing, 1 / PATCH_MM)
            for place in soft_tissue_patches(hu, spacing)
        ]
        squares.sort(key=lambda square: square.std)
        quiet += squares[: math.ceil(QUIET * len(squares))]
    spectrum = sum(quiet[1:], start=quiet[0]) if quiet else None
    return SeriesCharacter(
        noise_hu=None if spectrum is None else spectrum.std,
        pixel_spacing_mm=max(volume.spacing) if volume.spacing else None,
        slice_spacing_mm=_slice_spacing(volume),
        nps_peak_per_mm=None if spectrum is None else _peak(spectrum),
        lung_share=lung / max(1, lung + body),
        not_hu=_not_hu(np.stack(slices)),
    )


def outside_range(series: SeriesCharacter, trained: Mapping[str, Sequence[float]]) -> list[str]:
    """Say where a series is not what a denoiser was trained for.

    Args:
        series: What the series is like.
        trained: Name of an attribute of :class:`SeriesCharacter` → its lowest and highest value.

    Returns:
        A sentence for each value outside, or that cannot be told, and for values that are not HU.

    Raises:
        ValueError: If the range names something else.
    """
    measured = asdict(series)
    sentences = [f"values are not HU: {series.not_hu}"] if series.not_hu else []
    for key, (low, high) in trained.items():
        if key not in NAMES:
            raise ValueError(f"{key} is no part of a range: it has {', '.join(NAMES)}")
        name, unit = NAMES[key]
        value = measured[key]
        if value is None:
            sentences.append(f"{name} cannot be told; trained for {low:g} to {high:g} {unit}")
        elif not low <= value <= high:
            found = f"{value:.3g} {unit}".strip()
            sentences.append(f"{name} is {found}; trained for {low:g} to {high:g}")
    return [sentence.strip() for sentence in sentences]


def _not_hu(hu: np.ndarray) -> str:
    """Why values (S, H, W) are no HU, in the words of the converters; empty where they may be."""
    if not np.isfinite(hu).all():  # refused by name when its turn comes
        return ""
    try:
        check_hounsfield(np.maximum(hu, LOWEST_STORED_HU), "")  # noise of low dose goes below air
    except UnusableCaseError as error:
        return error.reason
    return ""


def _blocks(hu: np.ndarray, spacing: Sequence[float]) -> np.ndarray:
    """Medians of a slice (H, W) in blocks of 3 mm, smoothed by one block; HU."""
    rows, columns = (
        max(1, min(length, round(BLOCK_MM / step)))
        for length, step in zip(hu.shape, spacing, strict=True)
    )
    height, width = hu.shape[0] // rows, hu.shape[1] // columns
    cut = hu[: height * rows, : width * columns].reshape(height, rows, width, columns)
    return ndimage.gaussian_filter(np.median(cut, axis=(1, 3)), 1)


def _lung(blocks: np.ndarray) -> int:
    """Number of blocks of lung."""
    lung = (blocks > LUNG_HU[0]) & (blocks < LUNG_HU[1])
    return int(ndimage.binary_opening(lung, np.ones((LUNG_BLOCKS, LUNG_BLOCKS))).sum())


def _slice_spacing(volume: CTVolume) -> float | None:
    """Distance of slices in mm."""
    if volume.num_slices == 1 and isinstance(volume, DicomVolume):
        return volume.slices[0].thickness
    return volume.slice_spacing


def _peak(spectrum: NoiseSpectrum) -> float:
    """Frequency of the largest ring of the NPS in cycles/mm, beyond the anatomy."""
    nps = np.where(spectrum.frequency < ANATOMY_PER_MM, 0, np.nan_to_num(spectrum.nps))
    return float(spectrum.frequency[int(nps.argmax())])
