"""Perceptual loss against VGG-19 written out layer by layer, and its gradient."""

import copy

import pytest
import torch
from torch.nn import functional

from lidnet_mm.models.losses import VGGPerceptualLoss
from lidnet_mm.registry import MODELS


@pytest.fixture
def network(vgg19_layers, vgg19_state):
    """What `_phi` needs."""
    return vgg19_layers, vgg19_state


@pytest.fixture(scope="module")
def loss(vgg19_file):
    return VGGPerceptualLoss(vgg19_file, loss_weight=1.0).double()


def _slices(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return tuple(torch.rand(*shape, generator=generator, dtype=torch.float64) for _ in "ab")


def _network_input(grey, convention):
    """Three channels, each pixel as the weights' authors fed it."""
    if convention == "caffe":  # blue, green, red
        return torch.cat([255 * grey - mean for mean in (103.939, 116.779, 123.68)], dim=1)
    statistics = ((0.485, 0.229), (0.456, 0.224), (0.406, 0.225))  # red, green, blue
    return torch.cat([(grey - mean) / deviation for mean, deviation in statistics], dim=1)


def _phi(grey, network, convention):
    layers, state = network
    features = _network_input(grey, convention)
    for _, number, inputs, outputs in layers:
        if number is None:
            features = functional.max_pool2d(features, kernel_size=2, stride=2)
            continue
        weight = state[f"features.{number}.weight"].double()
        assert weight.shape == (outputs, inputs, 3, 3)
        bias = state[f"features.{number}.bias"].double()
        features = functional.conv2d(features, weight, bias, stride=1, padding=1).clamp(min=0)
    return features


def _eq_1(ours, reference, network, convention="caffe"):
    difference = _phi(ours, network, convention) - _phi(reference, network, convention)
    batch, d, h, w = difference.shape
    assert d == 512
    return (difference.flatten() @ difference.flatten()).item() / (w * h * d * batch)


@pytest.mark.parametrize("size", [(16, 16), (40, 51)])
def test_equals_eq_1_written_out(loss, network, size):
    ours, reference = _slices(2, 1, *size)
    expected = _eq_1(ours, reference, network)
    assert expected > 0
    # The loss keeps the channel means in float32.
    assert loss(ours, reference).item() == pytest.approx(expected, rel=1e-5)


def test_torchvision_s_convention(vgg19_file, network):
    ours, reference = _slices(1, 1, 32, 32)
    loss = VGGPerceptualLoss(vgg19_file, convention="torchvision").double()
    expected = 100 * _eq_1(ours, reference, network, "torchvision")
    assert loss(ours, reference).item() == pytest.approx(expected, rel=1e-5)


def test_float32_equals_float64(vgg19_file, loss):
    ours, reference = _slices(1, 1, 32, 32)
    single = VGGPerceptualLoss(vgg19_file, loss_weight=1.0)(ours.float(), reference.float())
    assert single.dtype == torch.float32
    assert single.item() == pytest.approx(loss(ours, reference).item(), rel=1e-3)


def test_equal_slices_cost_nothing(loss):
    image = _slices(1, 1, 32, 32)[0]
    assert loss(image, image).item() == 0


def test_gradient_equals_finite_differences(loss):
    ours, reference = _slices(1, 1, 16, 16)
    assert torch.autograd.gradcheck(
        lambda x: loss(x, reference), ours.requires_grad_(), eps=1e-7, rtol=1e-3, fast_mode=True
    )


def test_gradient_reaches_the_denoised_slice_alone(loss):
    ours, reference = (image.requires_grad_() for image in _slices(1, 1, 16, 16))
    loss(ours, reference).backward()
    assert ours.grad.abs().sum() > 0
    assert reference.grad is None


def test_no_graph_is_kept_for_the_reference(loss):
    """Its activations would double the memory."""
    ours, reference = (image.requires_grad_() for image in _slices(1, 1, 16, 16))
    saved = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: saved.append(t) or t, lambda t: t):
        loss(ours, reference)
        both = len(saved)
        loss(ours, reference.detach())
    assert len(saved) == 2 * both


def test_adds_nothing_to_train_or_to_save(loss):
    assert list(loss.parameters()) == []
    assert loss.state_dict() == {}
    loss.load_state_dict({}, strict=True)


class Holder(torch.nn.Module):
    """A model with the loss somewhere in it."""

    def __init__(self, loss):
        super().__init__()
        self.losses = torch.nn.ModuleDict({"perceptual": loss})


def test_weights_move_with_the_module_and_are_no_part_of_it(vgg19_file):
    loss = VGGPerceptualLoss(vgg19_file)
    weights = list(loss.features.weights.values())
    assert sum(weight.numel() for weight in weights) == 20_024_384
    assert {weight.dtype for weight in weights} == {torch.float32}
    model = Holder(loss)
    # What hooks, checkpoints and a distributed wrapper know of the model.
    assert sum(buffer.numel() for buffer in model.buffers()) == 6  # mean and deviation
    assert (model.state_dict(), list(model.parameters())) == ({}, [])
    moved = copy.deepcopy(model).to("meta", torch.float64).losses["perceptual"].features.weights
    assert {(w.device.type, w.dtype) for w in moved.values()} == {("meta", torch.float64)}
    assert {w.device.type for w in loss.features.weights.values()} == {"cpu"}


@pytest.mark.parametrize(
    ("ours", "reference", "message"),
    [
        ((1, 1, 15, 64), (1, 1, 15, 64), "15 x 64 pixels are too small: at least 16 x 16"),
        ((2, 1, 16, 16), (1, 1, 16, 16), "images differ in shape"),
        ((1, 3, 16, 16), (1, 3, 16, 16), r"must be \(N, 1, H, W\)"),
    ],
)
def test_slices_that_do_not_fit_are_refused(loss, ours, reference, message):
    with pytest.raises(ValueError, match=message):
        loss(torch.zeros(ours), torch.zeros(reference))


@pytest.mark.parametrize("convention", ["bgr", ""])
def test_an_unknown_convention_is_refused(vgg19_file, convention):
    with pytest.raises(ValueError, match=r"one of \['caffe', 'torchvision'\], got"):
        VGGPerceptualLoss(vgg19_file, convention=convention)


def test_the_authors_weights_and_the_paper_s_factor_are_the_default(checkpoints, vgg19_file):
    with pytest.raises(FileNotFoundError, match=r"vgg19-d01eb7cb\.pth"):
        VGGPerceptualLoss()
    assert VGGPerceptualLoss(vgg19_file).loss_weight == 100.0
    assert VGGPerceptualLoss(vgg19_file).convention == "caffe"


def test_is_built_by_name():
    loss = MODELS.build({"type": "lidnet_mm.VGGPerceptualLoss", "weights": None, "loss_weight": 2})
    assert loss.loss_weight == 2
    ours, reference = (image.float() for image in _slices(1, 1, 16, 16))
    assert loss(ours, reference) > 0
