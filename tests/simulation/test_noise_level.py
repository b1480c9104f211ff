"""Three ways to state a dose: photons, a wanted noise, a fraction of a full dose."""

import math

import pytest
import torch
from disk_phantom import rasterised_disk, water_disk

from lidnet_mm.simulation import dose_fraction, photons_for_noise, simulate_low_dose

SIZE, SPACING = 120, 2.5


@pytest.fixture(scope="module")
def thorax():
    """Water disk with two lungs and a spine (1, n, n) in HU: far from rotational symmetry."""
    image = water_disk(SIZE, SPACING, 130.0)[0]
    image -= 800 * rasterised_disk(SIZE, SPACING, 40.0, -60.0, 5.0)
    image -= 800 * rasterised_disk(SIZE, SPACING, 40.0, 60.0, 5.0)
    return (image + 700 * rasterised_disk(SIZE, SPACING, 15.0, 0.0, 70.0))[None]


def rms_noise(slices, photons, generator, **options):
    """Root mean square of the added noise over the body, in HU."""
    copies = slices.expand(8, -1, -1)
    noise = simulate_low_dose(copies, SPACING, photons, generator=generator, **options) - copies
    return noise[copies > -500].square().mean().sqrt().item()


@pytest.mark.parametrize("geometry", ["parallel", "fan"])
@pytest.mark.parametrize("electronic_noise", [0.0, 30.0])
@pytest.mark.parametrize("target", [15.0, 60.0])
def test_photons_give_the_wanted_noise(thorax, generator, geometry, electronic_noise, target):
    options = {"geometry": geometry, "electronic_noise": electronic_noise, "num_views": 160}
    photons = photons_for_noise(thorax, SPACING, target, **options)
    assert photons.shape == (1,)
    measured = rms_noise(thorax, photons.item(), generator, **options)
    assert measured == pytest.approx(target, rel=0.05)


def test_each_slice_has_its_own_target(thorax):
    batch = torch.cat((thorax, water_disk(SIZE, SPACING, 60.0)))
    photons = photons_for_noise(batch, SPACING, torch.tensor([20.0, 40.0]), num_views=80)
    alone = [
        photons_for_noise(batch[:1], SPACING, 20.0, num_views=80),
        photons_for_noise(batch[1:], SPACING, 40.0, num_views=80),
    ]
    torch.testing.assert_close(photons, torch.cat(alone))
    assert photons[0] > 10 * photons[1]


def test_photons_follow_noise_views_and_pitch(thorax):
    """``N0 ~ 1 / (sigma^2 M)`` without electronic noise."""
    base = photons_for_noise(thorax, SPACING, 20.0, num_views=160)
    torch.testing.assert_close(photons_for_noise(thorax, SPACING, 40.0, num_views=160), base / 4)
    torch.testing.assert_close(photons_for_noise(thorax, SPACING, 20.0, num_views=640), base / 4)


@pytest.mark.parametrize("fraction", [0.1, 0.25, 0.5])
def test_full_dose_noise_and_inserted_noise_make_the_fraction(fraction):
    """Variances of rays add up to ``1 / (f N) + sigma_e^2 / (f N)^2`` at every attenuation."""
    full, electronic = 2e5, 12.0
    inserted = dose_fraction(fraction, full, electronic)
    for transmission in (1.0, 0.1, 1e-3):

        def variance(photons, sigma, transmission=transmission):
            counts = photons * transmission
            return 1 / counts + (sigma / counts) ** 2

        total = variance(full, electronic) + variance(*inserted)
        assert total == pytest.approx(variance(fraction * full, electronic), rel=1e-9)


def test_inserted_noise_reaches_the_slice(generator):
    """A full-dose slice, made a quarter dose, is as noisy as a quarter-dose scan."""
    disk = water_disk(96, SPACING, 90.0).expand(16, -1, -1)
    body = disk > -500
    options = {"num_views": 120, "generator": generator}
    full = simulate_low_dose(disk, SPACING, 4e5, **options)
    photons, electronic = dose_fraction(0.25, 4e5)
    made = simulate_low_dose(full, SPACING, photons, electronic_noise=electronic, **options)
    taken = simulate_low_dose(disk, SPACING, 1e5, **options)
    ratio = (made - disk)[body].std() / (taken - disk)[body].std()
    assert ratio.item() == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize(
    ("call", "remedy"),
    [
        (lambda: photons_for_noise(torch.full((1, 8, 8), -1000.0), 1.0, 20.0), r"slices \[0\]"),
        (lambda: photons_for_noise(torch.zeros(1, 8, 8), 1.0, 0.0), "noise_hu.*above 0 HU"),
        (lambda: photons_for_noise(torch.zeros(1, 8, 8), -1.0, 20.0), "in mm"),
        (lambda: photons_for_noise(torch.zeros(8, 8), 1.0, 20.0), r"\(N, H, W\)"),
        (lambda: dose_fraction(1.0, 1e6), "below 1"),
        (lambda: dose_fraction(0.0, 1e6), "above 0"),
        (lambda: dose_fraction(0.5, math.inf), "full_dose_photons"),
        (lambda: dose_fraction(0.5, 1e6, -2.0), "electronic_noise"),
    ],
)
def test_errors_name_the_remedy(call, remedy):
    with pytest.raises(ValueError, match=remedy):
        call()
