"""No denoiser at all: the floor (LDCT) and the ceiling (NDCT) of every table."""

from torch import Tensor

from lidnet_mm.models.denoisers.base_generator import BaseGenerator
from lidnet_mm.registry import MODELS


@MODELS.register_module()
class Identity(BaseGenerator):
    """Returns its input. Put in front of the judge it scores the images as they are."""

    receptive_radius = 0

    def denoise(self, x: Tensor) -> Tensor:
        """(N, 1, H, W) to the same tensor."""
        return x
