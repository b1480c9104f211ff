"""Line integrals against closed forms and skimage; back-projection as their transpose."""

import warnings

import numpy as np
import pytest
import torch
from disk_phantom import chords, rasterised_disk
from skimage.transform import radon

from lidnet_mm.simulation import (
    FanBeam,
    ParallelBeam,
    back_project,
    forward_project,
    reconstruct,
)

KINDS = [ParallelBeam, FanBeam]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("spacing", "radius"), [(0.7, 30.0), (1.5, 60.0)])
def test_disk_has_its_chord_lengths_in_mm(kind, spacing, radius):
    scan = kind.covering(128, spacing, num_views=64)
    disk = rasterised_disk(128, spacing, radius, x=9.0, y=-6.0)[None]
    projected = forward_project(disk, spacing, scan)[0]
    expected = chords(scan, radius, x=9.0, y=-6.0).float()
    assert (projected - expected).square().mean().sqrt() < 0.005 * expected.max()
    inside = expected > radius
    torch.testing.assert_close(projected[inside], expected[inside], rtol=0.02, atol=0)


def test_line_integrals_scale_with_the_pixel():
    image = torch.rand(1, 20, 20)
    small = forward_project(image, 0.5, ParallelBeam.covering(20, 0.5, 8))
    large = forward_project(image, 2.0, ParallelBeam.covering(20, 2.0, 8))
    torch.testing.assert_close(large, 4 * small)


def test_agrees_with_skimage():
    """On a smooth image; skimage turns the slice the other way, about pixel n // 2."""
    size, views = 101, 24
    image = _smooth(size)
    scan = ParallelBeam(views, size, 1.0)
    ours = forward_project(image[None], 1.0, scan)[0]
    theta = -(np.arange(views) + 0.5) * 180 / views
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = torch.from_numpy(radon(image.numpy(), theta, circle=True).T.copy())
    error = (ours - theirs).abs().max()
    assert error < 0.01 * theirs.max()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [32, 33])
@pytest.mark.parametrize("extra", [0, 1])
def test_symmetric_views_equal_those_computed_alone(kind, size, extra, monkeypatch):
    """Shared tables are a matter of speed: without them the numbers are the same."""
    covering = kind.covering(size, 1.2, 16)
    scan = kind(16, covering.num_detectors + extra, 1.2)
    image = torch.rand(2, size, size)
    sinogram = torch.rand(2, 16, scan.num_detectors)
    shared = forward_project(image, 1.2, scan), back_project(sinogram, size, 1.2, scan)
    identity = type(scan.symmetries()[0])(0, False, torch.arange(16), False)
    monkeypatch.setattr(kind, "symmetries", lambda self: [identity])
    monkeypatch.setattr(kind, "half_turn_reverses", False)
    torch.testing.assert_close(shared[0], forward_project(image, 1.2, scan), rtol=1e-4, atol=1e-3)
    alone = back_project(sinogram, size, 1.2, scan)
    torch.testing.assert_close(shared[1], alone, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("views", [16, 18])
def test_batch_equals_single_slices(kind, views):
    image = torch.rand(6, 30, 30)
    scan = kind.covering(30, 1.0, views)
    sinogram = forward_project(image, 1.0, scan)
    slices = back_project(sinogram, 30, 1.0, scan)
    for number in range(6):
        single = forward_project(image[number : number + 1], 1.0, scan)
        torch.testing.assert_close(single, sinogram[number : number + 1])
        back = back_project(single, 30, 1.0, scan)
        torch.testing.assert_close(back, slices[number : number + 1], rtol=1e-4, atol=1e-4)


def test_back_projection_is_nearly_the_transpose():
    """``<A x, y> = <x, A^T y>`` for smooth x and y, up to the two interpolations."""
    size, spacing = 64, 1.5
    image = _smooth(size)[None]
    scan = ParallelBeam.covering(size, spacing, 40)
    views, channels = torch.meshgrid(torch.arange(40), torch.arange(scan.num_detectors))
    sinogram = (2 + torch.sin(channels / 9.0) + torch.cos(views / 5.0))[None]
    left = (forward_project(image, spacing, scan) * sinogram).sum()
    right = (image * back_project(sinogram, size, spacing, scan)).sum() * spacing
    assert abs(left / right - 1) < 2e-3


def test_weight_power_squares_the_distance_weight():
    scan = FanBeam.covering(16, 1.0, 8)
    ones = torch.ones(1, 8, scan.num_detectors)
    centre = torch.arange(16) - 7.5
    _, weight = scan.locate(centre, centre, torch.arange(8))
    squared = back_project(ones, 16, 1.0, scan, weight_power=2)[0]
    torch.testing.assert_close(squared, weight.square().sum(-1), rtol=1e-4, atol=0)


def test_projects_in_double_precision_too():
    scan = ParallelBeam.covering(20, 1.0, 8)
    image = torch.rand(1, 20, 20)
    double = forward_project(image.double(), 1.0, scan)
    assert double.dtype == torch.float64
    torch.testing.assert_close(double.float(), forward_project(image, 1.0, scan))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("views", [15, 16])
def test_stays_on_the_device_of_the_slices(kind, views):
    """Meta tensors refuse to meet tensors of another device, as a GPU's do."""
    scan = kind.covering(20, 1.0, views)
    image = torch.empty(2, 20, 20, device="meta")
    slices = reconstruct(forward_project(image, 1.0, scan), 20, 1.0, scan)
    assert slices.device.type == "meta"
    assert slices.shape == image.shape


@pytest.mark.gpu
@pytest.mark.parametrize("kind", KINDS)
def test_gpu_equals_cpu(kind):
    scan = kind.covering(40, 1.0, 32)
    image = torch.rand(3, 40, 40)
    cpu = forward_project(image, 1.0, scan)
    gpu = forward_project(image.cuda(), 1.0, scan)
    torch.testing.assert_close(gpu.cpu(), cpu, rtol=1e-4, atol=1e-4)
    back = reconstruct(gpu, 40, 1.0, scan).cpu()
    torch.testing.assert_close(back, reconstruct(cpu, 40, 1.0, scan), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    ("call", "remedy"),
    [
        (lambda: forward_project(torch.ones(1, 4, 5), 1.0, ParallelBeam(4, 9, 1.0)), "padded"),
        (lambda: forward_project(torch.ones(4, 4), 1.0, ParallelBeam(4, 9, 1.0)), r"\(N, n, n\)"),
        (
            lambda: back_project(torch.ones(1, 4, 9), 16, 1.0, ParallelBeam(4, 9, 1.0)),
            r"ParallelBeam\.covering",
        ),
        (
            lambda: back_project(torch.ones(1, 5, 9), 4, 1.0, ParallelBeam(4, 9, 1.0)),
            r"\(N, 4, 9\)",
        ),
    ],
)
def test_errors_name_the_remedy(call, remedy):
    with pytest.raises(ValueError, match=remedy):
        call()


def _smooth(size):
    """Two broad blobs, zero near the edge: (n, n)."""
    axis = torch.linspace(-1, 1, size)
    y, x = axis[:, None], axis
    blobs = torch.exp(-((x - 0.2) ** 2 + (y + 0.1) ** 2) / 0.04)
    return blobs + 0.5 * torch.exp(-((x + 0.3) ** 2 + (y - 0.25) ** 2) / 0.02)
