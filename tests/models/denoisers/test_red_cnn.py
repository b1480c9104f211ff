"""RED-CNN against its published layer table and a rewrite with plain correlations."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from lidnet_mm.models.denoisers import REDCNN


def _scattered(x, weight, bias):
    """Transposed 5 x 5 convolution as a correlation of the padded image with turned kernels."""
    turned = weight.transpose(0, 1).flip(2, 3)
    return functional.conv2d(x, turned, padding=4) + bias[:, None, None]


def _plain_red_cnn(x, weights):
    """Chen et al. 2017, fig. 1, layer by layer."""

    def conv(index, image):
        prefix = f"encoder.{index}"
        return functional.conv2d(image, weights[f"{prefix}.weight"], weights[f"{prefix}.bias"])

    def deconv(index, image):
        prefix = f"decoder.{index}"
        return _scattered(image, weights[f"{prefix}.weight"], weights[f"{prefix}.bias"])

    conv1 = conv(0, x).relu()
    conv2 = conv(1, conv1).relu()
    conv3 = conv(2, conv2).relu()
    conv4 = conv(3, conv3).relu()
    conv5 = conv(4, conv4).relu()
    deconv1 = (deconv(0, conv5) + conv4).relu()
    deconv2 = deconv(1, deconv1).relu()
    deconv3 = (deconv(2, deconv2) + conv2).relu()
    deconv4 = deconv(3, deconv3).relu()
    return (deconv(4, deconv4) + x).relu()


def test_number_of_parameters_is_the_published_one():
    assert sum(p.numel() for p in REDCNN().parameters()) == 1_848_865


def test_layers_are_those_of_the_published_table():
    layers = [m for m in REDCNN().modules() if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d))]
    table = [(type(m), m.in_channels, m.out_channels) for m in layers]
    conv, deconv = nn.Conv2d, nn.ConvTranspose2d
    assert table == (
        [(conv, 1, 96)] + [(conv, 96, 96)] * 4 + [(deconv, 96, 96)] * 4 + [(deconv, 96, 1)]
    )
    assert {(m.kernel_size, m.stride, m.padding) for m in layers} == {((5, 5), (1, 1), (0, 0))}
    assert all(m.bias is not None for m in layers)


@pytest.mark.parametrize("size", [(21, 21), (24, 33)])
def test_output_equals_a_plain_rewrite(size):
    torch.manual_seed(3)
    model = REDCNN().double()
    x = torch.rand(2, 1, *size, dtype=torch.float64)
    expected = _plain_red_cnn(x, model.state_dict())
    assert expected.max() > 0
    torch.testing.assert_close(model(x), expected, rtol=1e-10, atol=1e-12)


def test_float32_and_channels_last_stay_within_1e_5_of_float64():
    torch.manual_seed(4)
    model = REDCNN()
    x = torch.rand(1, 1, 32, 28)
    expected = _plain_red_cnn(x.double(), {k: v.double() for k, v in model.state_dict().items()})
    fast = model.to(memory_format=torch.channels_last)
    torch.testing.assert_close(fast(x).double(), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("size", [(21, 21), (21, 40), (33, 32)])
def test_keeps_the_size_of_the_slice(size):
    assert REDCNN(channels=8)(torch.rand(1, 1, *size)).shape == (1, 1, *size)
