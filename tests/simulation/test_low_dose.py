"""Noise of simulated low-dose slices against theory."""

import math

import numpy as np
import pytest
import torch
from disk_phantom import closed_form_sigma, distance_map, water_disk

from lidnet_mm.simulation import FanBeam, ParallelBeam, simulate_low_dose

SIZE, SPACING, RADIUS, VIEWS = 96, 2.0, 75.0, 160
GEOMETRIES = ["parallel", "fan"]


def noise_of(slices, photons, generator=None, **options):
    """Added noise (N, H, W) in HU."""
    options = {"num_views": VIEWS, "generator": generator, **options}
    return simulate_low_dose(slices, SPACING, photons, **options) - slices


@pytest.fixture(scope="module")
def disk():
    return water_disk(SIZE, SPACING, RADIUS)


@pytest.fixture(scope="module")
def body():
    return distance_map(SIZE, SPACING) < RADIUS - 6


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_sigma_falls_with_the_root_of_the_photons(disk, body, generator, geometry):
    """Slope -1/2 on a log-log plot, and no bias, while 500 photons and more arrive."""
    photons = [1e4, 3e4, 1e5, 1e6]
    sigma = []
    for n0 in photons:
        noise = noise_of(disk.expand(16, -1, -1), n0, generator, geometry=geometry)[:, body]
        sigma.append(noise.std().item())
        assert abs(noise.mean()) < 2.0
    slope = np.polyfit(np.log(photons), np.log(sigma), 1)[0]
    assert slope == pytest.approx(-0.5, abs=0.02)


@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("spacing", [1.5, 3.0])
def test_sigma_at_the_centre_is_the_closed_form(generator, geometry, spacing):
    """For either pitch; a fan sees each line of the centre from both sides, as M of 180."""
    size, views, photons = int(192 / spacing), 120, 2e5
    disk = water_disk(size, spacing, RADIUS).expand(24, -1, -1)
    noisy = simulate_low_dose(
        disk, spacing, photons, geometry, num_views=views, generator=generator
    )
    centre = distance_map(size, spacing) < 15
    counts = photons * math.exp(-0.0192 * 2 * RADIUS)
    expected = closed_form_sigma(spacing, views, counts)
    assert (noisy - disk)[:, centre].std().item() == pytest.approx(expected, rel=0.08)


def test_quoted_noise_of_301_mm_water(generator):
    """97 HU at 1e5 photons, 0.7 mm and 720 views, as the design page quotes."""
    assert closed_form_sigma(0.7, 720, 1e5 * math.exp(-0.0192 * 301)) == pytest.approx(97, abs=1)
    disk = water_disk(440, 0.7, 150.5)
    noise = simulate_low_dose(disk, 0.7, 1e5, generator=generator) - disk
    centre = distance_map(440, 0.7) < 25
    assert noise[0, centre].std().item() == pytest.approx(97, rel=0.1)


def test_noise_power_is_a_ramp(generator):
    """Proportional to ``f sinc(f)^4``, ramp and interpolation, and nothing at 0 but leakage."""
    disk = water_disk(128, 1.5, RADIUS).expand(40, -1, -1)
    noisy = simulate_low_dose(disk, 1.5, 1e5, num_views=200, generator=generator)
    taper = torch.hann_window(64, periodic=False)
    noise = (noisy - disk)[:, 32:96, 32:96] * taper * taper[:, None]
    power = torch.fft.fft2(noise).abs().square().mean(0)
    axis = torch.fft.fftfreq(64)
    frequency = torch.hypot(axis, axis[:, None])

    def ring(f):
        return power[(frequency - f).abs() < 0.02].mean().item()

    peak = max(ring(f) for f in np.arange(0.05, 0.5, 0.02))
    assert power[0, 0] < 0.1 * peak
    expected = 2 * (np.sinc(0.2) / np.sinc(0.1)) ** 4
    assert ring(0.2) / ring(0.1) == pytest.approx(expected, rel=0.15)


def test_electronic_noise_adds_its_variance(disk, generator):
    """At the centre the variance is multiplied by ``1 + sigma_e^2 / Nc``."""
    slices = disk.expand(24, -1, -1)
    centre = distance_map(SIZE, SPACING) < 20
    photons, electronic = 2e4, 40.0
    counts = photons * math.exp(-0.0192 * 2 * RADIUS)
    quantum = noise_of(slices, photons, generator)[:, centre].var()
    both = noise_of(slices, photons, generator, electronic_noise=electronic)[:, centre].var()
    assert (both / quantum).item() == pytest.approx(1 + electronic**2 / counts, rel=0.1)


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_one_generator_state_gives_one_noise(disk, geometry):
    def run(seed):
        return noise_of(disk, 1e5, torch.Generator().manual_seed(seed), geometry=geometry)

    assert torch.equal(run(1), run(1))
    assert not torch.equal(run(1), run(2))


