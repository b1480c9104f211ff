"""The convolutions of VGG-19, without parameters: fixed weights in buffers."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

# Output channels of the 3 x 3 convolutions between max pools, configuration E.
_BLOCKS = ((64,) * 2, (128,) * 2, (256,) * 4, (512,) * 4, (512,) * 4)
STRIDE = 2 ** (len(_BLOCKS) - 1)  # input pixels a side of one cell of the features


def _indices() -> list[list[int]]:
    """Index of each convolution in torchvision's ``features``, where ReLU and pool count too."""
    indices, index = [], 0
    for block in _BLOCKS:
        indices.append(list(range(index, index + 2 * len(block), 2)))
        index += 2 * len(block) + 1
    return indices


def vgg19_shapes() -> dict[str, tuple[int, ...]]:
    """Shapes by key ``features.N.weight`` and ``features.N.bias``, first to last convolution."""
    shapes: dict[str, tuple[int, ...]] = {}
    inputs = 3
    for indices, block in zip(_indices(), _BLOCKS, strict=True):
        for index, outputs in zip(indices, block, strict=True):
            shapes[f"features.{index}.weight"] = (outputs, inputs, 3, 3)
            shapes[f"features.{index}.bias"] = (outputs,)
            inputs = outputs
    return shapes


class VGG19Features(nn.Module):
    """Output of the 16th convolution, conv5_4, after its ReLU.

    The weights are buffers that are left out of the state: the module has nothing to train,
    adds nothing to checkpoints, and moves with ``.to()``.

    Source: Simonyan and Zisserman 2015, ICLR, configuration E.

    Args:
        weights (Mapping[str, Tensor]): A tensor for each key of `vgg19_shapes`.
    """

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        super().__init__()
        for key in vgg19_shapes():
            tensor = weights[key].detach().clone()
            if tensor.ndim == 4:  # an eighth less time on a CPU, the same on any input layout
                tensor = tensor.contiguous(memory_format=torch.channels_last)
            self.register_buffer(_buffer(key), tensor, persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, H, W), as the weights expect them, to (N, 512, H // 16, W // 16)."""
        features = images
        for number, indices in enumerate(_indices()):
            if number:
                features = functional.max_pool2d(features, 2)
            for index in indices:
                weight = getattr(self, _buffer(f"features.{index}.weight"))
                bias = getattr(self, _buffer(f"features.{index}.bias"))
                features = torch.relu(functional.conv2d(features, weight, bias, padding=1))
        return features


def _buffer(key: str) -> str:
    """Name of a buffer, which must not contain dots."""
    return key.replace(".", "_")
