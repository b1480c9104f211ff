"""Counting statistics of single rays."""

import pytest
import torch

from lidnet_mm.simulation import line_integral_noise, line_integral_variance

RAYS = (1, 200, 500)


@pytest.mark.parametrize("electronic_noise", [0.0, 40.0])
def test_variance_is_that_of_the_counts(generator, electronic_noise):
    """``1 / Nc + sigma_e^2 / Nc^2``."""
    p = torch.full(RAYS, 3.0)
    photons = torch.tensor([4e4])
    noise = line_integral_noise(p, photons, electronic_noise, generator)
    counts = 4e4 * torch.exp(torch.tensor(-3.0))
    expected = 1 / counts + (electronic_noise / counts) ** 2
    assert noise.var() == pytest.approx(expected.item(), rel=0.02)
    predicted = line_integral_variance(p, photons, electronic_noise)
    torch.testing.assert_close(predicted, expected.expand(RAYS))


def test_mean_error_is_the_bias_of_a_logarithm(generator):
    """``1 / (2 Nc)`` to first order: half a percent at 100 counts."""
    noise = line_integral_noise(torch.zeros(RAYS), torch.tensor([100.0]), 0.0, generator)
    assert noise.mean() == pytest.approx(0.005, abs=0.001)


def test_starved_rays_stay_finite(generator):
    noise = line_integral_noise(torch.full(RAYS, 20.0), torch.tensor([1e3]), 5.0, generator)
    assert torch.isfinite(noise).all()


@pytest.mark.parametrize("electronic_noise", [0.0, 5.0])
def test_a_path_whose_transmission_underflows_has_the_error_of_a_starved_ray(
    generator, electronic_noise
):
    """``exp(-200)`` is 0 in float32; one count of 1000 reads as log(1000)."""
    p = torch.full(RAYS, 200.0)
    noise = line_integral_noise(p, torch.tensor([1e3]), electronic_noise, generator)
    assert noise.max() == pytest.approx(6.9078 - 200, abs=1e-3)
    assert torch.isfinite(noise).all()


def test_own_generators_make_slices_independent_of_their_batch():
    p = torch.rand(3, 20, 30)
    photons = torch.tensor([1e3, 2e3, 3e3])
    own = [torch.Generator().manual_seed(seed) for seed in range(3)]
    batch = line_integral_noise(p, photons, 2.0, own)
    single = line_integral_noise(p[1:2], photons[1:2], 2.0, torch.Generator().manual_seed(1))
    assert torch.equal(batch[1:2], single)
