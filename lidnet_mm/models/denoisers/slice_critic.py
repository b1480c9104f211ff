"""The critic of WGAN-VGG, CPCE and MAP-NN, for whole slices."""

import itertools

from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn import functional

from lidnet_mm.registry import MODELS


@MODELS.register_module()
class SliceCritic(BaseModule):
    """Six published convolutions and a head that does not grow with the slice.

    3 x 3 kernels, 64, 64, 128, 128, 256 and 256 channels, every second of stride 2, LeakyReLU
    0.2, no normalisation: the gradient penalty is one of each sample (Eq. 7), which batch
    statistics would mix. The published head is fully connected to every pixel of a patch, more
    than 10^9 weights for a slice of 512 x 512; here the features are averaged over the slice
    before its two fully connected layers. The last one has no bias: only differences of scores
    count. 1,408,448 parameters, for slices of any size.

    Source: Yang et al. 2018, IEEE Trans Med Imaging 37(6), with the head said above.

    Args:
        channels (int): Channels of the first layer; the others have 1, 2, 2, 4 and 4 times as
            many, the hidden layer of the head 16 times. Defaults to 64.
        in_channels (int): Channels of the slice. Defaults to 1.
        init_cfg (dict, optional): MMEngine's initialisation.
    """

    def __init__(
        self, channels: int = 64, in_channels: int = 1, init_cfg: dict | None = None
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        widths = [in_channels, *(channels * factor for factor in (1, 1, 2, 2, 4, 4))]
        self.convolutions = nn.ModuleList(
            nn.Conv2d(before, after, 3, stride=1 + index % 2, padding=1)
            for index, (before, after) in enumerate(itertools.pairwise(widths))
        )
        self.hidden = nn.Linear(widths[-1], 16 * channels)
        self.score = nn.Linear(16 * channels, 1, bias=False)
        for layer in (*self.convolutions, self.hidden):
            nn.init.kaiming_normal_(layer.weight, a=0.2)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Score of each slice, higher for what looks like NDCT.

        Args:
            x (Tensor): Slices, (N, C, H, W), [0, 1].

        Returns:
            Tensor: (N,), unbounded.
        """
        for convolution in self.convolutions:
            x = functional.leaky_relu(convolution(x), 0.2)
        x = functional.leaky_relu(self.hidden(x.mean(dim=(2, 3))), 0.2)
        return self.score(x).squeeze(1)
