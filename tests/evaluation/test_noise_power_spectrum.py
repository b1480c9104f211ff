"""Noise power spectra against closed forms."""

import math

import numpy as np
import pytest
import torch
from scipy import ndimage

from lidnet_mm.evaluation.noise_power_spectrum import (
    NoiseSpectrum,
    noise_power_spectrum,
    soft_tissue_patches,
    without_trend,
)
from lidnet_mm.simulation import simulate_low_dose

SPACING = (0.8, 0.8)
SIDE = 25
RING = 0.05


def white(count, sigma=20.0, shape=(SIDE, SIDE), seed=0):
    """White noise (N, h, w) of a standard deviation in HU."""
    return np.random.default_rng(seed).normal(0, sigma, (count, *shape))


@pytest.mark.parametrize("spacing", [(0.8, 0.8), (0.6, 1.1)])
def test_white_noise_is_flat_at_variance_times_pixel(spacing):
    """``sigma² dx dy`` at all frequencies but the lowest, which the trend takes."""
    spectrum = NoiseSpectrum.of(white(1500), spacing, RING)
    inside = (spectrum.frequency > 0.12) & (spectrum.frequency < 0.5 / max(spacing) - RING)
    assert inside.sum() >= 6
    assert spectrum.nps[inside] == pytest.approx(400 * math.prod(spacing), rel=0.03)
    assert spectrum.std == pytest.approx(20, rel=0.02)
    assert spectrum.mean_frequency == pytest.approx((0.5 / max(spacing) + 1.5 * RING) / 2, rel=0.02)


def test_integral_over_both_frequencies_is_the_variance():
    """Parseval, exactly: of the patches without their trend."""
    patches = white(7, shape=(24, 31))
    nps = noise_power_spectrum(patches, (0.6, 0.9))
    integral = nps.sum() / (24 * 0.6) / (31 * 0.9)
    assert integral == pytest.approx((without_trend(patches) ** 2).mean(), rel=1e-12)
    spectrum = NoiseSpectrum.of(patches, (0.6, 0.9), RING)
    assert spectrum.std**2 == pytest.approx(integral, rel=1e-12)


def test_filtered_noise_has_the_square_of_the_filter():
    """White noise through a Gaussian of s mm: ``exp(-(2 pi s f)²)`` times the white spectrum."""
    s = 0.7
    noise = ndimage.gaussian_filter(white(1, shape=(1500, 1500))[0], s / 0.8, truncate=6)
    patches = noise.reshape(60, SIDE, 60, SIDE).swapaxes(1, 2).reshape(-1, SIDE, SIDE)
    spectrum = NoiseSpectrum.of(patches, SPACING, RING)
    f = spectrum.frequency
    expected = 400 * 0.64 * np.exp(-((2 * np.pi * s * f) ** 2))
    part = (f > 0.12) & (f < 0.33)  # beyond, what leaks out of a square's edges is stronger
    assert spectrum.nps[part] == pytest.approx(expected[part], rel=0.1)
    fine = np.linspace(1.5 * RING, 0.6, 1000)
    weight = np.exp(-((2 * np.pi * s * fine) ** 2))
    assert spectrum.mean_frequency == pytest.approx(fine @ weight / weight.sum(), rel=0.1)


