"""The mean of simulated noise against averages of many draws and against its limits."""

import math

import pytest
import torch
from disk_phantom import distance_map, water_disk

from lidnet_mm.simulation import (
    line_integral_mean_error,
    line_integral_noise,
    mean_noise,
    simulate_low_dose,
)

PHOTONS = torch.tensor([1e6], dtype=torch.float64)


def line_integrals(counts, rays=1):
    """Rays (1, 1, rays) of which so many of a million photons are expected."""
    return torch.full((1, 1, rays), math.log(1e6 / counts), dtype=torch.float64)


@pytest.mark.parametrize("electronic_noise", [0.0, 0.3, 5.0, 50.0, 1000.0])
@pytest.mark.parametrize("counts", [1e-3, 0.5, 3, 20, 200, 990, 1010, 29000])
def test_it_is_the_average_of_many_draws(counts, electronic_noise, generator):
    many = line_integral_noise(
        line_integrals(counts, 200_000), PHOTONS, electronic_noise, generator
    )
    found = line_integral_mean_error(line_integrals(counts), PHOTONS, electronic_noise).item()
    tolerance = 5 * many.std().item() / 200_000**0.5 + 1e-3 * abs(found)
    assert found == pytest.approx(many.mean().item(), abs=tolerance)


def test_limits_of_many_photons_and_of_none():
    many = line_integral_mean_error(line_integrals(1e5), PHOTONS).item()
    assert many == pytest.approx(1 / 2e5, rel=1e-4)
    electronic = line_integral_mean_error(line_integrals(1e5), PHOTONS, 100.0).item()
    assert electronic == pytest.approx(1 / 2e5 + 100**2 / 2e10, rel=1e-3)
    for counts in (1e-9, 1e-30):  # no photon ever: log(N0 / 1) where log(N0 / Nc) is true
        none = line_integral_mean_error(line_integrals(counts), PHOTONS).item()
        assert none == pytest.approx(math.log(counts), rel=1e-6)


@pytest.mark.parametrize(
    ("geometry", "electronic_noise"), [("parallel", 0.0), ("parallel", 8.0), ("fan", 0.0)]
)
def test_mean_of_a_slice_is_the_average_of_its_draws(geometry, electronic_noise, generator):
    """On a starved disk that is not square, where the mean is far from 0."""
    disk = water_disk(48, 6.0, 130.0)[:, 2:-4]
    scan = {"geometry": geometry, "num_views": 48, "electronic_noise": electronic_noise}
    count = 400
    noisy = simulate_low_dose(disk.expand(count, -1, -1), 6.0, 300.0, generator=generator, **scan)
    draws = noisy - disk
    mean = mean_noise(disk, 6.0, 300.0, **scan)[0]
    error = (draws.mean(0) - mean) / (draws.std(0) / count**0.5)
    inside = distance_map(48, 6.0)[2:-4] < 120
    assert mean.shape == disk.shape[1:]
    slope = (draws.mean(0) * mean)[inside].sum() / mean[inside].square().sum()
    assert slope.item() == pytest.approx(1, abs=0.08)
    assert abs(error.mean()) < 0.25  # neighbours are correlated
    assert error.std().item() == pytest.approx(1, abs=0.15)
