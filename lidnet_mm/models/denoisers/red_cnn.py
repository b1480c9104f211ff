"""RED-CNN, the residual encoder-decoder."""

import itertools

from torch import Tensor, nn
from torch.nn import functional

from lidnet_mm.models.denoisers.base_generator import BaseGenerator
from lidnet_mm.models.denoisers.output_range import into_range
from lidnet_mm.registry import MODELS


@MODELS.register_module()
class REDCNN(BaseGenerator):
    """Five 5 x 5 convolutions and five transposed ones with three shortcuts; 1,848,865 parameters.

    Kernels are unpadded. The fourth convolution's output is added to the first transposed
    convolution's, the second's to the third's, the input to the output; ReLU follows each sum.

    Source: Chen et al. 2017, IEEE Trans Med Imaging 36(12).

    Args:
        channels (int): Channels of the hidden layers. Defaults to 96.
        init_cfg (dict, optional): MMEngine's initialisation.
    """

    receptive_margin = 10
    receptive_radius = 20

    def __init__(self, channels: int = 96, init_cfg: dict | None = None) -> None:
        super().__init__(in_channels=1, init_cfg=init_cfg)
        widths = [1] + [channels] * 5
        self.encoder = nn.ModuleList(nn.Conv2d(i, o, 5) for i, o in itertools.pairwise(widths))
        self.decoder = nn.ModuleList(
            nn.ConvTranspose2d(i, o, 5)
            for i, o in zip(widths[::-1], widths[::-1][1:], strict=False)
        )

    def denoise(self, x: Tensor) -> Tensor:
        """(N, 1, H, W) in [0, 1] to (N, 1, H, W), not negative."""
        features = [x]
        for convolution in self.encoder:
            features.append(functional.relu(convolution(features[-1])))
        shortcuts = {0: features[4], 2: features[2], 4: features[0]}
        out = features[-1]
        for index, deconvolution in enumerate(self.decoder):
            out = deconvolution(out)
            if index in shortcuts:
                out = out + shortcuts[index]
            is_last = index == len(self.decoder) - 1
            out = into_range(out) if is_last else functional.relu(out)
        return out
