"""Edge loss against SciPy's and scikit-image's Sobel filters and finite differences."""

import numpy as np
import pytest
import torch
from scipy import ndimage
from skimage import filters

from lidnet_mm.models.losses import SobelLoss
from lidnet_mm.registry import MODELS


def _images(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return tuple(torch.rand(*shape, generator=generator, dtype=torch.float64) for _ in "ab")


def _scipy(ours, reference):
    """Mean over images, directions and pixels, each image filtered on its own."""
    squares = [
        (ndimage.sobel(a, axis, mode="mirror") - ndimage.sobel(b, axis, mode="mirror")) ** 2
        for a, b in zip(ours[:, 0].numpy(), reference[:, 0].numpy(), strict=True)
        for axis in (0, 1)
    ]
    return np.mean(squares)


@pytest.mark.parametrize("size", [(13, 17), (2, 2), (3, 8)])
@pytest.mark.parametrize("weight", [1.0, 50.0])
def test_equals_scipy(size, weight):
    ours, reference = _images(3, 1, *size)
    loss = SobelLoss(loss_weight=weight)(ours, reference)
    assert loss.item() == pytest.approx(weight * _scipy(ours, reference), rel=1e-12)


def test_equals_scikit_image():
    """Whose kernel is ours divided by 4."""
    ours, reference = _images(1, 1, 9, 11)
    ours_np, reference_np = ours[0, 0].numpy(), reference[0, 0].numpy()
    squares = [
        (
            4 * filters.sobel(ours_np, axis=axis, mode="mirror")
            - 4 * filters.sobel(reference_np, axis=axis, mode="mirror")
        )
        ** 2
        for axis in (0, 1)
    ]
    assert SobelLoss()(ours, reference).item() == pytest.approx(np.mean(squares), rel=1e-12)


def test_a_turned_edge_is_seen():
    """A gradient along rows and the same along columns have equal magnitudes everywhere."""
    ramp = torch.linspace(0, 1, 9, dtype=torch.float64).expand(1, 1, 9, 9)
    turned = ramp.transpose(2, 3)
    # 8 times the slope of 1/8, nothing where the reflection turns the slope back.
    assert SobelLoss()(ramp, turned).item() == pytest.approx(7 / 9, rel=1e-12)


def test_a_constant_offset_costs_nothing():
    image, _ = _images(2, 1, 8, 8)
    assert SobelLoss()(image + 0.25, image).item() == pytest.approx(0, abs=1e-28)


def test_gradient_equals_finite_differences():
    ours, reference = _images(2, 1, 5, 6)
    loss = SobelLoss()
    assert torch.autograd.gradcheck(lambda x: loss(x, reference), ours.requires_grad_())


@pytest.mark.parametrize("kind", ["equal", "flat"])
def test_gradient_is_zero_and_finite_without_any_edge_difference(kind):
    image = _images(1, 1, 8, 8)[0] if kind == "equal" else torch.full((1, 1, 8, 8), 0.5)
    ours = image.clone().requires_grad_()
    loss = SobelLoss()(ours, image)
    loss.backward()
    assert loss.item() == 0
    assert (ours.grad == 0).all()


def test_no_gradient_to_the_reference():
    ours, reference = (image.requires_grad_() for image in _images(1, 1, 8, 8))
    SobelLoss()(ours, reference).backward()
    assert ours.grad.abs().sum() > 0
    assert reference.grad is None


@pytest.mark.parametrize(
    ("ours", "reference", "message"),
    [
        ((2, 1, 8, 8), (1, 1, 8, 8), r"differ in shape: denoised \(2, 1, 8, 8\)"),
        ((1, 3, 8, 8), (1, 3, 8, 8), r"must be \(N, 1, H, W\), got \(1, 3, 8, 8\)"),
        ((8, 8), (8, 8), r"must be \(N, 1, H, W\)"),
        ((1, 1, 1, 8), (1, 1, 1, 8), "1 x 8 pixels are too small: at least 2 x 2 .* Sobel"),
    ],
)
def test_what_does_not_fit_is_refused(ours, reference, message):
    with pytest.raises(ValueError, match=message):
        SobelLoss()(torch.zeros(ours), torch.zeros(reference))


def test_is_built_by_name_and_leaves_nothing_in_checkpoints():
    loss = MODELS.build({"type": "lidnet_mm.SobelLoss", "loss_weight": 50.0})
    assert loss.loss_weight == 50.0
    assert loss.state_dict() == {}
    assert list(loss.parameters()) == []
