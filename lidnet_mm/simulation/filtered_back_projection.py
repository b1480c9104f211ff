"""Filtered back-projection with the band-limited ramp, for parallel and fan beams.

Source: A. C. Kak and M. Slaney, Principles of Computerized Tomographic Imaging, sections 3.3 and
3.4.1. Linear interpolation between channels, no apodisation.
"""

import math

import torch
from torch import Tensor

from .geometry import FanBeam, Geometry
from .projector import back_project


def reconstruct(sinogram: Tensor, size: int, pixel_spacing: float, geometry: Geometry) -> Tensor:
    """Filtered back-projection.

    Args:
        sinogram: line integrals (N, M, D), float32, without unit.
        size: side n of the slices in pixels.
        pixel_spacing: side of a pixel in mm.
        geometry: the scan; its detector has to cover the whole slice.

    Returns:
        Slices (N, n, n) in 1/mm.

    Raises:
        ValueError: if the sinogram's shape is not that of the geometry, or the detector does not
            cover the slice.
    """
    filtered = ramp_filter(sinogram, geometry)
    return back_project(filtered, size, pixel_spacing, geometry) * geometry.view_step


def ramp_filter(sinogram: Tensor, geometry: Geometry) -> Tensor:
    """Convolve each view with the ramp's kernel, without wrap-around.

    Args:
        sinogram: line integrals (N, M, D), float32.
        geometry: the scan.

    Returns:
        Filtered projections (N, M, D), in 1/mm for a parallel beam; for a fan in mm, weighted so
        that the back-projection divides by the squared distance from the source.
    """
    count = geometry.num_detectors
    if isinstance(geometry, FanBeam):
        sinogram = sinogram * (geometry.source_distance * geometry.fan_angles.cos()).to(sinogram)
    length = _fast_length(2 * count - 1)
    kernel = _ramp_kernel(geometry)
    wrapped = torch.zeros(length, dtype=torch.float64)
    wrapped[:count] = kernel
    wrapped[length - count + 1 :] = kernel[1:].flip(0)
    response = torch.fft.rfft(wrapped).real.to(sinogram)
    spectrum = torch.fft.rfft(sinogram, n=length).mul_(response)
    return torch.fft.irfft(spectrum, n=length)[..., :count]


def _ramp_kernel(geometry: Geometry) -> Tensor:
    """Half (D,) of the ramp's kernel, times the sampling step (Kak and Slaney, Eq. 61 and 132)."""
    lag = torch.arange(geometry.num_detectors, dtype=torch.float64)
    step = geometry.channel_angle if isinstance(geometry, FanBeam) else geometry.detector_pitch
    kernel = torch.where(lag % 2 == 1, -1 / (math.pi * lag.clamp(min=1)) ** 2, 0.0)
    kernel[0] = 0.25
    if isinstance(geometry, FanBeam):
        kernel /= 2 * torch.sinc(lag * step / math.pi) ** 2
    return kernel / step


def _fast_length(minimum: int) -> int:
    """Smallest product of 2, 3 and 5, at least `minimum` and even, which the FFT does fast."""
    powers = (
        2**a * 3**b * 5**c
        for a in range(1, minimum.bit_length() + 1)
        for b in range(4)
        for c in range(3)
    )
    return min(length for length in powers if length >= minimum)
