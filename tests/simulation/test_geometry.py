"""Scans cover the slice, and turned slices are seen by other views of the same scan."""

import math

import pytest
import torch

from lidnet_mm.simulation import FanBeam, ParallelBeam, forward_project
from lidnet_mm.simulation.scanners import scan_geometry


@pytest.mark.parametrize("kind", [ParallelBeam, FanBeam])
@pytest.mark.parametrize("size", [1, 31, 200])
def test_every_view_sees_the_corners(kind, size):
    scan = kind.covering(size, 1.3, num_views=16)
    corner = math.sqrt(0.5) * size * 1.3
    assert scan.radius >= corner
    edge = torch.tensor([-size / 2, size / 2]) * 1.3
    channel, _ = scan.locate(edge, edge, torch.arange(16))
    assert channel.min() >= 0
    assert channel.max() <= scan.num_detectors - 1


@pytest.mark.parametrize("kind", [ParallelBeam, FanBeam])
def test_pixel_lies_on_the_ray_of_its_channel(kind):
    """`locate` and `rays` describe one scan: the channel found has a ray through the pixel."""
    scan = kind(10, 401, 0.9)
    x, y = torch.tensor([35.0]), torch.tensor([-50.0])
    views = torch.arange(10)
    channel = scan.locate(x, y, views)[0].flatten().double()
    phi, distance = (part.expand(10, 401) for part in scan.rays(views))
    lower = channel.long()[:, None]
    fraction = channel[:, None] - lower
    blend = [
        values.gather(1, lower) * (1 - fraction) + values.gather(1, lower + 1) * fraction
        for values in (phi, distance)
    ]
    error = 35.0 * blend[0].cos() - 50.0 * blend[0].sin() - blend[1]
    assert error.abs().max() < 1e-3


def test_fan_weight_is_the_inverse_squared_distance_from_the_source():
    scan = FanBeam(4, 401, 1.0, source_distance=500.0)
    _, weight = scan.locate(torch.tensor([30.0]), torch.tensor([40.0]), torch.arange(4))
    angle = (torch.arange(4) + 0.5) * math.pi / 2
    source = torch.stack((-angle.sin(), angle.cos())) * 500
    expected = 1 / ((source[0] - 30) ** 2 + (source[1] - 40) ** 2)
    torch.testing.assert_close(weight.flatten(), expected, rtol=1e-4, atol=0)


def test_fan_rays_start_at_the_source():
    scan = FanBeam(8, 101, 2.0, source_distance=400.0)
    phi, distance = scan.rays(torch.arange(8))
    angle = ((torch.arange(8).double() + 0.5) * math.pi / 4)[:, None]
    passed = -400 * angle.sin() * phi.cos() + 400 * angle.cos() * phi.sin()
    torch.testing.assert_close(passed, distance.expand_as(passed))


@pytest.mark.parametrize(
    ("kind", "views", "copies"),
    [
        (ParallelBeam, 48, 4),
        (ParallelBeam, 44, 4),
        (ParallelBeam, 46, 1),
        (FanBeam, 48, 8),
        (FanBeam, 44, 4),
        (FanBeam, 45, 1),
    ],
)
def test_symmetries_use_every_view_once(kind, views, copies):
    symmetries = kind(views, 10, 1.0).symmetries()
    assert len(symmetries) == copies
    used = torch.cat([symmetry.views for symmetry in symmetries])
    assert used.sort().values.tolist() == list(range(views))


@pytest.mark.parametrize("kind", [ParallelBeam, FanBeam])
@pytest.mark.parametrize("count", [12, 16])
def test_turned_slice_has_the_projections_of_the_named_views(kind, count):
    image = torch.rand(1, 24, 24, generator=torch.Generator().manual_seed(3))
    scan = kind.covering(24, 1.0, num_views=count)
    reference = forward_project(image, 1.0, scan)
    for symmetry in scan.symmetries():
        turned = forward_project(symmetry.apply(image), 1.0, scan)
        views = reference[:, symmetry.views]
        views = views.flip(-1) if symmetry.reversed_detector else views
        torch.testing.assert_close(turned[:, : views.shape[1]], views, rtol=1e-4, atol=1e-4)


def test_undo_is_the_inverse_of_apply():
    image = torch.rand(2, 5, 5)
    for symmetry in FanBeam(8, 10, 1.0).symmetries():
        assert torch.equal(symmetry.undo(symmetry.apply(image)), image)


@pytest.mark.parametrize(
    ("make", "remedy"),
    [
        (lambda: ParallelBeam(0, 10, 1.0), "at least 1"),
        (lambda: ParallelBeam(10, 1, 1.0), "at least 2"),
        (lambda: ParallelBeam(10, 10, 0.0), "above 0 mm"),
        (lambda: ParallelBeam.covering(10, float("nan")), "above 0 mm"),
        (lambda: FanBeam(10, 10, -1.0), "above 0 mm"),
        (lambda: FanBeam(10, 10, 1.0, source_distance=0.0), "above 0 mm"),
        (lambda: FanBeam(10, 2000, 1.0, source_distance=600.0), "fewer channels"),
        (lambda: FanBeam.covering(512, 2.0), "crop the slice"),
        (lambda: scan_geometry("cone", 10, 1.0, 8), "'parallel', 'fan'"),
    ],
)
def test_errors_name_the_remedy(make, remedy):
    with pytest.raises(ValueError, match=remedy):
        make()
