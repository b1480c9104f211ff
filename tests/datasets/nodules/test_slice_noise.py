"""Noise measured in a slice and drawn again, against how the slice's noise was made."""

import numpy as np
import pytest
from scipy import ndimage

from lidnet_mm.datasets.nodules.slice_noise import draw_noise, noise_kernel

SPACING = (0.7, 0.7)


def noisy_water(sigma_pixels, strength, seed=0):
    """Water with noise correlated over some pixels."""
    white = np.random.default_rng(seed).standard_normal((256, 256))
    noise = ndimage.gaussian_filter(white, sigma_pixels, mode="wrap")
    return 40 + strength * noise / noise.std()


def neighbours(noise):
    """Correlation of neighbouring pixels."""
    return np.corrcoef(noise[:, 1:].ravel(), noise[:, :-1].ravel())[0, 1]


@pytest.mark.parametrize(("sigma", "strength"), [(0.0, 12.0), (0.8, 25.0), (1.3, 8.0)])
def test_strength_and_grain_are_those_of_the_slice(sigma, strength):
    image = noisy_water(sigma, strength)
    drawn = draw_noise(noise_kernel(image, SPACING), (200, 200), np.random.default_rng(1))
    assert drawn.std() == pytest.approx(strength, rel=0.15)
    assert abs(drawn.mean()) < 0.1 * strength
    assert neighbours(drawn) == pytest.approx(neighbours(image), abs=0.06)


def test_edges_between_tissues_are_not_taken_for_noise():
    image = noisy_water(0.8, 10.0)
    image[:, ::40] += 80.0
    image[:, :60] = -900.0
    drawn = draw_noise(noise_kernel(image, SPACING), (200, 200), np.random.default_rng(1))
    assert drawn.std() == pytest.approx(10.0, rel=0.3)


def test_none_without_soft_tissue():
    assert noise_kernel(np.full((128, 128), -850.0), SPACING) is None


def test_same_seed_same_noise():
    kernel = noise_kernel(noisy_water(0.8, 10.0), SPACING)
    first, again, other = (draw_noise(kernel, (9, 7), np.random.default_rng(s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).all()
