"""Reconstructions of known objects from closed-form line integrals."""

import math

import pytest
import torch
from disk_phantom import chords, distance_map

from lidnet_mm.simulation import (
    FanBeam,
    ParallelBeam,
    forward_project,
    ramp_filter,
    reconstruct,
)

KINDS = [ParallelBeam, FanBeam]


@pytest.mark.parametrize("kind", KINDS)
def test_uniform_disk_has_its_value_inside_and_nothing_outside(kind):
    spacing, radius, x, y = 1.5, 60.0, 12.0, -8.0
    scan = kind.covering(128, spacing, num_views=400)
    sinogram = 0.02 * chords(scan, radius, x, y).float()[None]
    image = reconstruct(sinogram, 128, spacing, scan)[0]
    distance = distance_map(128, spacing, x, y)
    inside, outside = image[distance < radius - 6], image[distance > radius + 6]
    assert abs(inside.mean() / 0.02 - 1) < 5e-4
    assert inside.std() < 0.005 * 0.02
    assert outside.abs().mean() < 0.01 * 0.02


def test_point_source_has_the_value_of_the_ramp_at_its_lags():
    """``pi m h(0)`` at the source, ``h(0) = 1 / (4 pitch^2)``; ``h(1) = -1 / (pi pitch)^2``.

    Between the two channels the kernel is interpolated linearly, and the mean of ``|cos|`` over
    the views is 2 / pi.
    """
    pitch, mass = 2.0, 3.0
    scan = ParallelBeam(256, 101, pitch)
    sinogram = torch.zeros(1, 256, 101)
    sinogram[..., 50] = mass / pitch
    image = reconstruct(sinogram, 65, pitch / 8, scan)[0]
    peak, neighbour = 1 / (4 * pitch**2), -1 / (math.pi * pitch) ** 2
    for step in (0, 3, 8):
        lag = step / 8 * 2 / math.pi
        expected = math.pi * mass * (peak + (neighbour - peak) * lag)
        assert image[32, 32 + step].item() == pytest.approx(expected, rel=1e-3)
        assert image[32 + step, 32].item() == pytest.approx(expected, rel=1e-3)


def test_fan_agrees_with_parallel():
    """Two scans of one slice, without edges that alias, give that slice back."""
    spacing = 2.0
    image = 0.02 * torch.exp(-((distance_map(96, spacing, 10, 5) / 30) ** 2))
    image += 0.02 * torch.exp(-((distance_map(96, spacing, -40, 18) / 12) ** 2))
    slices = []
    for kind in KINDS:
        scan = kind.covering(96, spacing, num_views=360)
        sinogram = forward_project(image[None], spacing, scan)
        slices.append(reconstruct(sinogram, 96, spacing, scan)[0])
    assert (slices[0] - slices[1]).abs().max() < 0.003 * 0.02
    for reconstructed in slices:
        assert (reconstructed - image).square().mean().sqrt() < 0.003 * 0.02


def test_ramp_response_is_the_absolute_frequency():
    """Cosines are multiplied by their frequency, far from the ends of the detector."""
    scan = ParallelBeam(1, 2001, 0.5)
    position = (torch.arange(2001) - 1000) * 0.5
    for frequency in (0.1, 0.4, 0.8):
        wave = torch.cos(2 * math.pi * frequency * position)
        filtered = ramp_filter(wave[None, None], scan)[0, 0]
        torch.testing.assert_close(
            filtered[900:1100], frequency * wave[900:1100], rtol=0, atol=0.003
        )


def test_ramp_filter_does_not_wrap_around():
    scan = ParallelBeam(1, 64, 1.0)
    impulse = torch.zeros(1, 1, 64)
    impulse[..., 0] = 1.0
    filtered = ramp_filter(impulse, scan)[0, 0]
    assert filtered[0].item() == pytest.approx(0.25, rel=1e-5)
    assert filtered[63].item() == pytest.approx(-1 / (math.pi * 63) ** 2, rel=1e-2)


def test_wrong_sinogram_is_refused():
    with pytest.raises(ValueError, match=r"give \(N, 8, 30\)"):
        reconstruct(torch.ones(1, 30, 8), 16, 1.0, ParallelBeam(8, 30, 1.0))
