"""The bilateral filter against its definition."""

import math

import numpy as np
import pytest
import torch

from lidnet_mm.models.denoisers import Bilateral


def _image(rows, columns):
    return np.random.default_rng(11).uniform(0.2, 0.9, (rows, columns))


def _plain_bilateral(image, sigma_value, sigma_space, radius):
    """Tomasi and Manduchi, pixel by pixel; a mirror at the border repeats the outermost pixel."""
    rows, columns = image.shape
    out = np.zeros_like(image)
    for i in range(rows):
        for j in range(columns):
            total = weights = 0.0
            for di in range(-radius, radius + 1):
                for dj in range(-radius, radius + 1):
                    a, b = i + di, j + dj
                    a = -1 - a if a < 0 else 2 * rows - 1 - a if a >= rows else a
                    b = -1 - b if b < 0 else 2 * columns - 1 - b if b >= columns else b
                    value = image[a, b]
                    weight = math.exp(-(di**2 + dj**2) / (2 * sigma_space**2)) * math.exp(
                        -((value - image[i, j]) ** 2) / (2 * sigma_value**2)
                    )
                    total += weight * value
                    weights += weight
            out[i, j] = total / weights
    return out


@pytest.mark.parametrize("size", [(9, 12), (3, 20)])
def test_output_equals_the_definition(size):
    image = _image(*size)
    model = Bilateral(sigma=0.1, strength=2.0, spatial=1.2)
    out = model(torch.from_numpy(image)[None, None])[0, 0].numpy()
    np.testing.assert_allclose(out, _plain_bilateral(image, 0.2, 1.2, 3), rtol=1e-12)


def test_a_window_without_neighbours_is_refused():
    with pytest.raises(ValueError, match=r"spatial must be at least 1/3 pixel, got 0\.3"):
        Bilateral(spatial=0.3)
