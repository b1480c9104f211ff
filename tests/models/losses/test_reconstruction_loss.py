"""Reconstruction loss against sums over pixels."""

import pytest
import torch

from lidnet_mm.models.losses import ReconstructionLoss


@pytest.fixture
def images():
    generator = torch.Generator().manual_seed(0)
    return tuple(torch.rand(2, 1, 5, 7, generator=generator, dtype=torch.float64) for _ in "ab")


@pytest.mark.parametrize(("norm", "power"), [("l1", 1), ("l2", 2)])
@pytest.mark.parametrize("weight", [1.0, 0.5])
def test_is_the_mean_over_all_pixels(images, norm, power, weight):
    ours, reference = (image.flatten().tolist() for image in images)
    terms = [abs(a - b) ** power for a, b in zip(ours, reference, strict=True)]
    loss = ReconstructionLoss(norm, loss_weight=weight)(*images)
    assert loss.item() == pytest.approx(weight * sum(terms) / len(terms), rel=1e-12)


def test_is_l1_by_default(images):
    assert ReconstructionLoss()(*images) == ReconstructionLoss("l1")(*images)


def test_unknown_norm_is_refused():
    with pytest.raises(ValueError, match=r"norm must be one of \['l1', 'l2'\], got 'huber'"):
        ReconstructionLoss("huber")


@pytest.mark.parametrize("norm", ["l1", "l2"])
def test_gradient_against_finite_differences(norm):
    generator = torch.Generator().manual_seed(0)
    x, y = (torch.rand(2, 1, 4, 5, generator=generator, dtype=torch.float64) for _ in range(2))
    assert torch.autograd.gradcheck(ReconstructionLoss(norm, 3.0), (x.requires_grad_(), y))
