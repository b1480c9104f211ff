"""Generator of Res-HLF, which learns the noise: a reading, for there is no public code."""

from torch import Tensor, nn
from torch.nn import functional

from lidnet_mm.models.denoisers.base_generator import BaseGenerator
from lidnet_mm.models.denoisers.output_range import into_range
from lidnet_mm.registry import MODELS


class _ResidualBlock(nn.Module):
    """``x + conv(ReLU(conv(x)))``, padded, so that the size is kept."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, H, W) to the same shape."""
        return x + self.second(functional.relu(self.first(x)))


@MODELS.register_module()
class ResHLF(BaseGenerator):
    """Residual blocks that predict the noise, ``output = x - noise(x)``; 74,593 parameters.

    Source: Ma et al. 2020, IEEE Access 8:67519, "Low-Dose CT Image Denoising Using a Generative
    Adversarial Network With a Hybrid Loss Function for Noise Learning". **A documented reading,
    not the published network**: its code is not public, and this class follows only what its
    title and the LIDnet paper (section 4.1) say.

    Stated there: the generator learns the noise; residual learning is used; the losses are
    adversarial with a structural similarity in place of the VGG term (``SSIMLoss``).

    Chosen here, so that the network differs from :class:`WGANVGG` in what is stated and in
    little else: 3 x 3 padded convolutions of 32 channels, one in, four blocks of two, one out,
    which is about the size of :class:`CPCE`; ReLU between layers; bias, because noise has a
    sign and no ReLU may follow the last layer. There is no batch normalisation: a batch holds
    few slices, most of them air, so its statistics follow the anatomy, and its frozen half
    would denoise with other statistics than it was trained with. The output is clamped to at
    least 0, as the ReLU of the other generators does, since no CT value lies below the window.
    The last layer starts at zero: an untrained network returns its input.

    Args:
        channels (int): Channels of the hidden layers. Defaults to 32.
        num_blocks (int): Residual blocks. Defaults to 4.
        init_cfg (dict, optional): MMEngine's initialisation.

    Raises:
        ValueError: If ``num_blocks`` is not positive.
    """

    def __init__(
        self, channels: int = 32, num_blocks: int = 4, init_cfg: dict | None = None
    ) -> None:
        if num_blocks < 1:
            raise ValueError(f"num_blocks must be at least 1, got {num_blocks}")
        super().__init__(in_channels=1, init_cfg=init_cfg)
        self.head = nn.Conv2d(1, channels, 3, padding=1)
        self.blocks = nn.Sequential(*(_ResidualBlock(channels) for _ in range(num_blocks)))
        self.tail = nn.Conv2d(channels, 1, 3, padding=1)
        self._initialise()

    def _initialise(self) -> None:
        """Kaiming weights; a last layer of zeros."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_uniform_(module.weight, nonlinearity="relu")
                nn.init.zeros_(module.bias)
        nn.init.zeros_(self.tail.weight)

    @property
    def receptive_radius(self) -> int:
        """Pixels that an output pixel sees to each side: one a convolution."""
        return 2 * len(self.blocks) + 2

    def noise(self, x: Tensor) -> Tensor:
        """The noise found in a slice.

        Args:
            x (Tensor): LDCT, (N, 1, H, W), [0, 1].

        Returns:
            Tensor: (N, 1, H, W), of either sign, in units of ``x``.
        """
        return self.tail(functional.relu(self.blocks(functional.relu(self.head(x)))))

    def denoise(self, x: Tensor) -> Tensor:
        """(N, 1, H, W) in [0, 1] to (N, 1, H, W), not negative."""
        return into_range(x - self.noise(x))
