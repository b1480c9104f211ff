"""The low-dose simulation that the paper used, for comparison only: its photons are no photons.

Source: the code published with M. Gholizadeh-Ansari et al., Journal of Digital Imaging 33 (2020)
504, ``add_noise_dicom.py``. Reproduced with its slips: line integrals are scaled by the slice
thickness in place of the pixel spacing, which the reconstruction does not undo; the fill value of
starved rays is divided by it too; and every slice is rescaled to its own minimum and maximum, so
neither HU nor a photon count survive. Use `simulate_low_dose` for physics.
"""

import torch
from torch import Tensor

from . import arguments
from .filtered_back_projection import reconstruct
from .geometry import ParallelBeam
from .projector import forward_project

WATER_ATTENUATION = 0.0171
"""Linear attenuation of water in 1/mm in the published code."""

STARVED_COUNTS = 5.0
"""Photons that stand for none in the published code."""


@torch.no_grad()
def simulate_gholizadeh2019(
    ndct_hu: Tensor,
    slice_thickness: float,
    incident_photons: float | Tensor,
    generator: torch.Generator | None = None,
) -> tuple[Tensor, Tensor]:
    """Noisy and reference slices as the published code makes them.

    As many views as pixels a side, over 360 degrees; what is outside of the inscribed circle is
    lost. View angles sit half a step off the published ones.

    Args:
        ndct_hu: normal-dose slices (N, n, n) in HU.
        slice_thickness: slice thickness in mm, which the published code takes for the pixel.
        incident_photons: the published N0, above 0; one number or one a slice (N,).
        generator: source of randomness on the device of the slices.

    Returns:
        LDCT and NDCT (N, n, n), each slice scaled to [0, 1] by its own minimum and maximum.

    Raises:
        TypeError: if `ndct_hu` is not a tensor.
        ValueError: if the slices are not square or finite, or a number is not above 0.
    """
    arguments.check_slices(ndct_hu)
    if ndct_hu.shape[1] != ndct_hu.shape[2]:
        raise ValueError(
            f"slices of {tuple(ndct_hu.shape[1:])} pixels: pad them to squares with air"
        )
    arguments.positive("slice_thickness", slice_thickness, "mm")
    image = WATER_ATTENUATION * (ndct_hu.float() / 1000 + 1)
    photons = arguments.per_slice("incident_photons", incident_photons, image, "as 3e4")
    circle = _inscribed_circle(image)
    attenuation = (image - image.amin((1, 2), keepdim=True)) * circle
    size = image.shape[-1]
    repeats = 1 if size % 2 else 2  # an even number of views over 360 degrees sees all lines twice
    scan = ParallelBeam.covering(size, 1.0, max(1, size // repeats))
    scaled = forward_project(attenuation, 1.0, scan) * slice_thickness
    measured = torch.stack(
        [_measure(scaled, photons, slice_thickness, generator) for _ in range(repeats)]
    ).mean(0)
    within = scan.rays(torch.arange(1))[1].abs() <= size / 2
    noisy = reconstruct(measured * within.to(measured), size, 1.0, scan) * circle
    return _scaled(noisy), _scaled(ndct_hu.float())


def _measure(
    line_integrals: Tensor, photons: Tensor, thickness: float, generator: torch.Generator | None
) -> Tensor:
    """Logarithm of Poisson counts; a ray without a photon takes the published fill value."""
    photons = photons[:, None, None]
    counts = torch.poisson(photons * torch.exp(-line_integrals), generator)
    fill = torch.log(photons / STARVED_COUNTS) / thickness
    return torch.where(counts > 0, torch.log(photons / counts), fill)


def _inscribed_circle(image: Tensor) -> Tensor:
    """Mask (n, n) of the circle within the slice."""
    axis = torch.arange(image.shape[-1], device=image.device) - (image.shape[-1] - 1) / 2
    return torch.hypot(axis[:, None], axis) <= image.shape[-1] / 2


def _scaled(image: Tensor) -> Tensor:
    """Each slice scaled to [0, 1]; a constant one becomes 0."""
    low, high = image.amin((1, 2), keepdim=True), image.amax((1, 2), keepdim=True)
    return (image - low) / (high - low).clamp(min=torch.finfo(image.dtype).tiny)
