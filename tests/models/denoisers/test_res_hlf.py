"""Res-HLF as read here, against a plain rewrite of the reading."""

import pytest
import torch
from torch.nn import functional

from lidnet_mm.models.denoisers import ResHLF
from lidnet_mm.registry import MODELS


def _convolved(x, weights, name):
    """A padded 3 x 3 correlation written with unfolded patches."""
    n, _, h, w = x.shape
    patches = functional.unfold(x, 3, padding=1)
    out = weights[f"{name}.weight"].flatten(1) @ patches + weights[f"{name}.bias"][:, None]
    return out.reshape(n, -1, h, w)


def _plain_res_hlf(x, weights):
    """The docstring of ResHLF, layer by layer."""
    features = _convolved(x, weights, "head").clamp(min=0)
    for block in range(4):
        inner = _convolved(features, weights, f"blocks.{block}.first").clamp(min=0)
        features = features + _convolved(inner, weights, f"blocks.{block}.second")
    return (x - _convolved(features.clamp(min=0), weights, "tail")).clamp(min=0)


def _trained_like(**settings):
    """A network whose last layer is no longer zero; noise of both signs, small."""
    model = ResHLF(**settings)
    torch.nn.init.normal_(model.tail.weight, std=0.01)
    torch.nn.init.normal_(model.tail.bias, std=0.1)
    return model


def test_number_of_parameters_is_the_documented_one():
    assert sum(p.numel() for p in ResHLF().parameters()) == 74_593


@pytest.mark.parametrize("size", [(1, 1), (9, 14), (33, 40)])
def test_output_equals_a_plain_rewrite_at_any_size(size):
    torch.manual_seed(5)
    model = _trained_like().double()
    x = torch.rand(2, 1, *size, dtype=torch.float64)
    expected = _plain_res_hlf(x, model.state_dict())
    assert expected.max() > 0
    assert (expected - x).abs().max() > 1e-3
    torch.testing.assert_close(model(x), expected, rtol=1e-10, atol=1e-12)


def test_noise_has_both_signs_and_the_output_none_below_zero():
    torch.manual_seed(6)
    model = _trained_like()
    torch.nn.init.zeros_(model.tail.bias)
    x = 0.02 * torch.rand(1, 1, 40, 40)
    noise, out = model.noise(x), model(x)
    assert noise.min() < 0 < noise.max()
    assert out.min() >= 0
    kept = out > 0
    assert kept.any()
    torch.testing.assert_close((out + noise)[kept], x[kept])


@pytest.mark.parametrize("num_blocks", [1, 4])
def test_receptive_radius_is_how_far_an_output_pixel_sees(num_blocks):
    torch.manual_seed(7)
    model = _trained_like(channels=8, num_blocks=num_blocks).double()
    x = (0.1 + torch.rand(1, 1, 41, 41, dtype=torch.float64)).requires_grad_()
    model.noise(x)[0, 0, 20, 20].backward()
    rows, columns = x.grad[0, 0].nonzero().T
    assert (rows - 20).abs().max() == model.receptive_radius
    assert (columns - 20).abs().max() == model.receptive_radius


@pytest.mark.parametrize("seed", range(5))
def test_untrained_it_returns_its_input_and_can_learn(seed):
    torch.manual_seed(seed)
    x = torch.rand(1, 1, 24, 24)
    y = functional.avg_pool2d(x, 3, stride=1, padding=1)
    model = MODELS.build({"type": "lidnet_mm.ResHLF"})
    assert torch.equal(model(x), x)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    losses = []
    for _ in range(10):
        optimizer.zero_grad()
        losses.append(functional.l1_loss(model(x), y))
        losses[-1].backward()
        optimizer.step()
    assert losses[-1] < 0.9 * losses[0]
    assert all(p.grad.abs().sum() > 0 for p in model.parameters())


def test_no_block_is_refused():
    with pytest.raises(ValueError, match="num_blocks must be at least 1, got 0"):
        ResHLF(num_blocks=0)