def test_batch_equals_single_slices():
    """With a generator a slice, and photons a slice; H and W differ and are odd."""
    slices = torch.stack([water_disk(64, 2.0, 40.0 + 5 * k)[0, :51] for k in range(5)])
    photons = torch.tensor([1e4, 2e4, 4e4, 8e4, 1e5])
    batch = noise_of(slices, photons, [torch.Generator().manual_seed(k) for k in range(5)])
    for k in range(5):
        single = noise_of(slices[k : k + 1], photons[k].item(), torch.Generator().manual_seed(k))
        torch.testing.assert_close(batch[k : k + 1], single, rtol=1e-3, atol=0.02)


def test_oblong_slice_is_the_middle_of_its_square(disk):
    """Rows of air above and below change nothing."""
    square = disk.clone()
    square[:, :18], square[:, -18:] = -1000, -1000
    noise = noise_of(square, 1e5, torch.Generator().manual_seed(4))
    oblong = noise_of(square[:, 18:-18], 1e5, torch.Generator().manual_seed(4))
    torch.testing.assert_close(oblong, noise[:, 18:-18])


def test_reference_survives_a_scan_without_noise(generator):
    """Only noise is reconstructed: texture and HU below -1000 are neither blurred nor clipped."""
    texture = torch.randn(1, 50, 50, generator=generator) * 400
    clean = simulate_low_dose(texture, 1.0, 1e14, num_views=64, generator=generator)
    torch.testing.assert_close(clean, texture, rtol=0, atol=0.05)


def test_a_geometry_of_ones_own_is_used(disk):
    own = ParallelBeam.covering(SIZE, SPACING, VIEWS)
    named = noise_of(disk, 1e5, torch.Generator().manual_seed(5))
    given = noise_of(disk, 1e5, torch.Generator().manual_seed(5), geometry=own, num_views=7)
    assert torch.equal(named, given)
    far = FanBeam.covering(SIZE, SPACING, VIEWS, source_distance=1000.0)
    assert torch.isfinite(noise_of(disk, 1e5, geometry=far)).all()


def test_integer_slices_and_row_column_spacing_are_taken(disk):
    noisy = simulate_low_dose(disk.to(torch.int16), (2.0, 2.0), 1e5, num_views=32)
    assert noisy.dtype == torch.float32
    assert noisy.shape == disk.shape


@pytest.mark.parametrize(
    ("change", "remedy"),
    [
        ({"ndct_hu": torch.zeros(8, 8)}, r"image\[None\]"),
        ({"ndct_hu": torch.zeros(0, 8, 8)}, r"\(N, H, W\)"),
        ({"ndct_hu": torch.full((2, 8, 8), math.nan)}, r"slices \[0, 1\].*replace"),
        ({"ndct_hu": torch.full((1, 8, 8), math.inf)}, "replace"),
        ({"pixel_spacing": 0.0}, "in mm"),
        ({"pixel_spacing": (1.0, math.nan)}, "in mm"),
        ({"pixel_spacing": (1.0, 1.0, 5.0)}, r"\(row, column\)"),
        ({"pixel_spacing": (0.7, 0.9)}, "not square: resample"),
        ({"incident_photons": 0.0}, "incident_photons.*above 0"),
        ({"incident_photons": math.inf}, "incident_photons.*finite"),
        ({"incident_photons": torch.ones(3)}, "one for each of the 2 slices"),
        ({"geometry": "helical"}, "'parallel', 'fan'"),
        ({"num_views": 0}, "num_views"),
        ({"electronic_noise": -1.0}, "electronic_noise"),
        ({"mu_water": 0.0}, "mu_water"),
        ({"generator": [torch.Generator()]}, "list of 1 for 2 slices"),
        ({"geometry": "fan", "pixel_spacing": 200.0}, "crop the slice"),
        ({"geometry": ParallelBeam(8, 4, 1.0)}, r"ParallelBeam\.covering"),
    ],
)
def test_errors_name_the_remedy(change, remedy):
    options = {
        "ndct_hu": torch.zeros(2, 8, 8),
        "pixel_spacing": 1.0,
        "incident_photons": 1e5,
        "num_views": 8,
    }
    with pytest.raises(ValueError, match=remedy):
        simulate_low_dose(**{**options, **change})


def test_an_array_is_refused_with_the_conversion():
    with pytest.raises(TypeError, match=r"torch\.from_numpy"):
        simulate_low_dose(np.zeros((1, 8, 8)), 1.0, 1e5)
