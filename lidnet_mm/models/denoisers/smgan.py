"""Generator of the structurally-sensitive multi-scale network (SSMS, SMGAN), 2-D form."""

from lidnet_mm.models.denoisers.wgan_vgg import WGANVGG
from lidnet_mm.registry import MODELS


@MODELS.register_module()
class SMGAN(WGANVGG):
    """The 2-D form has the layers of :class:`WGANVGG`; what differs is the loss it trains with.

    "Multi-scale" names that loss (MS-SSIM), neither the generator nor the critic. The 3-D form,
    which mixes 3 x 3 x 1 and 3 x 3 x 3 kernels, is not here: LIDnet works on slices.

    Source: You et al. 2018, IEEE Access 6. Takes the arguments of :class:`WGANVGG`.
    """
