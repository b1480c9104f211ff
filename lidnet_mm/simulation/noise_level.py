"""Noise that a scan will have, by propagation of the counting variance through the reconstruction.

The variance of a pixel is a smooth function of the slice, unlike the noise itself: it is a mean
over the views of ``exp(p)`` along the rays through the pixel. So it is computed on a coarse scan.
"""

import math

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from .geometry import FanBeam, Geometry, ParallelBeam
from .projector import back_project, forward_project

COARSE_SIZE = 96
"""Largest side in pixels, and half the views, of the coarse scan."""

INTERPOLATED_VARIANCE = 2 / 3 - 2 / math.pi**2
"""Variance left by linear interpolation between channels, 0.464.

Ramp-filtered white noise is correlated by ``-6 / pi^2`` between neighbours; this is the mean of
``(1-a)^2 + a^2 - 2 a (1-a) 6 / pi^2`` over the position a in [0, 1].
"""


def body_variance(
    attenuation: Tensor, body: Tensor, pixel_spacing: float, geometry: Geometry
) -> tuple[Tensor, Tensor]:
    """First-order variance of the reconstructed noise, averaged over the body.

    With N0 photons per ray and electronic noise sigma_e the variance is
    ``quantum / N0 + electronic * (sigma_e / N0)^2``.

    Args:
        attenuation: slices (N, n, n) in 1/mm.
        body: weights (N, n, n) of the pixels, 0 to 1, not all 0 in a slice.
        pixel_spacing: side of a pixel in mm.
        geometry: the scan.

    Returns:
        quantum (N,) and electronic (N,), in 1/mm^2.
    """
    coarse_size = min(COARSE_SIZE, attenuation.shape[-1])
    spacing = pixel_spacing * attenuation.shape[-1] / coarse_size
    attenuation, body = (
        adaptive_avg_pool2d(image[:, None], coarse_size)[:, 0] for image in (attenuation, body)
    )
    coarse = _coarse_scan(geometry, coarse_size, spacing)
    inverse = torch.exp(forward_project(attenuation, spacing, coarse))
    filtered = torch.cat((inverse, inverse**2)) * _filter_gain(geometry, coarse).to(inverse)
    variance = back_project(filtered, coarse_size, spacing, coarse, weight_power=2)
    variance = variance * (geometry.view_step * coarse.view_step)
    weight = body / body.sum((1, 2), keepdim=True)
    quantum, electronic = (variance.unflatten(0, (2, -1)) * weight).sum((2, 3))
    return quantum, electronic


def _coarse_scan(geometry: Geometry, size: int, pixel_spacing: float) -> Geometry:
    """A scan of the same kind with few views and wide channels."""
    if isinstance(geometry, FanBeam):
        distance = geometry.source_distance
        return FanBeam.covering(size, pixel_spacing, 2 * COARSE_SIZE, distance)
    return ParallelBeam.covering(size, pixel_spacing, 2 * COARSE_SIZE)


def _filter_gain(geometry: Geometry, coarse: Geometry) -> Tensor:
    """Gain (D,) of the variance by the ramp of the true scan, at the channels of the coarse one.

    The sum of the squared ramp kernel is ``1 / (12 pitch^2)``; a fan weighs its line integrals by
    ``distance cos(gamma)`` first and filters with half the ramp of its angular pitch.
    """
    if isinstance(geometry, FanBeam) and isinstance(coarse, FanBeam):
        weight = geometry.source_distance * coarse.fan_angles.cos() / 2 / geometry.channel_angle
    else:
        weight = torch.full((coarse.num_detectors,), 1 / geometry.detector_pitch)
    return INTERPOLATED_VARIANCE / 12 * weight**2
