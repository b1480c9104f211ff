"""A drawn thorax of which everything is known."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import ndimage

SIZE = 300
PIXEL = 1.2


def ellipse(x, y, centre, half_axes):
    """Inside of an ellipse in mm."""
    return ((x - centre[0]) / half_axes[0]) ** 2 + ((y - centre[1]) / half_axes[1]) ** 2 < 1


@pytest.fixture
def thorax() -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """Function that draws a slice with two lungs, airway, bowel gas, table; image and lungs."""

    def draw(sigma_mm: float = 0.6, noise: float = 0.0, vessels=(), size: int = SIZE, columns=None):
        axis = (np.arange(size) - (size - 1) / 2) * PIXEL
        x, y = axis[None, :], axis[:, None]
        image = np.full((size, size), -1000.0)
        image[ellipse(x, y, (0, 0), (160, 110))] = 40.0
        lungs = ellipse(x, y, (-75, 0), (52, 80)) | ellipse(x, y, (75, 0), (52, 80))
        image[lungs] = -850.0
        image[ellipse(x, y, (0, 10), (9, 9))] = -1000.0
        image[ellipse(x, y, (0, -70), (18, 14))] = -1000.0
        table = (np.abs(y - 122) < 9) & (np.abs(x) < 150)
        image[table] = -920.0
        image[table & (np.abs(np.abs(y - 122) - 8) < 1.0)] = 100.0
        for centre, radius in vessels:
            image[ellipse(x, y, centre, (radius, radius))] = 40.0
        image = ndimage.gaussian_filter(image, sigma_mm / PIXEL)
        image += noise * np.random.default_rng(0).standard_normal(image.shape)
        part = slice(None) if columns is None else columns
        return image[:, part].astype(np.float32), lungs[:, part]

    return draw


@pytest.fixture
def pixel() -> float:
    """Pixel spacing of the drawn thorax in mm."""
    return PIXEL
