"""Edge loss of MAP-NN: distance of the responses of the Sobel filter."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from lidnet_mm.models.losses.image_pair import check_image_pair
from lidnet_mm.registry import MODELS


@MODELS.register_module()
class SobelLoss(nn.Module):
    """Mean squared difference of the two Sobel derivatives.

    The components are compared, not the magnitude, and averaged over both directions, all
    pixels and the batch: so does MAP-NN's published code, which weighs the loss by 50. The
    filter (rows -1, -2, -1 and 1, 2, 1; no further factor) continues the image by reflection
    about the centres of the border pixels.

    The filter is linear: its response to the difference of the images is the difference of its
    responses. The loss is a square, its gradient finite everywhere. None passes to the reference.

    Source: Shan et al. 2019, Nat Mach Intell 1, and https://github.com/hmshan/MAP-NN.

    Args:
        loss_weight (float): Factor of the loss. Defaults to 1.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight
        along_rows = torch.tensor([[-1.0, -2.0, -1.0], [0.0, 0.0, 0.0], [1.0, 2.0, 1.0]])
        kernels = torch.stack((along_rows, along_rows.T))[:, None]
        self.register_buffer("kernels", kernels, persistent=False)

    def forward(self, denoised: Tensor, reference: Tensor) -> Tensor:
        """Compare the edges of two (N, 1, H, W) tensors in [0, 1]; returns a scalar.

        Raises:
            ValueError: If the shapes differ or a side has less than 2 pixels.
        """
        check_image_pair(denoised, reference, 2, "the Sobel filter")
        difference = functional.pad(denoised - reference.detach(), (1, 1, 1, 1), mode="reflect")
        responses = functional.conv2d(difference, self.kernels.to(difference))
        return self.loss_weight * responses.square().mean()
