"""What the three filters without parameters have in common."""

import copy

import numpy as np
import pytest
import torch

from lidnet_mm.models.denoisers import BM3D, Bilateral, NonLocalMeans
from lidnet_mm.models.denoisers.classical_filter import ClassicalFilter
from lidnet_mm.registry import MODELS

SIGMA = 0.03
FILTERS = [Bilateral, NonLocalMeans, pytest.param(BM3D, id="BM3D")]


@pytest.fixture(autouse=True)
def _needs_bm3d(request):
    """Skip BM3D's tests where its package, which is optional, is missing."""
    if "BM3D" in request.node.name:
        pytest.importorskip("bm3d")


def _noisy_step(size=48):
    """A step of 10 sigma in white noise: the clean slice and the noisy one, (1, 1, H, W)."""
    clean = torch.full((1, 1, size, size), 0.35)
    clean[..., size // 2 :] += 10 * SIGMA
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(8))
    return clean, clean + SIGMA * noise


@pytest.mark.parametrize("network", FILTERS)
def test_noise_of_flat_regions_falls_and_the_edge_stays(network):
    clean, noisy = _noisy_step()
    out = MODELS.build({"type": f"lidnet_mm.{network.__name__}", "sigma": SIGMA})(noisy)
    for columns in (slice(6, 18), slice(30, 42)):
        flat = (..., slice(6, 42), columns)
        assert (out - clean)[flat].std() < 0.5 * (noisy - clean)[flat].std()
        assert abs((out - clean)[flat].mean()) < 0.2 * SIGMA
    step = out[..., 24:26].mean() - out[..., 22:24].mean()
    assert step == pytest.approx(10 * SIGMA, abs=1.5 * SIGMA)


@pytest.mark.parametrize("network", FILTERS)
@pytest.mark.parametrize("sigma", [None, SIGMA])
def test_a_slice_does_not_depend_on_its_batch(network, sigma):
    _, noisy = _noisy_step(16)
    batch = torch.cat((noisy, noisy.flip(3) ** 2))
    model = network(sigma=sigma)
    together = model(batch)
    for index in range(2):
        assert torch.equal(together[index], model(batch[index : index + 1])[0])
    assert not torch.equal(together, batch)


@pytest.mark.parametrize("network", FILTERS)
@pytest.mark.parametrize("dtype", [torch.float16, torch.float64])
def test_type_is_kept_and_the_work_done_in_double_precision(network, dtype):
    _, noisy = _noisy_step(16)
    noisy = noisy.to(dtype)
    out = network(sigma=SIGMA)(noisy)
    assert out.dtype == dtype
    assert out.device == noisy.device
    assert torch.equal(out, network(sigma=SIGMA)(noisy.double()).to(dtype))


@pytest.mark.parametrize("network", FILTERS)
@pytest.mark.parametrize("sigma", [None, SIGMA])
@pytest.mark.parametrize("size", [(1, 1), (2, 3), (8, 8), (9, 30)])
def test_any_size_is_kept(network, sigma, size):
    x = torch.rand(1, 1, *size, generator=torch.Generator().manual_seed(9))
    out = network(sigma=sigma)(x)
    assert out.shape == x.shape
    assert out.isfinite().all()
    assert out.min() >= 0
    assert out.max() <= x.max() + 0.1


@pytest.mark.parametrize("network", FILTERS)
def test_a_slice_without_noise_is_returned(network):
    x = torch.full((1, 1, 20, 20), 0.25)
    assert torch.equal(network()(x), x)


@pytest.mark.parametrize("network", FILTERS)
def test_nothing_to_learn_to_save_or_to_differentiate(network):
    model = copy.deepcopy(network(sigma=SIGMA))
    assert list(model.parameters()) == []
    assert model.state_dict() == {}
    out = model(torch.rand(1, 1, 16, 16, requires_grad=True))
    assert not out.requires_grad


@pytest.mark.parametrize("network", [Bilateral, NonLocalMeans])
def test_receptive_radius_is_how_far_an_output_pixel_sees(network):
    model = network(sigma=SIGMA)
    noise = torch.randn(1, 1, 41, 41, generator=torch.Generator().manual_seed(8)).double()
    noisy = 0.5 + SIGMA * noise
    base, radius = model(noisy), model.receptive_radius
    reached = set()
    for distance in range(-radius - 2, radius + 3):
        for line in ((20 + distance, slice(None)), (slice(None), 20 + distance)):
            changed = noisy.clone()
            changed[0, 0][line] += 2 * SIGMA
            if abs(model(changed) - base)[0, 0, 20, 20] > 1e-12:
                reached.add(abs(distance))
    assert max(reached) == radius


@pytest.mark.parametrize("network", FILTERS)
def test_an_estimated_noise_depends_on_the_whole_slice(network):
    assert network().receptive_radius is None


class _Width(ClassicalFilter):
    """Returns the width it is given."""

    def filter_slice(self, image, width):
        return np.full_like(image, width)


def test_white_noise_is_estimated_and_multiplied_by_the_strength():
    noise = torch.randn(2, 1, 96, 96, generator=torch.Generator().manual_seed(10))
    x = 0.5 + torch.tensor([0.02, 0.05])[:, None, None, None] * noise
    estimated = _Width(strength=2.0)(x)
    assert estimated[0, 0, 0, 0].item() == pytest.approx(0.04, rel=0.1)
    assert estimated[1, 0, 0, 0].item() == pytest.approx(0.10, rel=0.1)
    assert _Width(sigma=0.3, strength=2.0)(x).unique().item() == pytest.approx(0.6)


@pytest.mark.parametrize("value", [0, -0.1, float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["sigma", "strength"])
def test_impossible_noise_is_refused(name, value):
    with pytest.raises(ValueError, match=f"Bilateral needs a positive {name}, got {value}"):
        Bilateral(**{name: value})
