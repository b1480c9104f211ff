"""Non-local means against its definition, pixel by pixel."""

import math

import numpy as np
import pytest
import torch

from lidnet_mm.models.denoisers import NonLocalMeans


def _plain_non_local_means(image, h, sigma, side, distance, pixel):
    """Buades et al. 2005 with uniform patches, 2 sigma^2 taken off, for one pixel.

    As scikit-image's sums have it, a patch lacks its first row and column, but not their share of
    the mean; it leaves out weights below exp(-5).
    """
    half = side // 2

    def patch(row, column):
        rows = slice(row - half + 1, row + half + 1)
        return image[rows, column - half + 1 : column + half + 1]

    i, j = pixel
    total = weights = 0.0
    for row in range(i - distance, i + distance + 1):
        for column in range(j - distance, j + distance + 1):
            squared = np.sum((patch(row, column) - patch(i, j)) ** 2 - 2 * sigma**2)
            exponent = max(squared, 0.0) / side**2 / h**2
            weight = math.exp(-exponent) if exponent <= 5 else 0.0
            total += weight * image[row, column]
            weights += weight
    return total / weights


@pytest.mark.parametrize(("strength", "side", "distance"), [(0.8, 5, 6), (1.1, 3, 4)])
def test_output_equals_the_definition_away_from_the_border(strength, side, distance):
    rng = np.random.default_rng(12)
    sigma = 0.05
    image = 0.5 + 0.1 * np.sin(np.arange(40) / 5) + sigma * rng.standard_normal((40, 40))
    model = NonLocalMeans(sigma, strength, patch_size=side, patch_distance=distance)
    out = model(torch.from_numpy(image)[None, None])[0, 0].numpy()
    for pixel in [(20, 20), (12, 17), (27, 12)]:
        expected = _plain_non_local_means(image, strength * sigma, sigma, side, distance, pixel)
        assert out[pixel] == pytest.approx(expected, abs=3e-4)  # it approximates exp
        assert abs(out[pixel] - image[pixel]) > 3e-3


@pytest.mark.parametrize("settings", [{"patch_size": 4}, {"patch_size": -1}, {"patch_distance": 0}])
def test_impossible_patches_are_refused(settings):
    with pytest.raises(ValueError, match="patch_size must be odd and patch_distance at least 1"):
        NonLocalMeans(**settings)
