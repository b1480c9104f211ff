"""Low-dose CT from normal-dose CT: noise of a simulated scan, reconstructed and added in HU.

Only the *noise* of the line integrals is reconstructed, so the reference keeps its resolution and
its HU. The slice may be cropped: what is outside of it counts as air.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad

from . import arguments
from .body import BODY_HU, in_body
from .filtered_back_projection import reconstruct
from .geometry import Geometry
from .mean_error import line_integral_mean_error
from .noise import line_integral_noise
from .noise_level import body_variance
from .projector import forward_project
from .scanners import GeometryName, scan_geometry

WATER_ATTENUATION = 0.0192
"""Linear attenuation of water in 1/mm at about 70 keV."""


@torch.no_grad()
def simulate_low_dose(
    ndct_hu: Tensor,
    pixel_spacing: float | Sequence[float],
    incident_photons: float | Tensor,
    geometry: GeometryName | Geometry = "parallel",
    num_views: int | None = None,
    electronic_noise: float = 0.0,
    generator: torch.Generator | Sequence[torch.Generator] | None = None,
    *,
    mu_water: float = WATER_ATTENUATION,
) -> Tensor:
    """Add the noise of a low-dose scan to normal-dose slices.

    ``mu = mu_water (1 + HU / 1000)``, at least 0; line integrals p of mu in true mm; counts
    ``Poisson(N0 exp(-p)) + N(0, sigma_e^2)``; filtered back-projection of the error of their
    logarithm; the result, in HU, is added to the slice.

    Args:
        ndct_hu: normal-dose slices (N, H, W) in HU; taken as free of noise.
        pixel_spacing: side of a pixel in mm, or (row, column), which have to be equal.
        incident_photons: photons N0 per ray, above 0; one number or one a slice (N,).
        geometry: ``"parallel"``, ``"fan"``, a scanner's name (`SCANNERS`), or a geometry of one's
            own that covers the square of side max(H, W).
        num_views: views over 180 degrees (parallel) or 360 degrees (fan), 720 if None; multiples
            of 8 are fastest. A scanner has its own; unused with a geometry of one's own.
        electronic_noise: standard deviation sigma_e of the detector's electronics, in photons.
        generator: source of randomness on the device of the slices; a list of N generators makes
            each slice independent of the rest of its batch.
        mu_water: linear attenuation of water in 1/mm.

    Returns:
        Low-dose slices (N, H, W) in HU, float32; not clipped, so air may fall below -1000.

    Raises:
        TypeError: if `ndct_hu` is not a tensor.
        ValueError: if a shape, unit or value is out of range; the message says what to do.
    """
    spacing = arguments.square_spacing(pixel_spacing)
    arguments.check_slices(ndct_hu)
    arguments.check_electronic_noise(electronic_noise)
    arguments.check_generators(generator, len(ndct_hu))
    attenuation = _attenuation(ndct_hu, mu_water)
    photons = arguments.per_slice(
        "incident_photons", incident_photons, attenuation, "photons per ray, as 1e5"
    )
    size = attenuation.shape[-1]
    scan = scan_geometry(geometry, size, spacing, num_views)
    line_integrals = forward_project(attenuation, spacing, scan)
    noise = line_integral_noise(line_integrals, photons, electronic_noise, generator)
    noise_hu = reconstruct(noise, size, spacing, scan).mul_(1000 / mu_water)
    return ndct_hu.float() + _from_square(noise_hu, *ndct_hu.shape[1:])


@torch.no_grad()
def mean_noise(
    ndct_hu: Tensor,
    pixel_spacing: float | Sequence[float],
    incident_photons: float | Tensor,
    geometry: GeometryName | Geometry = "parallel",
    num_views: int | None = None,
    electronic_noise: float = 0.0,
    *,
    mu_water: float = WATER_ATTENUATION,
) -> Tensor:
    """What `simulate_low_dose` adds on average: the bias of the logarithm of few counts.

    Args:
        ndct_hu: normal-dose slices (N, H, W) in HU.
        pixel_spacing: side of a pixel in mm, or (row, column), which have to be equal.
        incident_photons: as in `simulate_low_dose`.
        geometry: as in `simulate_low_dose`.
        num_views: as in `simulate_low_dose`.
        electronic_noise: as in `simulate_low_dose`.
        mu_water: linear attenuation of water in 1/mm.

    Returns:
        Mean over all draws of the added noise (N, H, W) in HU, float32.

    Raises:
        TypeError: if `ndct_hu` is not a tensor.
        ValueError: as `simulate_low_dose`.
    """
    spacing = arguments.square_spacing(pixel_spacing)
    arguments.check_slices(ndct_hu)
    arguments.check_electronic_noise(electronic_noise)
    attenuation = _attenuation(ndct_hu, mu_water)
    photons = arguments.per_slice(
        "incident_photons", incident_photons, attenuation, "photons per ray, as 1e5"
    )
    size = attenuation.shape[-1]
    scan = scan_geometry(geometry, size, spacing, num_views)
    line_integrals = forward_project(attenuation, spacing, scan)
    error = line_integral_mean_error(line_integrals, photons, electronic_noise)
    mean_hu = reconstruct(error, size, spacing, scan).mul_(1000 / mu_water)
    return _from_square(mean_hu, *ndct_hu.shape[1:])


@torch.no_grad()
def photons_for_noise(
    ndct_hu: Tensor,
    pixel_spacing: float | Sequence[float],
    noise_hu: float | Tensor,
    geometry: GeometryName | Geometry = "parallel",
    num_views: int | None = None,
    electronic_noise: float = 0.0,
    *,
    mu_water: float = WATER_ATTENUATION,
) -> Tensor:
    """Photons per ray at which `simulate_low_dose` adds a wanted noise.

    The noise of a slice is the root mean square, over the body (HU > -500), of the standard
    deviation that first-order propagation predicts for each pixel. Rays with fewer than some ten
    photons are noisier, and in the end less noisy, than the first order says: see
    docs/simulation.md for how far that goes.

    Args:
        ndct_hu: normal-dose slices (N, H, W) in HU.
        pixel_spacing: side of a pixel in mm, or (row, column), which have to be equal.
        noise_hu: wanted standard deviation in HU, above 0; one number or one a slice (N,).
        geometry: as in `simulate_low_dose`.
        num_views: as in `simulate_low_dose`.
        electronic_noise: as in `simulate_low_dose`.
        mu_water: linear attenuation of water in 1/mm.

    Returns:
        Photons N0 per ray (N,), float32.

    Raises:
        TypeError: if `ndct_hu` is not a tensor.
        ValueError: as `simulate_low_dose`, and if a slice has no body.
    """
    spacing = arguments.square_spacing(pixel_spacing)
    arguments.check_slices(ndct_hu)
    arguments.check_electronic_noise(electronic_noise)
    attenuation = _attenuation(ndct_hu, mu_water)
    target = arguments.per_slice("noise_hu", noise_hu, attenuation, "HU, as 30")
    body = _in_square(in_body(ndct_hu).float())
    arguments.check_body(body, BODY_HU)
    scan = scan_geometry(geometry, attenuation.shape[-1], spacing, num_views)
    quantum, electronic = body_variance(attenuation, body, spacing, scan)
    quantum = quantum * (1000 / mu_water) ** 2
    electronic = electronic * (1000 / mu_water * electronic_noise) ** 2
    root = torch.sqrt(quantum**2 + 4 * target**2 * electronic)
    return (quantum + root) / (2 * target**2)


class InsertedNoise(NamedTuple):
    """Setting of `simulate_low_dose` that turns a full-dose slice into a low-dose one.

    Attributes:
        incident_photons: photons per ray.
        electronic_noise: standard deviation in photons.
    """

    incident_photons: float
    electronic_noise: float


def dose_fraction(
    fraction: float, full_dose_photons: float, electronic_noise: float = 0.0
) -> InsertedNoise:
    """Noise to insert so that a full-dose slice looks as if taken at a fraction f of its dose.

    The slice already carries the noise of N photons. What is missing has the variance
    ``(1/f - 1) / (N exp(-p))``, the quantum noise of ``N f / (1 - f)`` photons, and electronic
    noise times ``sqrt((1 + f) / (1 - f))``.

    Args:
        fraction: dose fraction f, above 0 and below 1.
        full_dose_photons: photons N per ray of the full dose, above 0.
        electronic_noise: the scanner's electronic noise in photons, at least 0.

    Returns:
        Photons per ray and electronic noise for `simulate_low_dose`.

    Raises:
        ValueError: if an argument is out of its range.
    """
    if not 0 < fraction < 1:
        raise ValueError(
            f"dose fraction is {fraction}: set it above 0 and below 1, as 0.25 for a quarter dose"
        )
    arguments.positive("full_dose_photons", full_dose_photons, "photons per ray, as 1e6")
    arguments.check_electronic_noise(electronic_noise)
    return InsertedNoise(
        full_dose_photons * fraction / (1 - fraction),
        electronic_noise * math.sqrt((1 + fraction) / (1 - fraction)),
    )


def _attenuation(ndct_hu: Tensor, mu_water: float) -> Tensor:
    """Linear attenuation (N, n, n) in 1/mm, in a square that holds the slice."""
    arguments.positive("mu_water", mu_water, f"/mm, as {WATER_ATTENUATION}")
    return _in_square((mu_water * (1 + ndct_hu.float() / 1000)).clamp_(min=0))


def _margins(height: int, width: int) -> tuple[int, int]:
    """Rows above and columns left of a slice centred in its square."""
    size = max(height, width)
    return (size - height) // 2, (size - width) // 2


def _in_square(image: Tensor) -> Tensor:
    """Centre slices (N, H, W) in squares (N, n, n) of zeros."""
    height, width = image.shape[1:]
    top, left = _margins(height, width)
    size = max(height, width)
    return pad(image, (left, size - width - left, top, size - height - top))


def _from_square(image: Tensor, height: int, width: int) -> Tensor:
    """Take slices (N, H, W) back out of their squares."""
    top, left = _margins(height, width)
    return image[:, top : top + height, left : left + width]
