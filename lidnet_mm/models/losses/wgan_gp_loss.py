"""Wasserstein loss with gradient penalty (first term of Eq. 5, Eq. 7)."""

import torch
from torch import Tensor, nn

from lidnet_mm.registry import MODELS


@MODELS.register_module()
class WGANGPLoss(nn.Module):
    """What generator and critic minimise against each other.

    Eq. 7 misprints the penalty: it is the squared difference of the norm from 1 (Gulrajani et
    al. 2017), and the norm is taken of each sample, over all its pixels.

    Args:
        loss_weight (float): Factor of the generator's term. Defaults to 1.
        penalty_weight (float): lambda of Eq. 7. Defaults to 10.
    """

    def __init__(self, loss_weight: float = 1.0, penalty_weight: float = 10.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight
        self.penalty_weight = penalty_weight

    def forward(self, critic: nn.Module, denoised: Tensor) -> Tensor:
        """Loss of the generator, -E[D(G(x))].

        Args:
            critic (nn.Module): D, from (N, 1, H, W) to (N,) scores.
            denoised (Tensor): G(x), (N, 1, H, W), [0, 1].

        Returns:
            Tensor: Scalar, of any sign.
        """
        return -self.loss_weight * critic(denoised).mean()

    def of_critic(
        self, critic: nn.Module, denoised: Tensor, reference: Tensor
    ) -> dict[str, Tensor]:
        """Losses of the critic (Eq. 7).

        Args:
            critic (nn.Module): D.
            denoised (Tensor): G(x), (N, 1, H, W); no gradient passes into it.
            reference (Tensor): y, the same shape.

        Returns:
            dict[str, Tensor]: Scalars ``loss_wasserstein`` E[D(G(x))] - E[D(y)],
            ``loss_gradient_penalty``, and ``wasserstein``, the estimate of the distance between
            denoised and reference slices, which is no loss.
        """
        denoised = denoised.detach().to(reference.dtype)
        scores = critic(torch.cat((denoised, reference)))
        of_denoised, of_reference = scores.chunk(2)
        difference = of_denoised.mean() - of_reference.mean()
        penalty = self.gradient_penalty(critic, denoised, reference)
        return {
            "loss_wasserstein": difference,
            "loss_gradient_penalty": self.penalty_weight * penalty,
            "wasserstein": -difference.detach(),
        }

    @staticmethod
    def gradient_penalty(critic: nn.Module, denoised: Tensor, reference: Tensor) -> Tensor:
        """E[(||grad D(x)||_2 - 1)^2], x uniform on the line between each pair of slices.

        Args:
            critic (nn.Module): D.
            denoised (Tensor): (N, 1, H, W).
            reference (Tensor): (N, 1, H, W).

        Returns:
            Tensor: Scalar.
        """
        position = torch.rand(len(denoised), 1, 1, 1, device=denoised.device, dtype=denoised.dtype)
        between = torch.lerp(reference, denoised, position).requires_grad_()
        # The gradient of a single pixel is far below what half precision holds.
        with torch.autocast(between.device.type, enabled=False):
            (gradient,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
        return (gradient.flatten(1).norm(dim=1) - 1).square().mean()
