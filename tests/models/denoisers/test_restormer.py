"""The small Restormer against MONAI's network, called directly."""

import sys

import pytest
import torch
from torch.nn import functional

from lidnet_mm.models.denoisers import Restormer
from lidnet_mm.registry import MODELS


@pytest.fixture(scope="module", autouse=True)
def monai_restormer():
    """MONAI's network, which is optional."""
    pytest.importorskip("einops")
    return pytest.importorskip("monai.networks.nets.restormer").Restormer


def _trained_like():
    """A network whose last kernel is no longer zero."""
    model = Restormer()
    torch.nn.init.normal_(model.network.output.conv.weight, std=0.02)
    return model.eval()


def test_number_of_parameters_is_the_documented_one():
    assert sum(p.numel() for p in Restormer().parameters()) == 217_883


@pytest.mark.parametrize("size", [(24, 32), (21, 30)])
def test_output_is_the_input_and_what_monai_adds_to_the_padded_slice(monai_restormer, size):
    torch.manual_seed(15)
    model = _trained_like()
    reference = monai_restormer(2, 1, 1, 16, (1, 1, 1), (1, 2, 4), 1).eval()
    reference.load_state_dict(model.network.state_dict())
    x = torch.rand(2, 1, *size)
    padded = torch.zeros(2, 1, 24, 32)
    rows = torch.arange(24).clamp(max=size[0] - 1)
    columns = torch.arange(32).clamp(max=size[1] - 1)
    padded[:] = x[:, :, rows][..., columns]
    expected = (padded + reference(padded)).clamp(min=0)[..., : size[0], : size[1]]
    out = model(x)
    torch.testing.assert_close(out, expected, rtol=1e-5, atol=1e-6)
    assert (out - x).abs().max() > 1e-2


@pytest.mark.parametrize("size", [(1, 1), (3, 9), (8, 8), (17, 22)])
def test_any_size_is_kept(size):
    out = _trained_like()(torch.rand(1, 1, *size))
    assert out.shape == (1, 1, *size)
    assert out.isfinite().all()


def test_untrained_it_returns_its_input_and_can_learn():
    torch.manual_seed(16)
    x = torch.rand(1, 1, 24, 24)
    y = functional.avg_pool2d(x, 3, stride=1, padding=1)
    model = MODELS.build({"type": "lidnet_mm.Restormer"})
    assert torch.equal(model(x), x)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    losses = []
    for _ in range(10):
        optimizer.zero_grad()
        losses.append(functional.l1_loss(model(x), y))
        losses[-1].backward()
        optimizer.step()
    assert losses[-1] < 0.9 * losses[0]
    assert all(p.grad.abs().sum() > 0 for p in model.parameters())


def test_a_pixel_depends_on_the_whole_slice():
    torch.manual_seed(17)
    model = _trained_like()
    x = torch.rand(1, 1, 64, 64, requires_grad=True)
    model(x)[0, 0, 0, 0].backward()
    assert (x.grad[0, 0, -8:, -8:] != 0).any()
    assert model.receptive_radius is None


@pytest.mark.parametrize("settings", [{"heads": (1, 2)}, {"num_blocks": (1,), "heads": (1,)}])
def test_lists_of_different_length_are_refused(settings):
    with pytest.raises(ValueError, match="num_blocks and heads need one number a resolution"):
        Restormer(**settings)


@pytest.mark.parametrize("package", ["einops", "monai"])
def test_a_missing_package_is_named(monkeypatch, package):
    loaded = [name for name in sys.modules if name.split(".")[0] == package]
    for name in loaded:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=r"pip install 'monai>=1.5' einops"):
        Restormer()
