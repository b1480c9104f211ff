"""MAP-NN, the modularized network."""

from torch import Tensor, nn

from lidnet_mm.models.denoisers.base_generator import BaseGenerator
from lidnet_mm.models.denoisers.cpce import CPCE
from lidnet_mm.models.denoisers.output_range import into_range
from lidnet_mm.registry import MODELS


@MODELS.register_module()
class MAPNN(BaseGenerator):
    """The CPCE body applied D times with the same weights; 62,016 parameters for any D.

    Each module adds its output to its input, ``x <- clip(ReLU(x + f(x)), 0, 1)``, so that the
    number of modules sets how far the image is denoised. The last kernel of the body starts at
    zero: an untrained network returns its input. The body is a part and not the base class, so
    that weights of a :class:`CPCE`, which mean something else, do not load.

    Source: Shan et al. 2019, Nature Machine Intelligence 1(6); D = 3 as in the LIDnet paper.

    Args:
        num_modules (int): D. Defaults to 3.
        channels (int): Channels of the hidden layers. Defaults to 32.
        init_cfg (dict, optional): MMEngine's initialisation.

    Raises:
        ValueError: If ``num_modules`` is not positive.
    """

    receptive_margin = CPCE.receptive_margin

    def __init__(
        self, num_modules: int = 3, channels: int = 32, init_cfg: dict | None = None
    ) -> None:
        if num_modules < 1:
            raise ValueError(f"num_modules must be at least 1, got {num_modules}")
        super().__init__(in_channels=1, init_cfg=init_cfg)
        self.num_modules = num_modules
        self.shared_module = CPCE(channels)
        nn.init.zeros_(self.shared_module.decoder[-1].weight)

    @property
    def receptive_radius(self) -> int:
        """That of the body, once for every module; in pixels."""
        return self.num_modules * CPCE.receptive_radius

    def denoise(self, x: Tensor) -> Tensor:
        """(N, 1, H, W) in [0, 1] to the output of the last module, the same shape and range."""
        return self.depths(x)[-1]

    def depths(self, x: Tensor) -> list[Tensor]:
        """Output of every module, the least denoised first.

        Args:
            x (Tensor): LDCT, (N, 1, H, W), [0, 1].

        Returns:
            list[Tensor]: D tensors (N, 1, H, W) in [0, 1].
        """
        outputs = []
        for _ in range(self.num_modules):
            x = into_range(x + self.shared_module.body(x), high=1.0)
            outputs.append(x)
        return outputs
