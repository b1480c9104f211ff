"""CPCE-2D, the conveying-path based convolutional encoder-decoder."""

import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional

from lidnet_mm.models.denoisers.base_generator import BaseGenerator
from lidnet_mm.models.denoisers.output_range import into_range
from lidnet_mm.registry import MODELS


@MODELS.register_module()
class CPCE(BaseGenerator):
    """Four convolutions, four transposed ones, three conveying paths; 62,016 parameters.

    All 3 x 3 kernels are unpadded and without bias. After each of the first three transposed
    convolutions the features of the same size from the encoder are concatenated and a 1 x 1
    convolution brings them back to ``channels``. ReLU follows every layer.

    With a usual initialisation the output of about every second seed starts negative
    everywhere, which the ReLU behind it turns to zero. The last kernel therefore starts
    non-negative and sums to about 1 a channel, so that the output starts as a mean of features, of
    the magnitude of the image. (That ReLU is :func:`into_range`, here and in the other generators.)

    Source: Shan et al. 2018, IEEE Trans Med Imaging 37(6), 2-D form.

    Args:
        channels (int): Channels of the hidden layers. Defaults to 32.
        init_cfg (dict, optional): MMEngine's initialisation.
    """

    receptive_margin = 4
    receptive_radius = 8

    def __init__(self, channels: int = 32, init_cfg: dict | None = None) -> None:
        super().__init__(in_channels=1, init_cfg=init_cfg)
        widths = [1, channels, channels, channels, channels]
        self.encoder = nn.ModuleList(
            nn.Conv2d(i, o, 3, bias=False) for i, o in itertools.pairwise(widths)
        )
        self.decoder = nn.ModuleList(
            nn.ConvTranspose2d(channels, o, 3, bias=False)
            for o in (channels, channels, channels, 1)
        )
        self.conveyors = nn.ModuleList(
            nn.Conv2d(2 * channels, channels, 1, bias=False) for _ in range(3)
        )
        self._initialise()

    def _initialise(self) -> None:
        """Kaiming weights; the last kernel a non-negative mean."""
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
                nn.init.kaiming_uniform_(module.weight, nonlinearity="relu")
        last = self.decoder[-1].weight
        nn.init.uniform_(last, 0, 2 / last.numel())

    def denoise(self, x: Tensor) -> Tensor:
        """(N, 1, H, W) in [0, 1] to (N, 1, H, W), not negative."""
        return into_range(self.body(x))

    def body(self, x: Tensor) -> Tensor:
        """All layers but the last ReLU: (N, 1, H, W) to (N, 1, H, W)."""
        conveyed = []
        for convolution in self.encoder:
            x = functional.relu(convolution(x))
            conveyed.append(x)
        for deconvolution, conveyor, kept in zip(
            self.decoder, self.conveyors, reversed(conveyed[:-1]), strict=False
        ):
            x = functional.relu(deconvolution(x))
            x = functional.relu(conveyor(torch.cat((x, kept), dim=1)))
        return self.decoder[-1](x)
