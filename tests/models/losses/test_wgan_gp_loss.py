"""Wasserstein loss and gradient penalty against closed forms."""

import pytest
import torch
from scipy import stats
from torch import nn
from torch.nn import functional

from lidnet_mm.models.losses import WGANGPLoss


class Linear(nn.Module):
    """D(x) = <w, x>: the gradient is w everywhere."""

    def __init__(self, weight):
        super().__init__()
        self.weight = nn.Parameter(weight)

    def forward(self, x):
        return (x * self.weight).flatten(1).sum(dim=1)


class Recorder(nn.Module):
    """D(x) = ||x||^2 / 2, whose gradient is x; keeps what it was given."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def forward(self, x):
        self.seen.append(x.detach().clone())
        return x.square().flatten(1).sum(dim=1) / 2


def _images(seed, count=3, size=5):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, 1, size, size, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("weight", [1.0, 0.1])
def test_generator_minimises_minus_the_mean_score(weight):
    x = _images(0).requires_grad_()
    w = _images(1, count=1)
    loss = WGANGPLoss(loss_weight=weight)(Linear(w), x)
    torch.testing.assert_close(loss, -weight * (x * w).sum() / 3)
    loss.backward()
    torch.testing.assert_close(x.grad, (-weight / 3 * w).expand_as(x))


def test_terms_of_the_critic():
    """Eq. 7 with a linear critic: <w, mean x - mean y> + 10 (||w|| - 1)^2."""
    denoised, reference, w = _images(0), _images(1), _images(2, count=1)
    losses = WGANGPLoss().of_critic(Linear(w), denoised, reference)
    difference = (w * (denoised - reference)).sum() / 3
    torch.testing.assert_close(losses["loss_wasserstein"], difference)
    torch.testing.assert_close(losses["wasserstein"], -difference)
    torch.testing.assert_close(losses["loss_gradient_penalty"], 10 * (w.norm() - 1) ** 2)
    assert not losses["wasserstein"].requires_grad


@pytest.mark.parametrize("weight", [10.0, 2.5])
def test_gradient_of_the_penalty_is_that_of_the_closed_form(weight):
    """2 weight (||w|| - 1) w / ||w||, which takes a second derivative of the critic."""
    critic = Linear(_images(2, count=1))
    loss = WGANGPLoss(penalty_weight=weight)
    loss.of_critic(critic, _images(0), _images(1))["loss_gradient_penalty"].backward()
    w = critic.weight.detach()
    expected = 2 * weight * (w.norm() - 1) * w / w.norm()
    torch.testing.assert_close(critic.weight.grad, expected)


def test_norm_is_one_of_each_sample():
    """With D = ||x||^2 / 2 and equal images the norms are those of the images."""
    x = _images(3) * torch.tensor([0.1, 1.0, 7.0], dtype=torch.float64).reshape(3, 1, 1, 1)
    norms = torch.stack([image.norm() for image in x])
    expected = ((norms - 1) ** 2).mean()
    penalty = WGANGPLoss.gradient_penalty(Recorder(), x, x.clone())
    torch.testing.assert_close(penalty, expected)
    # Neither of the two usual slips gives this value.
    assert (penalty - (x.norm() - 1) ** 2).abs() > 1
    assert (penalty - ((x.square().sum(dim=1).sqrt() - 1) ** 2).mean()).abs() > 1


def test_points_lie_on_the_lines_and_are_uniform():
    denoised, reference = _images(0, count=400, size=2), _images(1, count=400, size=2)
    critic = Recorder()
    torch.manual_seed(0)
    WGANGPLoss.gradient_penalty(critic, denoised, reference)
    (points,) = critic.seen
    line = (denoised - reference).flatten(1)
    offset = (points - reference).flatten(1)
    position = (offset * line).sum(dim=1) / line.square().sum(dim=1)
    torch.testing.assert_close(position[:, None] * line, offset)  # one position for all pixels
    assert stats.kstest(position.numpy(), "uniform").pvalue > 0.01


def test_no_gradient_reaches_the_denoised_slices():
    denoised = _images(0).requires_grad_()
    losses = WGANGPLoss().of_critic(Linear(_images(2, count=1)), denoised, _images(1))
    (losses["loss_wasserstein"] + losses["loss_gradient_penalty"]).backward()
    assert denoised.grad is None


def test_a_critic_that_sees_nothing_has_finite_gradients():
    critic = Linear(torch.zeros(1, 1, 5, 5, dtype=torch.float64))
    penalty = WGANGPLoss().of_critic(critic, _images(0), _images(1))["loss_gradient_penalty"]
    penalty.backward()
    assert penalty == 10
    assert torch.isfinite(critic.weight.grad).all()


def test_penalty_is_taken_in_full_precision_under_autocast():
    torch.manual_seed(0)
    critic = nn.Sequential(nn.Conv2d(1, 8, 3), nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(72, 1))
    x, y = torch.rand(2, 1, 5, 5), torch.rand(2, 1, 5, 5)
    torch.manual_seed(1)
    expected = WGANGPLoss().of_critic(critic, x, y)["loss_gradient_penalty"]
    torch.manual_seed(1)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = WGANGPLoss().of_critic(critic, x.bfloat16(), y)["loss_gradient_penalty"]
    torch.testing.assert_close(half, expected, rtol=1e-2, atol=1e-3)
    assert half.dtype == torch.float32


def test_gradient_for_a_critic_that_is_not_linear():
    """Against finite differences, through the gradient inside the penalty."""
    denoised, reference = _images(0, count=2, size=4), _images(1, count=2, size=4)

    def losses(first, second):
        def critic(x):
            return (functional.conv2d(x, first).tanh().flatten(1) * second).sum(dim=1)

        torch.manual_seed(0)  # the same points at every evaluation
        terms = WGANGPLoss().of_critic(critic, denoised, reference)
        return terms["loss_wasserstein"] + terms["loss_gradient_penalty"]

    generator = torch.Generator().manual_seed(4)
    shapes = ((2, 1, 3, 3), (8,))
    weights = [
        torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_()
        for shape in shapes
    ]
    assert torch.autograd.gradcheck(losses, weights)
