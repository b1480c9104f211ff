"""The limit of the detector's feedback, against gradients that autograd takes one by one."""

import pytest
import torch
from mmengine.runner import set_random_seed

from lidnet_mm.models.feedback_limit import FeedbackLimit
from lidnet_mm.models.phase import Phase


@pytest.fixture
def denoised():
    return torch.linspace(-1, 2, 24).reshape(2, 1, 3, 4).requires_grad_()


@pytest.mark.parametrize("limit", [0.25, 2.0, 40.0])
def test_feedback_is_scaled_down_to_its_share_of_the_own_gradient_and_never_up(limit, denoised):
    own, feedback = FeedbackLimit(limit).split(denoised * 1.0)
    (own.abs().mean() + 3 * feedback.square().sum()).backward()
    own_gradient = denoised.detach().sign() / 24
    asked = 6 * denoised.detach()
    share = asked.norm() / own_gradient.norm()
    assert 40 < share < 400  # all three limits bind
    expected = own_gradient + asked * limit / share
    torch.testing.assert_close(denoised.grad, expected)


def test_feedback_below_the_limit_is_left_as_it_is(denoised):
    limit = FeedbackLimit(1.0)
    own, feedback = limit.split(denoised)
    (own.abs().mean() + 1e-3 * feedback.sum()).backward()
    torch.testing.assert_close(denoised.grad, denoised.detach().sign() / 24 + 1e-3)
    assert limit.last_scale == 1


@pytest.mark.parametrize("factor", [0.0, float("nan")])
def test_no_gradient_of_one_side_and_nan_pass(factor, denoised):
    own, feedback = FeedbackLimit(1.0).split(denoised)
    (factor * own.sum() + feedback.sum()).backward()
    expected = torch.full_like(denoised, 1 + factor)
    torch.testing.assert_close(denoised.grad, expected, equal_nan=True)


def test_the_scale_of_mixed_precision_cancels():
    results = []
    for scale in (1.0, 65536.0):
        image = torch.linspace(-1, 2, 24, requires_grad=True)
        own, feedback = FeedbackLimit(0.5).split(image)
        (scale * (own.abs().mean() + feedback.square().sum())).backward()
        results.append(image.grad / scale)
    torch.testing.assert_close(*results)


@pytest.mark.parametrize("limit", [0.0, -1.0, float("nan")])
def test_a_limit_that_is_not_positive_is_refused(limit):
    with pytest.raises(ValueError, match="feedback_limit must be positive"):
        FeedbackLimit(limit)


def _gradient(build_lid, small_config, batch, **options):
    """Gradient of the denoiser's weights in a step, and the losses' names."""
    set_random_seed(5)
    model = build_lid(small_config, **options)
    model.set_phase(Phase.DENOISER)
    set_random_seed(11)
    losses = model(**model.data_preprocessor(batch), mode="loss")
    model.parse_losses(losses)[0].backward()
    weights = [p.grad.flatten() for p in model.denoiser.parameters()]
    return torch.cat(weights), model


def test_in_a_lidnet_the_step_lies_between_own_losses_and_full_feedback(
    small_config, build_lid, batch
):
    # The gradient with respect to the weights is linear in that on G(x).
    nothing = {"type": "lidnet_mm.ROIPerceptualLoss", "loss_weight": 0.0}
    own, _ = _gradient(
        build_lid, small_config, batch, roi_perceptual_loss=nothing, detection_loss_weight=0.0
    )
    full, _ = _gradient(build_lid, small_config, batch)
    far, model = _gradient(build_lid, small_config, batch, feedback_limit=1e9)
    torch.testing.assert_close(far, full)
    assert model.feedback_limit.last_scale == 1
    limited, model = _gradient(build_lid, small_config, batch, feedback_limit=0.1)
    scale = model.feedback_limit.last_scale
    assert 0 < scale < 1
    torch.testing.assert_close(limited, own + scale * (full - own), rtol=1e-3, atol=1e-6)


def test_the_scale_of_the_step_before_is_logged(small_config, build_lid, batch):
    model = build_lid(small_config, feedback_limit=0.1)
    model.set_phase(Phase.DENOISER)
    data = model.data_preprocessor(batch)
    first = model(**data, mode="loss")
    assert "feedback_scale" not in first
    total, _ = model.parse_losses(first)
    total.backward()
    scale = model.feedback_limit.last_scale
    second = model(**data, mode="loss")
    assert second["feedback_scale"] == scale
    expected = sum(
        v.sum() if torch.is_tensor(v) else sum(v).sum() for n, v in second.items() if "loss" in n
    )
    torch.testing.assert_close(model.parse_losses(second)[0], expected)
