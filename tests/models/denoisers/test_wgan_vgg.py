"""WGAN-VGG's and SMGAN's generators against their published layer table and a plain rewrite."""

import pytest
import torch
from torch.nn import functional

from lidnet_mm.models.denoisers import SMGAN, WGANVGG


def _plain(x, model):
    """Yang et al. 2018, eight padded correlations, written with unfolded patches."""
    for layer in model.layers:
        n, _, h, w = x.shape
        patches = functional.unfold(x, 3, padding=1)
        x = (layer.weight.flatten(1) @ patches).reshape(n, -1, h, w)
        if layer.bias is not None:
            x = x + layer.bias[:, None, None]
        x = x.clamp(min=0)
    return x


@pytest.mark.parametrize("generator", [WGANVGG, SMGAN])
@pytest.mark.parametrize(("bias", "count"), [(False, 55_872), (True, 56_097)])
def test_number_of_parameters_is_the_published_one(generator, bias, count):
    assert sum(p.numel() for p in generator(bias=bias).parameters()) == count


def test_widths_are_those_of_the_published_table():
    widths = [(layer.in_channels, layer.out_channels) for layer in WGANVGG().layers]
    assert widths == [(1, 32)] + [(32, 32)] * 6 + [(32, 1)]


@pytest.mark.parametrize("generator", [WGANVGG, SMGAN])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("size", [(1, 1), (9, 14), (33, 40)])
def test_output_equals_a_plain_rewrite_at_any_size(generator, bias, size):
    torch.manual_seed(5)
    model = generator(bias=bias).double()
    if bias:
        for layer in model.layers:
            torch.nn.init.uniform_(layer.bias, 0, 0.1)
    x = torch.rand(2, 1, *size, dtype=torch.float64)
    expected = _plain(x, model)
    assert expected.max() > 0
    torch.testing.assert_close(model(x), expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_no_random_start_is_dead(seed):
    torch.manual_seed(seed)
    model, x = WGANVGG(), torch.rand(1, 1, 24, 24)
    out = model(x)
    assert (out > 0).float().mean() > 0.5
    functional.l1_loss(out, x).backward()
    assert all(p.grad.abs().sum() > 0 for p in model.parameters())
