"""Low-dose CT from normal-dose CT: noise of a simulated scan, reconstructed and added in HU.

Only the *noise* of the line integrals is reconstructed, so the reference keeps its resolution and
its HU. The slice may be cropped: what is outside of it counts as air.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, pad

from .filtered_back_projection import reconstruct
from .geometry import FanBeam, Geometry, GeometryName, ParallelBeam
from .noise import line_integral_noise
from .projector import back_project, forward_project

WATER_ATTENUATION = 0.0192
"""Linear attenuation of water in 1/mm at about 70 keV."""

BODY_HU = -500.0
"""Pixels above this HU are body, over which a noise level is averaged."""

PLANNING_SIZE = 96
"""Side in pixels, and about half the views, of the coarse scan that predicts a noise level."""


def simulate_low_dose(
    ndct_hu: Tensor,
    pixel_spacing: float | Sequence[float],
    incident_photons: float | Tensor,
    geometry: GeometryName | Geometry = "parallel",
    num_views: int = 720,
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
        geometry: ``"parallel"``, ``"fan"``, or a geometry of one's own that covers the square of
            side max(H, W).
        num_views: views over 180 degrees (parallel) or 360 degrees (fan); multiples of 8 are
            fastest. Unused with a geometry of one's own.
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
    spacing = _checked_spacing(pixel_spacing)
    _check_physics(electronic_noise, mu_water)
    attenuation = mu_water * _relative_attenuation(ndct_hu)
    photons = _checked_photons(incident_photons, attenuation)
    size = attenuation.shape[-1]
    scan = _scan(geometry, size, spacing, num_views)
    noise = line_integral_noise(
        forward_project(attenuation, spacing, scan), photons, electronic_noise, generator
    )
    noise_hu = reconstruct(noise, size, spacing, scan) * (1000 / mu_water)
    return ndct_hu.float() + _uncovered(noise_hu, ndct_hu.shape[-2:])


def photons_for_noise(
    ndct_hu: Tensor,
    pixel_spacing: float | Sequence[float],
    noise_hu: float | Tensor,
    geometry: GeometryName | Geometry = "parallel",
    num_views: int = 720,
    electronic_noise: float = 0.0,
    *,
    mu_water: float = WATER_ATTENUATION,
) -> Tensor:
    """Photons per ray at which `simulate_low_dose` adds a wanted noise.

    The noise of a slice is the root mean square, over the body (HU > -500), of the standard
    deviation that first-order propagation predicts for each pixel. It is found on a coarse scan,
    because the variance of the noise is smooth where the noise itself is not. Rays with few
    photons are noisier than the first order says: expect more than asked above some 200 HU.

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
    spacing = _checked_spacing(pixel_spacing)
    _check_physics(electronic_noise, mu_water)
    relative = _relative_attenuation(ndct_hu)
    body = _squared((ndct_hu > BODY_HU).float())
    _check_body(body)
    target = _per_slice("noise_hu", noise_hu, relative, "HU, as 30")
    scan = _scan(geometry, relative.shape[-1], spacing, num_views)
    quantum, electronic = _body_variance(mu_water * relative, body, spacing, scan)
    quantum, electronic = ((1000 / mu_water) ** 2 * term for term in (quantum, electronic))
    electronic = electronic * electronic_noise**2
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

    The slice already carries the noise of N photons; noise that makes up the rest has variance
    ``(1/f - 1) / (N exp(-p))``, that is the quantum noise of ``N f / (1 - f)`` photons, and
    electronic noise scaled by ``sqrt((1 + f) / (1 - f))``.

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
    if not (math.isfinite(full_dose_photons) and full_dose_photons > 0):
        raise ValueError(f"full_dose_photons is {full_dose_photons}: set it above 0, as 1e6")
    _check_physics(electronic_noise, WATER_ATTENUATION)
    return InsertedNoise(
        full_dose_photons * fraction / (1 - fraction),
        electronic_noise * math.sqrt((1 + fraction) / (1 - fraction)),
    )


