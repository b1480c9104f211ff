"""Scanners by name: the field of view that their makers state, and noise as theory says."""

import pytest
import torch
from disk_phantom import distance_map, water_disk
from noise_theory import variance_at_the_centre

from lidnet_mm.simulation import (
    SCANNERS,
    FanBeam,
    ParallelBeam,
    photons_for_noise,
    simulate_low_dose,
)
from lidnet_mm.simulation.scanners import scan_geometry

NAMES = sorted(SCANNERS)
SIZE, SPACING, RADIUS = 48, 5.0, 90.0


@pytest.mark.parametrize("name", NAMES)
def test_field_of_view_is_the_500_mm_of_whole_body_scanners(name):
    """Four numbers of a scanner make its field of view: a wrong one would show."""
    assert SCANNERS[name].field_of_view == pytest.approx(500, rel=0.01)


@pytest.mark.parametrize("name", NAMES)
def test_views_share_their_tables(name):
    assert len(scan_geometry(name, 512, 0.7).symmetries()) == 8


@pytest.mark.parametrize(
    ("name", "channels"), [("siemens_definition_as", 736), ("ge_lightspeed_vct", 888)]
)
def test_slice_within_the_field_of_view_has_the_channels_of_the_scanner(name, channels):
    scan = scan_geometry(name, 500, 0.7)
    assert isinstance(scan, FanBeam)
    assert (scan.num_detectors, scan.num_views) == (channels, SCANNERS[name].num_views)
    assert scan.source_distance == SCANNERS[name].source_distance


@pytest.mark.parametrize("name", NAMES)
def test_corners_beyond_the_field_of_view_are_seen_by_added_channels(name):
    scan = scan_geometry(name, 512, 0.977)
    assert scan.num_detectors > SCANNERS[name].num_channels
    assert (scan.num_detectors - SCANNERS[name].num_channels) % 2 == 0
    assert scan.detector_pitch == SCANNERS[name].isocentre_pitch
    edge = torch.tensor([-256.0, 256.0]) * 0.977
    channel, _ = scan.locate(edge, edge, torch.arange(scan.num_views))
    assert channel.min() >= 0
    assert channel.max() <= scan.num_detectors - 1


def test_air_around_a_slice_changes_no_noise():
    """A square of 600 mm, for which the scanner gets more than 120 channels in addition."""
    small, large = (water_disk(size, SPACING, RADIUS) for size in (SIZE, 120))
    photons, scanner = 2e5, "ge_lightspeed_vct"
    assert scan_geometry(scanner, 120, SPACING).num_detectors > 888 + 120
    variances = []
    for disk in (small, large):
        noise = simulate_low_dose(
            disk.expand(4, -1, -1),
            SPACING,
            photons,
            scanner,
            generator=torch.Generator().manual_seed(3),
        )
        centre = distance_map(disk.shape[-1], SPACING) < 60
        variances.append((noise - disk)[:, centre].var().item())
    assert variances[1] == pytest.approx(variances[0], rel=0.12)


@pytest.mark.parametrize("name", ["siemens_definition_as", "ge_lightspeed_vct"])
def test_noise_is_that_of_theory(name):
    """A scanner's channels are finer than the pixels, so no formula for equal pitch serves."""
    disk = water_disk(SIZE, SPACING, RADIUS).expand(32, -1, -1)
    generator = torch.Generator().manual_seed(5)
    noisy = simulate_low_dose(disk, SPACING, 2e5, name, generator=generator)
    measured = (noisy - disk)[:, distance_map(SIZE, SPACING) < 25].square().mean().item()
    scan = scan_geometry(name, SIZE, SPACING)
    theory = variance_at_the_centre(scan, SIZE, SPACING, RADIUS, 2e5)
    assert measured == pytest.approx(theory, rel=0.08)


@pytest.mark.parametrize("name", ["siemens_definition_as_ffs", "ge_lightspeed_vct"])
def test_photons_give_the_wanted_noise(name):
    disk = water_disk(SIZE, SPACING, RADIUS)
    photons = photons_for_noise(disk, SPACING, 40.0, name)
    copies = disk.expand(4, -1, -1)
    generator = torch.Generator().manual_seed(5)
    noise = simulate_low_dose(copies, SPACING, photons.item(), name, generator=generator) - copies
    assert noise[copies > -500].square().mean().sqrt().item() == pytest.approx(40.0, rel=0.05)


def test_readings_of_a_flying_focal_spot_need_half_the_photons_each():
    disk = water_disk(SIZE, SPACING, RADIUS)
    plain = photons_for_noise(disk, SPACING, 40.0, "siemens_definition_as")
    flying = photons_for_noise(disk, SPACING, 40.0, "siemens_definition_as_ffs")
    torch.testing.assert_close(flying, plain / 2)


def test_ideal_beams_have_720_views_unless_told():
    assert scan_geometry("parallel", 64, 1.0) == ParallelBeam.covering(64, 1.0, 720)
    assert scan_geometry("fan", 64, 1.0, 48) == FanBeam.covering(64, 1.0, 48)


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (("siemens", 64, 1.0), "'siemens_definition_as'.*'ge_lightspeed_vct'"),
        (("ge_lightspeed_vct", 64, 1.0, 720), "has 984 views: leave it out"),
        (("ge_lightspeed_vct", 512, 1.5), "crop the slice"),
    ],
)
def test_errors_name_the_remedy(arguments, remedy):
    with pytest.raises(ValueError, match=remedy):
        scan_geometry(*arguments)
