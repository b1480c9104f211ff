"""Structural losses against scikit-image, MS-SSIM written out in NumPy, and finite differences."""

import sys

import numpy as np
import pytest
import torch
from scipy.signal import convolve2d
from skimage.metrics import structural_similarity

from lidnet_mm.models.losses import MSSSIMLoss, SSIMLoss
from lidnet_mm.registry import MODELS

LOSSES = [SSIMLoss, MSSSIMLoss]
WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def _pair(batch=1, size=(192, 192), seed=0, noise=0.1):
    """Noisy and clean smooth images in [0, 1], float64."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(batch, 1, 12, 12, generator=generator, dtype=torch.float64)
    clean = torch.nn.functional.interpolate(coarse, size, mode="bicubic").clamp(0, 1)
    return clean.add(
        torch.randn(clean.shape, generator=generator, dtype=torch.float64), alpha=noise
    ).clamp(0, 1), clean


def _terms(a, b):
    """Mean of SSIM and of its contrast-structure term where the window fits."""
    offsets = np.arange(-5, 6)
    line = np.exp(-(offsets**2) / (2 * 1.5**2))
    window = np.outer(line, line) / line.sum() ** 2

    def local(image):
        return convolve2d(image, window, mode="valid")

    mean_a, mean_b = local(a), local(b)
    variance_a, variance_b = local(a * a) - mean_a**2, local(b * b) - mean_b**2
    covariance = local(a * b) - mean_a * mean_b
    c1, c2 = 0.01**2, 0.03**2
    contrast = (2 * covariance + c2) / (variance_a + variance_b + c2)
    luminance = (2 * mean_a * mean_b + c1) / (mean_a**2 + mean_b**2 + c1)
    return (luminance * contrast).mean(), contrast.mean()


def _halved(image):
    """Means of 2 x 2 pixels; the last row or column of an odd side is left out."""
    height, width = (side // 2 for side in image.shape)
    cut = image[: 2 * height, : 2 * width]
    return cut.reshape(height, 2, width, 2).mean(axis=(1, 3))


def _ms_ssim(a, b):
    """Eq. 7 of Wang et al. 2003: contrast at every scale, luminance at the coarsest."""
    product = 1.0
    for scale, exponent in enumerate(WEIGHTS):
        similarity, contrast = _terms(a, b)
        product *= max(similarity if scale == 4 else contrast, 0) ** exponent
        a, b = _halved(a), _halved(b)
    return product


def _mean(function, ours, reference):
    pairs = zip(ours[:, 0].numpy(), reference[:, 0].numpy(), strict=True)
    return np.mean([function(a, b) for a, b in pairs])


@pytest.mark.parametrize("size", [(11, 11), (40, 61)])
@pytest.mark.parametrize("weight", [1.0, 50.0])
def test_ssim_equals_scikit_image(size, weight):
    ours, reference = _pair(2, size)

    def similarity(a, b):
        return structural_similarity(
            a, b, data_range=1, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
        )

    expected = weight * (1 - _mean(similarity, ours, reference))
    loss = SSIMLoss(loss_weight=weight)(ours, reference)
    assert loss.item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("size", [(176, 208), (192, 192)])
@pytest.mark.parametrize("weight", [1.0, 0.89])
def test_ms_ssim_equals_its_equation(size, weight):
    ours, reference = _pair(2, size)
    expected = weight * (1 - _mean(_ms_ssim, ours, reference))
    loss = MSSSIMLoss(loss_weight=weight)(ours, reference)
    assert loss.item() == pytest.approx(expected, rel=1e-5)


def test_ms_ssim_of_odd_sides_differs_by_their_border_alone():
    ours, reference = _pair(1, (189, 203))
    loss = MSSSIMLoss()(ours, reference)
    assert loss.item() == pytest.approx(1 - _mean(_ms_ssim, ours, reference), rel=0.03)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("level", [None, 0.0, 0.5, 1.0])
def test_equal_images_cost_nothing_and_pull_nowhere(loss, level):
    image = _pair()[1].float() if level is None else torch.full((1, 1, 192, 192), level)
    ours = image.clone().requires_grad_()
    value = loss()(ours, image)
    value.backward()
    assert value.item() == pytest.approx(0, abs=1e-6)
    assert ours.grad.abs().max() < 1e-6


def _opposed_at_one_scale(reference, scale):
    """The reference with the detail between two scales turned round, all else as it is."""
    finer, coarser = (
        torch.nn.functional.interpolate(
            torch.nn.functional.avg_pool2d(reference, 2**s), reference.shape[2:], mode="nearest"
        )
        for s in (scale, scale + 1)
    )
    return (reference - 2 * (finer - coarser)).clamp(0, 1)


def _hard_pairs():
    generator = torch.Generator().manual_seed(0)
    noise = torch.rand(1, 1, 192, 192, generator=generator)
    smooth = _pair()[1].float()
    flat = torch.full_like(noise, 0.5)
    yield "anti-correlated", 1 - noise, noise
    yield "anti-correlated, smooth", 1 - smooth, smooth
    for scale in range(4):
        yield f"anti-correlated at scale {scale}", _opposed_at_one_scale(noise, scale), noise
    yield "flat to noise", flat, noise
    yield "noise to flat", noise, flat
    yield "black to white", flat * 0, flat * 0 + 1
    yield "one of two", torch.cat((1 - noise, noise)), torch.cat((noise, smooth))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(
    ("ours", "reference"), [p[1:] for p in _hard_pairs()], ids=[p[0] for p in _hard_pairs()]
)
def test_value_and_gradient_are_finite(loss, ours, reference):
    ours = ours.clone().requires_grad_()
    value = loss()(ours, reference)
    value.backward()
    assert 0 < value.item() <= 2
    assert torch.isfinite(ours.grad).all()


def test_a_hopeless_image_does_not_silence_the_others():
    ours, reference = _pair(2)
    ours[0] = 1 - reference[0]
    ours.requires_grad_()
    MSSSIMLoss()(ours, reference).backward()
    assert (ours.grad[0] == 0).all()
    assert (ours.grad[1] != 0).any()


@pytest.mark.parametrize(("loss", "size"), [(SSIMLoss, (12, 13)), (MSSSIMLoss, (176, 176))])
def test_gradient_equals_finite_differences(loss, size):
    ours, reference = _pair(1, size)
    assert torch.autograd.gradcheck(
        lambda x: loss()(x, reference), ours.requires_grad_(), fast_mode=True
    )


@pytest.mark.parametrize("loss", LOSSES)
def test_a_step_down_the_gradient_lowers_the_loss(loss):
    ours, reference = _pair()
    before = loss()(ours.requires_grad_(), reference)
    before.backward()
    after = loss()(ours - 10 * ours.grad, reference)
    assert after < before


@pytest.mark.parametrize("loss", LOSSES)
def test_no_gradient_to_the_reference(loss):
    ours, reference = (image.requires_grad_() for image in _pair())
    loss()(ours, reference).backward()
    assert ours.grad.abs().sum() > 0
    assert reference.grad is None


@pytest.mark.parametrize("loss", LOSSES)
def test_half_precision_training_does_not_reach_the_moments(loss):
    ours, reference = (image.float() for image in _pair(noise=0.01))
    expected = loss()(ours, reference)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        under_autocast = loss()(ours, reference)
    torch.testing.assert_close(under_autocast, expected, rtol=0, atol=0)
    halves = loss()(ours.half(), reference)
    assert halves.dtype == torch.float32
    assert halves.item() == pytest.approx(expected.item(), rel=1e-2)


@pytest.mark.parametrize(
    ("loss", "size", "message"),
    [
        (SSIMLoss, (10, 64), r"10 x 64 pixels are too small: at least 11 x 11 .*window of SSIM"),
        (MSSSIMLoss, (512, 175), r"at least 176 x 176 pixels .*use SSIMLoss or larger crops"),
    ],
)
def test_too_small_images_are_refused_with_the_smallest_size(loss, size, message):
    image = torch.zeros(1, 1, *size)
    with pytest.raises(ValueError, match=message):
        loss()(image, image)


@pytest.mark.parametrize("loss", LOSSES)
def test_images_of_different_shape_are_refused(loss):
    with pytest.raises(ValueError, match="images differ in shape"):
        loss()(torch.zeros(2, 1, 192, 192), torch.zeros(1, 1, 192, 192))


@pytest.mark.parametrize("loss", LOSSES)
def test_without_the_library_the_error_names_it(loss, monkeypatch):
    monkeypatch.setitem(sys.modules, "pytorch_msssim", None)
    with pytest.raises(ImportError, match="pip install pytorch-msssim"):
        loss()


@pytest.mark.parametrize("name", ["SSIMLoss", "MSSSIMLoss"])
def test_is_built_by_name_and_leaves_nothing_in_checkpoints(name):
    loss = MODELS.build({"type": f"lidnet_mm.{name}", "loss_weight": 50.0})
    assert loss.loss_weight == 50.0
    assert loss.state_dict() == {}
