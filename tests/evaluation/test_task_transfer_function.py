"""Sharpness of disks with a Gaussian point spread function: ``exp(-2 pi² s² f²)``."""

import functools
import operator

import numpy as np
import pytest
from edge_phantom import HALF, blurred_disk
from scipy.special import ndtr

from lidnet_mm.evaluation.edge_points import EDGE_KINDS, find_edges
from lidnet_mm.evaluation.task_transfer_function import (
    BIN_MM,
    FREQUENCY,
    EdgeSpread,
    frequency_at_half,
    transfer_function,
)

CONTRASTS = {"air": (-1000.0, 40.0), "soft": (-90.0, 50.0)}
SPACINGS = [(0.7, 0.7), (0.98, 0.98), (0.6, 1.0)]


def spread_of(kind, spacing, reference, *images):
    """Edge spread functions of images on the edges of a reference."""
    return EdgeSpread.of(images, spacing, find_edges(reference, spacing).of_kind(EDGE_KINDS[kind]))


def half_of(kind, spacing, reference, *images):
    """f50 of images."""
    transfers = spread_of(kind, spacing, reference, *images).transfer_functions()
    return [frequency_at_half(transfer) for transfer in transfers]


@pytest.mark.parametrize("kind", CONTRASTS)
@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("sigma", [0.45, 0.7, 1.1])
def test_function_of_a_gaussian_blur(kind, spacing, sigma):
    disk = blurred_disk(sigma, spacing, *CONTRASTS[kind])
    (transfer,) = spread_of(kind, spacing, disk, disk).transfer_functions()
    assert transfer[0] == pytest.approx(1)
    assert np.abs(transfer - np.exp(-2 * (np.pi * sigma * FREQUENCY) ** 2)).max() < 0.05
    assert frequency_at_half(transfer) == pytest.approx(HALF / sigma, rel=0.03)


def test_bins_take_nothing_away():
    """Means over bins of an error function, and their differences: a sinc each, given back."""
    bounds = np.arange(-50, 51) * BIN_MM / 0.35
    integral = bounds * ndtr(bounds) + np.exp(-(bounds**2) / 2) / np.sqrt(2 * np.pi)
    transfer = transfer_function(np.diff(integral) / np.diff(bounds))
    np.testing.assert_allclose(transfer, np.exp(-2 * (np.pi * 0.35 * FREQUENCY) ** 2), atol=2e-3)


def test_sides_of_the_reference_are_0_and_1_whatever_their_contrast():
    spreads = []
    for contrast in ((-90, 50), (-40, 130)):
        disk = blurred_disk(0.5, (0.7, 0.7), *contrast)
        spreads.append(spread_of("soft", (0.7, 0.7), disk, disk))
    total = spreads[0] + spreads[1]
    (values,) = total.sums / total.weights
    assert values[:15] == pytest.approx(0, abs=0.02)
    assert values[-15:] == pytest.approx(1, abs=0.02)


def test_what_lies_beside_the_end_of_an_edge_does_not_count():
    """Points of the right half only: the left half of the image may be anything."""
    spacing = (0.7, 0.7)
    disk = blurred_disk(0.6, spacing, -90, 50)
    edges = find_edges(disk, spacing)
    right = edges.chosen(edges.place[:, 1] > 75)
    other = disk.copy()
    other[:, : int(73 / 0.7)] = 1000
    spread = EdgeSpread.of([disk, other], spacing, right)
    assert spread.points > 100
    np.testing.assert_array_equal(spread.sums[0], spread.sums[1])


@pytest.mark.parametrize("factor", [0.7, 0.85, 1.2, 1.5])
def test_sharper_and_blurrier_images_have_the_ratio_of_their_blurs(factor):
    spacing, sigma = (0.7, 0.7), 0.7
    reference, image = (blurred_disk(s, spacing, -90, 50) for s in (sigma, factor * sigma))
    own, other = half_of("soft", spacing, reference, reference, image)
    assert other / own == pytest.approx(1 / factor, rel=0.03)


