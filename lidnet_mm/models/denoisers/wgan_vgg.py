"""Generator of WGAN-VGG."""

import itertools

from torch import Tensor, nn
from torch.nn import functional

from lidnet_mm.models.denoisers.base_generator import BaseGenerator
from lidnet_mm.models.denoisers.output_range import into_range
from lidnet_mm.registry import MODELS


@MODELS.register_module()
class WGANVGG(BaseGenerator):
    """Eight 3 x 3 convolutions, ReLU after each; 55,872 parameters, 56,097 with bias.

    Seven layers of ``channels`` and one of a single channel. The images are padded, so that
    whole slices keep their size. As in :class:`CPCE` the last kernel starts as a positive mean.

    Source: Yang et al. 2018, IEEE Trans Med Imaging 37(6).

    Args:
        channels (int): Channels of the hidden layers. Defaults to 32.
        bias (bool): Whether the layers have one. Defaults to False.
        init_cfg (dict, optional): MMEngine's initialisation.
    """

    receptive_radius = 8

    def __init__(
        self, channels: int = 32, bias: bool = False, init_cfg: dict | None = None
    ) -> None:
        super().__init__(in_channels=1, init_cfg=init_cfg)
        widths = [1] + [channels] * 7 + [1]
        self.layers = nn.ModuleList(
            nn.Conv2d(i, o, 3, padding=1, bias=bias) for i, o in itertools.pairwise(widths)
        )
        for layer in self.layers:
            nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
            if bias:
                nn.init.zeros_(layer.bias)
        last = self.layers[-1].weight
        nn.init.uniform_(last, 0, 2 / last.numel())

    def denoise(self, x: Tensor) -> Tensor:
        """(N, 1, H, W) in [0, 1] to (N, 1, H, W), not negative."""
        for layer in self.layers[:-1]:
            x = functional.relu(layer(x))
        return into_range(self.layers[-1](x))
