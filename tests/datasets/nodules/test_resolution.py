"""Estimated sharpness against the point spread function that an image was made with."""

import numpy as np
import pytest
from scipy import ndimage

from lidnet_mm.datasets.nodules.resolution import TYPICAL_SIGMA_MM, estimate_resolution
from lidnet_mm.datasets.readers import open_volume

PIXEL = 0.7
FINER = 4


def disk_image(sigma_mm, noise):
    """A water disk in air, blurred on a finer grid and averaged to pixels."""
    size = 256
    axis = (np.arange(size * FINER) - size * FINER / 2 + 0.5) / FINER * PIXEL
    fine = np.where(np.hypot(axis[:, None], axis[None, :]) < 70, 40.0, -1000.0)
    fine = ndimage.gaussian_filter(fine, sigma_mm / PIXEL * FINER)
    image = fine.reshape(size, FINER, size, FINER).mean(axis=(1, 3))
    return image + noise * np.random.default_rng(0).standard_normal(image.shape)


@pytest.mark.parametrize("noise", [0.0, 20.0])
@pytest.mark.parametrize("sigma_mm", [0.35, 0.6, 1.0])
def test_the_width_is_that_of_the_point_spread_function_and_the_pixel(sigma_mm, noise):
    found = estimate_resolution(disk_image(sigma_mm, noise), (PIXEL, PIXEL))
    expected = np.hypot(sigma_mm, PIXEL / np.sqrt(12))
    assert found.source == "edges"
    assert found.sigma_mm == pytest.approx(expected, rel=0.12)


def test_an_image_without_edges_has_the_typical_width():
    found = estimate_resolution(np.full((64, 64), 40.0), (PIXEL, PIXEL))
    assert (found.sigma_mm, found.source, found.profiles) == (TYPICAL_SIGMA_MM, "typical", 0)


def test_sharp_kernels_are_sharper_than_smooth_ones(real_data):
    def widths(*names):
        for name in names:
            volume = open_volume(real_data / "chest_slices" / f"{name}.nii.gz")
            yield estimate_resolution(volume.read_slice(0), volume.spacing).sigma_mm

    sharp = list(widths("TCGA-34-5234_0", "TCGA-50-5942_0", "TCGA-50-6594_0", "TCGA-17-Z029_0"))
    smooth = list(widths("TCGA-17-Z019_0", "TCGA-17-Z053_1", "TCGA-92-7341_0", "TCGA-60-2695_0"))
    assert max(sharp) < 0.5 < min(smooth) < max(smooth) < 0.9
