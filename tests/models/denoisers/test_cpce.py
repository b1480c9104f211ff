"""CPCE against its published layer table and a rewrite with plain correlations."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from lidnet_mm.models.denoisers import CPCE
from lidnet_mm.registry import MODELS


def _scattered(x, weight):
    """Transposed 3 x 3 convolution as a correlation of the padded image with turned kernels."""
    return functional.conv2d(x, weight.transpose(0, 1).flip(2, 3), padding=2)


def _plain_cpce(x, weights):
    """Shan et al. 2018, fig. 2, layer by layer; the concatenation as a sum of two 1 x 1 layers."""
    encoder = [weights[f"encoder.{i}.weight"] for i in range(4)]
    decoder = [weights[f"decoder.{i}.weight"] for i in range(4)]
    mixers = [weights[f"conveyors.{i}.weight"] for i in range(3)]
    conv1 = functional.conv2d(x, encoder[0]).relu()
    conv2 = functional.conv2d(conv1, encoder[1]).relu()
    conv3 = functional.conv2d(conv2, encoder[2]).relu()
    out = functional.conv2d(conv3, encoder[3]).relu()
    for kernel, mixer, conveyed in zip(decoder, mixers, (conv3, conv2, conv1), strict=False):
        out = _scattered(out, kernel).relu()
        own, other = mixer[:, :32, 0, 0], mixer[:, 32:, 0, 0]
        out = torch.einsum("oi,nihw->nohw", own, out) + torch.einsum(
            "oi,nihw->nohw", other, conveyed
        )
        out = out.relu()
    return _scattered(out, decoder[3]).relu()


def test_number_of_parameters_is_the_published_one():
    assert sum(p.numel() for p in CPCE().parameters()) == 62_016


def test_layers_are_those_of_the_published_table():
    layers = [m for m in CPCE().modules() if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d))]
    table = [(type(m), m.in_channels, m.out_channels, m.kernel_size) for m in layers]
    conv, deconv = nn.Conv2d, nn.ConvTranspose2d
    assert sorted(map(str, table)) == sorted(
        map(
            str,
            [(conv, 1, 32, (3, 3))]
            + [(conv, 32, 32, (3, 3))] * 3
            + [(deconv, 32, 32, (3, 3))] * 3
            + [(deconv, 32, 1, (3, 3))]
            + [(conv, 64, 32, (1, 1))] * 3,
        )
    )
    assert all(m.bias is None and m.stride == (1, 1) and m.padding == (0, 0) for m in layers)


@pytest.mark.parametrize("size", [(9, 9), (16, 21), (40, 33)])
def test_output_equals_a_plain_rewrite(size):
    torch.manual_seed(3)
    model = CPCE().double()
    x = torch.rand(2, 1, *size, dtype=torch.float64)
    expected = _plain_cpce(x, model.state_dict())
    assert expected.max() > 0
    torch.testing.assert_close(model(x), expected, rtol=1e-10, atol=1e-12)


def test_float32_and_channels_last_stay_within_1e_5_of_float64():
    torch.manual_seed(4)
    model = CPCE()
    x = torch.rand(2, 1, 48, 64)
    expected = _plain_cpce(x.double(), {k: v.double() for k, v in model.state_dict().items()})
    fast = model.to(memory_format=torch.channels_last)
    torch.testing.assert_close(fast(x).double(), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("size", [(9, 9), (9, 30), (10, 11), (31, 64), (64, 64)])
def test_keeps_the_size_of_the_slice(size):
    assert CPCE()(torch.rand(1, 1, *size)).shape == (1, 1, *size)


@pytest.mark.parametrize("seed", range(20))
def test_no_random_start_is_dead(seed):
    torch.manual_seed(seed)
    model = MODELS.build({"type": "lidnet_mm.CPCE"})
    x = torch.rand(1, 1, 24, 24)
    out = model(x)
    assert (out > 0).float().mean() > 0.5
    assert 0.1 < out.mean() / x.mean() < 10  # of the magnitude of the image
    functional.l1_loss(out, x).backward()
    assert all(p.grad.abs().sum() > 0 for p in model.parameters())
