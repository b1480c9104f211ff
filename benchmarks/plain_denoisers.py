"""The generators' layer tables written as plainly as possible, on the weights of a generator.

No check, no loop, no class: what is left is the time that the layers themselves take.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, conv_transpose2d, relu

Weights = dict[str, Tensor]


def plain(generator: nn.Module) -> Callable[[Tensor], Tensor]:
    """The plain form of a generator, with the same weights.

    Args:
        generator: One of :data:`PLAIN`, with default settings.

    Returns:
        A function from (N, 1, H, W) to (N, 1, H, W).
    """
    name = type(generator).__name__
    if name == "Restormer":
        return partial(restormer, network=generator.network)
    return partial(PLAIN[name], w=dict(generator.named_parameters()))


def cpce(x: Tensor, w: Weights) -> Tensor:
    """Shan et al. 2018, fig. 2."""
    return relu(cpce_body(x, w))


def cpce_body(x: Tensor, w: Weights, part: str = "") -> Tensor:
    """All layers of CPCE but the last ReLU."""
    conv1 = relu(conv2d(x, w[part + "encoder.0.weight"]))
    conv2 = relu(conv2d(conv1, w[part + "encoder.1.weight"]))
    conv3 = relu(conv2d(conv2, w[part + "encoder.2.weight"]))
    conv4 = relu(conv2d(conv3, w[part + "encoder.3.weight"]))
    up = relu(conv_transpose2d(conv4, w[part + "decoder.0.weight"]))
    up = relu(conv2d(torch.cat((up, conv3), 1), w[part + "conveyors.0.weight"]))
    up = relu(conv_transpose2d(up, w[part + "decoder.1.weight"]))
    up = relu(conv2d(torch.cat((up, conv2), 1), w[part + "conveyors.1.weight"]))
    up = relu(conv_transpose2d(up, w[part + "decoder.2.weight"]))
    up = relu(conv2d(torch.cat((up, conv1), 1), w[part + "conveyors.2.weight"]))
    return conv_transpose2d(up, w[part + "decoder.3.weight"])


def map_nn(x: Tensor, w: Weights) -> Tensor:
    """Shan et al. 2019, D = 3."""
    x = relu(x + cpce_body(x, w, "shared_module.")).clamp(0, 1)
    x = relu(x + cpce_body(x, w, "shared_module.")).clamp(0, 1)
    return relu(x + cpce_body(x, w, "shared_module.")).clamp(0, 1)


def red_cnn(x: Tensor, w: Weights) -> Tensor:
    """Chen et al. 2017, fig. 1."""
    conv1 = relu(conv2d(x, w["encoder.0.weight"], w["encoder.0.bias"]))
    conv2 = relu(conv2d(conv1, w["encoder.1.weight"], w["encoder.1.bias"]))
    conv3 = relu(conv2d(conv2, w["encoder.2.weight"], w["encoder.2.bias"]))
    conv4 = relu(conv2d(conv3, w["encoder.3.weight"], w["encoder.3.bias"]))
    conv5 = relu(conv2d(conv4, w["encoder.4.weight"], w["encoder.4.bias"]))
    up = relu(conv_transpose2d(conv5, w["decoder.0.weight"], w["decoder.0.bias"]) + conv4)
    up = relu(conv_transpose2d(up, w["decoder.1.weight"], w["decoder.1.bias"]))
    up = relu(conv_transpose2d(up, w["decoder.2.weight"], w["decoder.2.bias"]) + conv2)
    up = relu(conv_transpose2d(up, w["decoder.3.weight"], w["decoder.3.bias"]))
    return relu(conv_transpose2d(up, w["decoder.4.weight"], w["decoder.4.bias"]) + x)


def wgan_vgg(x: Tensor, w: Weights) -> Tensor:
    """Yang et al. 2018; SMGAN's generator in 2-D is the same."""
    x = relu(conv2d(x, w["layers.0.weight"], padding=1))
    x = relu(conv2d(x, w["layers.1.weight"], padding=1))
    x = relu(conv2d(x, w["layers.2.weight"], padding=1))
    x = relu(conv2d(x, w["layers.3.weight"], padding=1))
    x = relu(conv2d(x, w["layers.4.weight"], padding=1))
    x = relu(conv2d(x, w["layers.5.weight"], padding=1))
    x = relu(conv2d(x, w["layers.6.weight"], padding=1))
    return relu(conv2d(x, w["layers.7.weight"], padding=1))


def res_hlf(x: Tensor, w: Weights) -> Tensor:
    """Head, four residual blocks, tail; the output is what the noise leaves."""
    noise = relu(_same(x, w, "head"))
    noise = noise + _same(relu(_same(noise, w, "blocks.0.first")), w, "blocks.0.second")
    noise = noise + _same(relu(_same(noise, w, "blocks.1.first")), w, "blocks.1.second")
    noise = noise + _same(relu(_same(noise, w, "blocks.2.first")), w, "blocks.2.second")
    noise = noise + _same(relu(_same(noise, w, "blocks.3.first")), w, "blocks.3.second")
    return relu(x - _same(relu(noise), w, "tail"))


def _same(x: Tensor, w: Weights, layer: str) -> Tensor:
    """Padded 3 x 3 convolution with bias."""
    return conv2d(x, w[layer + ".weight"], w[layer + ".bias"], padding=1)


def restormer(x: Tensor, network: nn.Module) -> Tensor:
    """MONAI's network itself, for sides that it need not pad."""
    return relu(x + network(x))


PLAIN = {
    "CPCE": cpce,
    "REDCNN": red_cnn,
    "WGANVGG": wgan_vgg,
    "SMGAN": wgan_vgg,
    "MAPNN": map_nn,
    "ResHLF": res_hlf,
    "Restormer": restormer,
}