def test_back_projected_noise_peaks_where_theory_says():
    """Ramp times the linear interpolations' ``sinc^4``: peak at 0.26 of 1 / pitch."""
    spacing, size = 1.0, 128
    disk = torch.full((12, size, size), -1000.0)
    axis = torch.arange(size) - (size - 1) / 2
    disk[:, torch.hypot(axis, axis[:, None]) < 60] = 0.0
    generator = torch.Generator().manual_seed(1)
    noisy = simulate_low_dose(disk, spacing, 1e5, num_views=240, generator=generator)
    noise = (noisy - disk).double().numpy()
    places = soft_tissue_patches(disk[0].numpy(), (spacing, spacing))
    patches = np.array([slice_[place] for slice_ in noise for place in places])
    spectrum = NoiseSpectrum.of(patches, (spacing, spacing), RING)
    axis = np.linspace(0.01, 0.5, 500)
    theory = axis * np.sinc(axis * spacing) ** 4
    peak = spectrum.frequency[np.nanargmax(spectrum.nps)]
    assert peak == pytest.approx(axis[theory.argmax()], abs=0.06)
    part = axis >= 1.5 * RING
    mean = (axis * theory)[part].sum() / theory[part].sum()
    assert spectrum.mean_frequency == pytest.approx(mean, rel=0.04)


def test_trend_of_second_order_is_no_noise():
    row, column = np.mgrid[:20, :30]
    patch = 3.0 + row - 2 * column + 0.1 * row * column + 0.03 * row**2 - 0.01 * column**2
    assert np.abs(without_trend(patch[None])).max() < 1e-9
    assert np.abs(without_trend(patch[None] + 0.001 * row**3)).max() > 0.1


def test_slices_add_up_as_if_all_patches_were_of_one():
    patches = white(40)
    parts = [NoiseSpectrum.of(part, SPACING, RING) for part in (patches[:10], patches[10:])]
    total, whole = parts[0] + parts[1], NoiseSpectrum.of(patches, SPACING, RING)
    np.testing.assert_allclose(total.nps, whole.nps, rtol=1e-12)
    assert total.std == pytest.approx(whole.std, rel=1e-12)
    assert total.patches == 40


def test_beyond_its_nyquist_frequency_a_coarse_slice_says_nothing():
    """The mean of coarse and fine slices is that of the fine alone there, not half of it."""
    fine = NoiseSpectrum.of(white(50, shape=(40, 40)), (0.5, 0.5), RING)
    both = fine + NoiseSpectrum.of(white(50, seed=1), SPACING, RING)
    beyond = fine.frequency > 0.66
    np.testing.assert_allclose(both.nps[beyond], fine.nps[beyond])
    assert np.isnan(both.nps[both.frequency > 1.03]).all()


def test_spectra_of_other_rings_do_not_add_up():
    with pytest.raises(ValueError, match=r"0\.05 and 0\.1"):
        NoiseSpectrum.of(white(2), SPACING, 0.05) + NoiseSpectrum.of(white(2), SPACING, 0.1)


def test_patches_lie_in_soft_tissue_and_are_the_same_each_time():
    axis = np.arange(200) * 0.8 - 80
    radius = np.hypot(axis[:, None], axis[None, :])
    ndct = np.where(radius < 70, 30.0, -1000.0)
    ndct[80:110, 80:110] = 900  # bone
    ndct += np.random.default_rng(0).normal(0, 20, ndct.shape)
    places = soft_tissue_patches(ndct, SPACING)
    assert places == soft_tissue_patches(ndct, SPACING)
    assert len(places) > 40
    for place in places:
        assert radius[place].max() < 70
        assert abs(ndct[place].mean() - 30) < 5
    other = ndct + np.random.default_rng(1).normal(0, 10, ndct.shape)
    assert soft_tissue_patches(other, SPACING) == places


@pytest.mark.parametrize(
    ("reference", "spacing"),
    [
        (np.full((200, 200), -1000.0), SPACING),  # no body
        (np.full((24, 200), 30.0), SPACING),  # a patch does not fit
        (np.full((40, 40), 30.0), (3.0, 3.0)),  # 7 pixels a patch
    ],
)
def test_without_a_patch_there_is_no_spectrum(reference, spacing):
    assert soft_tissue_patches(reference, spacing) == []
    spectrum = NoiseSpectrum.of(np.zeros((0,)), spacing, RING)
    assert math.isnan(spectrum.std)
    assert math.isnan(spectrum.mean_frequency)
    assert np.isnan(spectrum.nps).all()
