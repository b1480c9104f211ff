"""The published simulation, against itself spelt out with skimage."""

import warnings

import numpy as np
import pytest
import torch
from disk_phantom import rasterised_disk, water_disk
from skimage.transform import iradon, radon

from lidnet_mm.simulation.gholizadeh2019 import simulate_gholizadeh2019


@pytest.fixture(scope="module")
def slices():
    """A water disk with a hole and a bone (1, n, n) in HU, odd so that skimage centres it."""
    image = water_disk(65, 4.0, 110.0)[0] - 800 * rasterised_disk(65, 4.0, 30.0, -40.0, 10.0)
    return (image + 700 * rasterised_disk(65, 4.0, 15.0, 0.0, 60.0))[None]


def published(image, thickness, photons, seed):
    """The steps of ``add_noise_dicom.py`` with skimage's transforms."""
    random = np.random.default_rng(seed)
    attenuation = 0.0171 * image / 1000 + 0.0171
    attenuation = attenuation - attenuation.min()
    theta = (np.arange(len(image)) + 0.5) * 360 / len(image)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        projections = radon(attenuation, theta, circle=True) * thickness
        counts = random.poisson(photons * np.exp(-projections))
        fill = -np.log(5 / photons) / thickness
        noisy = np.where(counts > 0, -np.log(np.maximum(counts, 1) / photons), fill)
        result = iradon(noisy, theta, circle=True)
    return (result - result.min()) / (result.max() - result.min())


def test_without_noise_it_is_the_published_slice(slices):
    ldct, ndct = simulate_gholizadeh2019(slices, 1.0, 1e12)
    expected = published(slices[0].double().numpy(), 1.0, 1e12, 0)
    difference = ldct[0].numpy() - expected
    assert np.sqrt(np.mean(difference**2)) < 0.03
    assert ndct.min() == 0
    assert ndct.max() == 1


@pytest.mark.parametrize("photons", [300.0, 3e4])
def test_noise_is_as_strong_as_published(slices, photons, generator):
    """Standard deviation of two realizations' difference within the disk, in scaled units."""
    inside = slices[0] > -100

    def spread(first, second):
        return (first - second)[inside].std().item()

    copies = slices.expand(16, -1, -1)
    ours, _ = simulate_gholizadeh2019(copies, 2.5, photons, generator)
    theirs = torch.stack(
        [torch.from_numpy(published(slices[0].numpy(), 2.5, photons, s)) for s in range(8)]
    )
    measured = np.mean([spread(a, b) for a, b in zip(ours[::2], ours[1::2], strict=True)])
    expected = np.mean([spread(a, b) for a, b in zip(theirs[::2], theirs[1::2], strict=True)])
    assert measured == pytest.approx(expected, rel=0.12)


def test_thickness_stands_for_the_pixel(slices, generator):
    """Its slip: the noise of a slice changes with the slice thickness, all else equal."""
    spreads = []
    for thickness in (0.5, 2.5):
        noisy, _ = simulate_gholizadeh2019(slices.expand(2, -1, -1), thickness, 1e4, generator)
        spreads.append((noisy[0] - noisy[1])[slices[0] > -100].std())
    assert abs(spreads[0] / spreads[1] - 1) > 0.3


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        ((torch.zeros(8, 8), 1.0, 1e4), r"\(N, H, W\)"),
        ((torch.zeros(1, 8, 9), 1.0, 1e4), "squares"),
        ((torch.zeros(1, 8, 8), 0.0, 1e4), "slice_thickness"),
        ((torch.zeros(1, 8, 8), 1.0, -1.0), "incident_photons"),
    ],
)
def test_errors_name_the_remedy(arguments, remedy):
    with pytest.raises(ValueError, match=remedy):
        simulate_gholizadeh2019(*arguments)
