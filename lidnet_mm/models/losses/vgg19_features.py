"""The convolutions of VGG-19 with fixed weights, outside of the model that is trained."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor
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


class VGG19Features:
    """Output of the 16th convolution, conv5_4, after its ReLU.

    No ``nn.Module``: the 80 MB of fixed weights are no part of the model that is trained, so that
    nothing saves, copies, averages or broadcasts them with it. Whoever owns the features moves
    them with :meth:`apply`.

    Source: Simonyan and Zisserman 2015, ICLR, configuration E.

    Args:
        weights (Mapping[str, Tensor]): A tensor for each key of `vgg19_shapes`.
    """

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        self.weights: dict[str, Tensor] = {}
        for key in vgg19_shapes():
            tensor = weights[key].detach().clone()
            if tensor.ndim == 4:  # an eighth less time on a CPU, the same on any input layout
                tensor = tensor.contiguous(memory_format=torch.channels_last)
            self.weights[key] = tensor

    def apply(self, change: Callable[[Tensor], Tensor]) -> None:
        """Replace each weight by what a function makes of it, such as a copy on another device."""
        with torch.no_grad():
            self.weights = {key: change(tensor) for key, tensor in self.weights.items()}

    def __call__(self, images: Tensor) -> Tensor:
        """(N, 3, H, W), as the weights expect them, to (N, 512, H // 16, W // 16)."""
        features = images
        for number, indices in enumerate(_indices()):
            if number:
                features = functional.max_pool2d(features, 2)
            for index in indices:
                weight, bias = (self.weights[f"features.{index}.{n}"] for n in ("weight", "bias"))
                features = torch.relu(functional.conv2d(features, weight, bias, padding=1))
        return features