def test_noise_does_not_bias_f50():
    """30 HU on edges of 140 HU, over 24 slices as a test set has them, and sharpened alike."""
    spacing, sigma = (0.7, 0.7), 0.7
    disk = blurred_disk(sigma, spacing, -90, 50)
    edges = find_edges(disk, spacing).of_kind(EDGE_KINDS["soft"])
    rng = np.random.default_rng(0)
    noisy = (disk + rng.normal(0, 30, disk.shape) for _ in range(24))
    total = functools.reduce(operator.add, (EdgeSpread.of([n], spacing, edges) for n in noisy))
    (transfer,) = total.transfer_functions()
    assert frequency_at_half(transfer) == pytest.approx(HALF / sigma, rel=0.03)


def test_noise_of_one_slice_does_not_bias_f50_of_air():
    spacing, sigma = (0.7, 0.7), 0.7
    disk = blurred_disk(sigma, spacing)
    noisy = [disk + np.random.default_rng(k).normal(0, 30, disk.shape) for k in range(8)]
    found = half_of("air", spacing, disk, *noisy)
    assert np.mean(found) == pytest.approx(HALF / sigma, rel=0.02)
    assert np.std(found) < 0.03 * HALF / sigma


def test_noise_of_the_reference_biases_the_ratio_little():
    """Edges are found on a noisy NDCT: an image without its noise may look 4 % blurrier."""
    spacing, sigma = (0.7, 0.7), 0.7
    disk = blurred_disk(sigma, spacing, -90, 50)
    totals = []
    for seed in range(16):
        reference = disk + np.random.default_rng(seed).normal(0, 10, disk.shape)
        totals.append(spread_of("soft", spacing, reference, disk, reference))
    transfers = functools.reduce(operator.add, totals).transfer_functions()
    clean, noisy = (frequency_at_half(transfer) for transfer in transfers)
    assert 0.96 < clean / noisy < 1.01


def test_a_constant_and_a_factor_change_nothing():
    """A denoiser that is off by 20 HU and shows less contrast is as sharp."""
    spacing = (0.7, 0.7)
    disk = blurred_disk(0.7, spacing, -90, 50)
    plain, other = spread_of("soft", spacing, disk, disk, 0.8 * disk - 20).transfer_functions()
    np.testing.assert_allclose(other, plain, atol=0.01)
    assert frequency_at_half(other) == pytest.approx(frequency_at_half(plain), rel=0.005)


def test_contrast_is_that_of_the_disk():
    disk = blurred_disk(0.5, (0.7, 0.7), -90, 50)
    assert spread_of("soft", (0.7, 0.7), disk, disk).mean_contrast == pytest.approx(140, rel=0.02)


def test_too_few_points_have_no_function():
    """100 points: a disk of 25 mm; several such together have one."""
    spacing, shape = (0.7, 0.7), (64, 64)
    disk = blurred_disk(0.6, spacing, -90, 50, shape, radius=12)
    few = spread_of("soft", spacing, disk, disk)
    assert 50 < few.points < 200
    assert np.isnan(few.transfer_functions()).all()
    assert np.isnan(frequency_at_half(few.transfer_functions()[0]))
    many = functools.reduce(operator.add, [few] * 5)
    # a bent rim of 12 mm has its inner half on fewer pixels, and a smaller step at 5 mm
    assert frequency_at_half(many.transfer_functions()[0]) == pytest.approx(HALF / 0.6, rel=0.06)


def test_no_edge_adds_nothing():
    spacing = (0.7, 0.7)
    disk = blurred_disk(0.6, spacing)
    empty = spread_of("air", spacing, np.zeros((50, 50)), np.zeros((50, 50)))
    assert (empty.points, np.isnan(empty.mean_contrast)) == (0, True)
    found = spread_of("air", spacing, disk, disk)
    np.testing.assert_array_equal((found + empty).transfer_functions(), found.transfer_functions())