def _body_variance(
    attenuation: Tensor, body: Tensor, spacing: float, scan: Geometry
) -> tuple[Tensor, Tensor]:
    """Mean variance (N,) over the body, in 1/mm^2, of one incident photon: quantum, electronic.

    The two go with ``1 / N0`` and ``(sigma_e / N0)^2``.
    """
    factor = max(1, attenuation.shape[-1] // PLANNING_SIZE)
    attenuation, body = _pooled(attenuation, factor), _pooled(body, factor)
    size, coarse_spacing = attenuation.shape[-1], spacing * factor
    coarse = _scan(
        "fan" if isinstance(scan, FanBeam) else "parallel", size, coarse_spacing, 2 * PLANNING_SIZE
    )
    if isinstance(scan, FanBeam):
        coarse = FanBeam.covering(size, coarse_spacing, 2 * PLANNING_SIZE, scan.source_distance)
    inverse = torch.exp(forward_project(attenuation, coarse_spacing, coarse))
    variance = back_project(
        torch.cat((inverse, inverse**2)) * _filter_variance(scan, coarse).to(inverse),
        size,
        coarse_spacing,
        coarse,
        weight_power=2,
    )
    variance = variance * (scan.view_step * coarse.view_step)
    quantum, electronic = variance.unflatten(0, (2, -1))
    weight = body / body.sum((1, 2), keepdim=True)
    return (quantum * weight).sum((1, 2)), (electronic * weight).sum((1, 2))


def _filter_variance(scan: Geometry, coarse: Geometry) -> Tensor:
    """Gain (D,) of the variance through ramp filter and linear interpolation.

    The band-limited ramp alone gives ``1 / (12 pitch^2)``; interpolating between channels, whose
    filtered noise is correlated by ``-6 / pi^2``, leaves ``2/3 - 2/pi^2 = 0.464`` of it.
    """
    interpolation = 2 / 3 - 2 / math.pi**2
    if isinstance(coarse, FanBeam):
        weight = scan.source_distance * coarse.fan_angles.cos() / 2
        return interpolation / 12 * (weight / scan.channel_angle) ** 2
    return torch.full((coarse.num_detectors,), interpolation / 12 / scan.detector_pitch**2)


def _pooled(image: Tensor, factor: int) -> Tensor:
    """Mean over squares of `factor` pixels, zero-padded at the end to whole squares."""
    extra = -image.shape[-1] % factor
    return avg_pool2d(pad(image, (0, extra, 0, extra))[:, None], factor)[:, 0]


def _scan(geometry: GeometryName | Geometry, size: int, spacing: float, num_views: int) -> Geometry:
    """Geometry named or given for a square of `size` pixels."""
    if isinstance(geometry, ParallelBeam | FanBeam):
        return geometry
    named = {"parallel": ParallelBeam, "fan": FanBeam}
    if geometry not in named:
        raise ValueError(
            f"geometry is {geometry!r}: set 'parallel', 'fan', a ParallelBeam or a FanBeam"
        )
    return named[geometry].covering(size, spacing, num_views)


def _relative_attenuation(ndct_hu: Tensor) -> Tensor:
    """Attenuation relative to water (N, n, n), at least 0, in a square that holds the slice."""
    if not isinstance(ndct_hu, Tensor):
        raise TypeError(
            f"ndct_hu is {type(ndct_hu).__name__}: give a tensor, as torch.from_numpy(array)"
        )
    if ndct_hu.ndim != 3 or 0 in ndct_hu.shape:
        raise ValueError(
            f"ndct_hu is {tuple(ndct_hu.shape)}: give slices (N, H, W), as image[None] for one"
        )
    if not torch.isfinite(ndct_hu).all():
        bad = [i for i, slice_ in enumerate(ndct_hu) if not torch.isfinite(slice_).all()]
        raise ValueError(
            f"slices {bad} of the batch hold NaN or infinity: replace them, as by -1024 HU (air)"
        )
    return _squared(ndct_hu.float().div(1000).add_(1).clamp_(min=0))


def _margins(height: int, width: int) -> tuple[int, int]:
    """Rows above and columns left of a slice centred in its square."""
    size = max(height, width)
    return (size - height) // 2, (size - width) // 2


def _squared(image: Tensor) -> Tensor:
    """Centre slices (N, H, W) in squares (N, n, n) of zeros."""
    height, width = image.shape[-2:]
    top, left = _margins(height, width)
    size = max(height, width)
    return pad(image, (left, size - width - left, top, size - height - top))


def _uncovered(image: Tensor, shape: Sequence[int]) -> Tensor:
    """Take slices (N, H, W) back out of their squares."""
    top, left = _margins(*shape)
    return image[:, top : top + shape[0], left : left + shape[1]]


def _checked_spacing(pixel_spacing: float | Sequence[float]) -> float:
    values = [float(v) for v in torch.as_tensor(pixel_spacing).flatten()]
    if len(values) not in (1, 2) or not all(math.isfinite(v) and v > 0 for v in values):
        raise ValueError(
            f"pixel_spacing is {pixel_spacing}: give the side of a pixel in mm, above 0, or "
            "(row, column)"
        )
    if abs(values[0] - values[-1]) > 1e-3 * values[0]:
        raise ValueError(
            f"pixels of {values[0]} x {values[-1]} mm are not square: resample the slice to one "
            "spacing first"
        )
    return values[0]


def _per_slice(name: str, value: float | Tensor, like: Tensor, unit: str) -> Tensor:
    """Positive numbers (N,) from one number or one a slice."""
    values = torch.as_tensor(value, dtype=like.dtype, device=like.device)
    if values.ndim > 1 or values.numel() not in (1, like.shape[0]):
        raise ValueError(
            f"{name} has shape {tuple(values.shape)}: give one number, or one for each of the "
            f"{like.shape[0]} slices"
        )
    if not (torch.isfinite(values) & (values > 0)).all():
        raise ValueError(f"{name} is {value}: set a finite value above 0 {unit}")
    return values.expand(like.shape[0])


def _checked_photons(value: float | Tensor, like: Tensor) -> Tensor:
    return _per_slice("incident_photons", value, like, "photons per ray, as 1e5")


def _check_physics(electronic_noise: float, mu_water: float) -> None:
    if not (math.isfinite(electronic_noise) and electronic_noise >= 0):
        raise ValueError(f"electronic_noise is {electronic_noise}: set it in photons, 0 or more")
    if not (math.isfinite(mu_water) and mu_water > 0):
        raise ValueError(f"mu_water is {mu_water}: set it above 0 /mm, as {WATER_ATTENUATION}")


def _check_body(body: Tensor) -> None:
    empty = [i for i, mask in enumerate(body) if not mask.any()]
    if empty:
        raise ValueError(
            f"slices {empty} of the batch have no pixel above {BODY_HU:g} HU, so no noise level: "
            "leave them out, or set incident_photons"
        )
