"""Perceptual loss against VGG-19 written out layer by layer, and the rules for its weights."""

import copy
import hashlib
import math

import pytest
import torch
from torch.nn import functional

from lidnet_mm.models.losses import VGGPerceptualLoss, vgg19_weights
from lidnet_mm.registry import MODELS

# Table 1 of the VGG paper, column E, up to conv5_4: name, number in torchvision's list, in, out.
LAYERS = (
    ("conv1_1", 0, 3, 64),
    ("conv1_2", 2, 64, 64),
    ("pool", None, 0, 0),
    ("conv2_1", 5, 64, 128),
    ("conv2_2", 7, 128, 128),
    ("pool", None, 0, 0),
    ("conv3_1", 10, 128, 256),
    ("conv3_2", 12, 256, 256),
    ("conv3_3", 14, 256, 256),
    ("conv3_4", 16, 256, 256),
    ("pool", None, 0, 0),
    ("conv4_1", 19, 256, 512),
    ("conv4_2", 21, 512, 512),
    ("conv4_3", 23, 512, 512),
    ("conv4_4", 25, 512, 512),
    ("pool", None, 0, 0),
    ("conv5_1", 28, 512, 512),
    ("conv5_2", 30, 512, 512),
    ("conv5_3", 32, 512, 512),
    ("conv5_4", 34, 512, 512),
)
CAFFE, TORCHVISION = "vgg19-d01eb7cb.pth", "vgg19-dcbb9e9d.pth"


def _state(seed=0):
    """Weights whose elements share short random lines, so that a file of them is small."""
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for _, number, inputs, outputs in LAYERS:
        if number is None:
            continue
        line = torch.randn(11 * outputs + 5 * inputs + 9, generator=generator)
        weight = line.as_strided((outputs, inputs, 3, 3), (11, 5, 3, 1))
        state[f"features.{number}.weight"] = weight * math.sqrt(2 / (9 * inputs))
        state[f"features.{number}.bias"] = torch.randn(outputs, generator=generator)
    return state


def _saved(state, file):
    file.parent.mkdir(parents=True, exist_ok=True)
    torch.save(state, file)
    return file


@pytest.fixture(scope="module")
def state():
    return _state()


@pytest.fixture(scope="module")
def weights(state, tmp_path_factory):
    """A file with a classifier behind the convolutions."""
    extra = {"classifier.0.weight": torch.zeros(1), "classifier.0.bias": torch.zeros(1)}
    return _saved({**state, **extra}, tmp_path_factory.mktemp("vgg") / "own.pth")


@pytest.fixture(scope="module")
def loss(weights):
    return VGGPerceptualLoss(weights, loss_weight=1.0).double()


@pytest.fixture
def checkpoints(tmp_path, monkeypatch):
    """The folder where the named files are looked for; empty."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    return tmp_path / "hub" / "checkpoints"


def _slices(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return tuple(torch.rand(*shape, generator=generator, dtype=torch.float64) for _ in "ab")


def _network_input(grey, convention):
    """Three channels, each pixel as the weights' authors fed it."""
    if convention == "caffe":  # blue, green, red
        return torch.cat([255 * grey - mean for mean in (103.939, 116.779, 123.68)], dim=1)
    statistics = ((0.485, 0.229), (0.456, 0.224), (0.406, 0.225))  # red, green, blue
    return torch.cat([(grey - mean) / deviation for mean, deviation in statistics], dim=1)


def _phi(grey, state, convention="caffe"):
    features = _network_input(grey, convention)
    for _, number, inputs, outputs in LAYERS:
        if number is None:
            features = functional.max_pool2d(features, kernel_size=2, stride=2)
            continue
        weight = state[f"features.{number}.weight"].double()
        assert weight.shape == (outputs, inputs, 3, 3)
        bias = state[f"features.{number}.bias"].double()
        features = functional.conv2d(features, weight, bias, stride=1, padding=1).clamp(min=0)
    return features


def _eq_1(ours, reference, state, convention="caffe"):
    difference = _phi(ours, state, convention) - _phi(reference, state, convention)
    batch, d, h, w = difference.shape
    assert d == 512
    return (difference.flatten() @ difference.flatten()).item() / (w * h * d * batch)


@pytest.mark.parametrize("size", [(16, 16), (40, 51)])
def test_equals_eq_1_written_out(loss, state, size):
    ours, reference = _slices(2, 1, *size)
    expected = _eq_1(ours, reference, state)
    assert expected > 0
    # The loss keeps the channel means in float32.
    assert loss(ours, reference).item() == pytest.approx(expected, rel=1e-5)


def test_torchvision_s_convention(weights, state):
    ours, reference = _slices(1, 1, 32, 32)
    loss = VGGPerceptualLoss(weights, convention="torchvision").double()
    expected = 100 * _eq_1(ours, reference, state, "torchvision")
    assert loss(ours, reference).item() == pytest.approx(expected, rel=1e-5)


def test_float32_equals_float64(weights, loss):
    ours, reference = _slices(1, 1, 32, 32)
    single = VGGPerceptualLoss(weights, loss_weight=1.0)(ours.float(), reference.float())
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


def test_weights_move_with_the_module(weights):
    loss = VGGPerceptualLoss(weights)
    assert {b.dtype for b in loss.buffers()} == {torch.float32}
    assert {b.device.type for b in copy.deepcopy(loss).to("meta").buffers()} == {"meta"}
    assert sum(b.numel() for b in loss.buffers()) == 20_024_384 + 6  # VGG-19's, mean, deviation


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
def test_an_unknown_convention_is_refused(weights, convention):
    with pytest.raises(ValueError, match=r"one of \['caffe', 'torchvision'\], got"):
        VGGPerceptualLoss(weights, convention=convention)


def test_a_state_dict_inside_a_checkpoint_is_found(state, tmp_path):
    file = _saved({"state_dict": state, "epoch": 3}, tmp_path / "checkpoint.pth")
    read = vgg19_weights.read_vgg19_weights(str(file))
    assert all(torch.equal(read[key], state[key]) for key in state)


@pytest.mark.parametrize(
    ("name", "file", "convention", "site"),
    [
        ("vgg19_caffe", CAFFE, "caffe", "web.eecs.umich.edu/~justincj"),
        ("vgg19_torchvision", TORCHVISION, "torchvision", "download.pytorch.org"),
    ],
)
class TestKnownFiles:
    def test_absent(self, checkpoints, name, file, convention, site):
        with pytest.raises(FileNotFoundError) as caught:
            VGGPerceptualLoss(name)
        for part in (file, f"https://{site}/models/{file}", str(checkpoints), "weights=None"):
            assert part in str(caught.value)
        assert not checkpoints.exists()

    def test_damaged(self, checkpoints, state, name, file, convention, site):
        path = _saved(state, checkpoints / file)
        expected = file[6:14]
        with pytest.raises(ValueError, match=f"{file} is damaged.*not {expected}; .*{site}"):
            VGGPerceptualLoss(name)
        assert path.exists()

    def test_whole(self, checkpoints, state, monkeypatch, name, file, convention, site):
        start = hashlib.sha256(_saved(state, checkpoints / file).read_bytes()).hexdigest()[:8]
        (checkpoints / file).rename(checkpoints / f"vgg19-{start}.pth")
        address = f"https://{site}/models/vgg19-{start}.pth"
        monkeypatch.setitem(vgg19_weights.KNOWN_WEIGHTS, name, address)
        loss = VGGPerceptualLoss(name)
        assert loss.convention == convention
        last = dict(loss.named_buffers())["features.features_34_weight"]
        assert torch.equal(last, state["features.34.weight"])
        assert VGGPerceptualLoss(name, convention="caffe").convention == "caffe"


def test_the_authors_weights_and_the_paper_s_factor_are_the_default(checkpoints, weights):
    with pytest.raises(FileNotFoundError, match=CAFFE):
        VGGPerceptualLoss()
    assert VGGPerceptualLoss(weights).loss_weight == 100.0
    assert VGGPerceptualLoss(weights).convention == "caffe"


def test_an_unknown_name_is_refused_with_the_known_ones(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"vgg16.*\['vgg19_caffe', 'vgg19_torchvision'\]"):
        VGGPerceptualLoss(tmp_path / "vgg16")


def _without(key):
    return lambda state: {k: v for k, v in state.items() if k != key}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_without("features.34.bias"), r"wrong\.pth has no tensor 'features\.34\.bias'"),
        (_without("features.0.weight"), r"no tensor 'features\.0\.weight'"),
        (lambda _: {}, r"no tensor 'features\.0\.weight'"),
        (lambda state: {**state, "features.2.bias": 1.0}, r"no tensor 'features\.2\.bias'"),
        (
            lambda state: {**state, "features.5.weight": torch.zeros(1).expand(64, 64, 3, 3)},
            r"'features\.5\.weight' has shape \(64, 64, 3, 3\), VGG-19's has \(128, 64, 3, 3\)",
        ),
        (lambda _: [1, 2], r"wrong\.pth holds a list, not a state dict"),
    ],
    ids=["last missing", "first missing", "empty", "no tensor", "shape", "list"],
)
def test_a_file_of_another_network_is_refused(state, tmp_path, change, message):
    file = _saved(change(state), tmp_path / "wrong.pth")
    with pytest.raises(ValueError, match=message):
        VGGPerceptualLoss(file)


@pytest.mark.parametrize("content", [b"<html>404</html>", b"", b"PK\x03\x04 cut short"])
def test_a_file_that_is_none_is_refused(tmp_path, content):
    file = tmp_path / "page.pth"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"page\.pth cannot be read as a file of weights"):
        VGGPerceptualLoss(file)


class Trap:
    """Runs code when unpickled."""

    def __reduce__(self):
        return (pytest.fail, ("code in a file of weights was run",))


def test_no_code_in_a_file_is_run(state, tmp_path):
    file = _saved({**state, "trap": Trap()}, tmp_path / "trap.pth")
    with pytest.raises(ValueError, match=r"trap\.pth cannot be read"):
        VGGPerceptualLoss(file)


def test_random_weights_are_the_same_everywhere_and_leave_the_seed_alone(monkeypatch):
    logged = []
    monkeypatch.setattr(vgg19_weights, "print_log", lambda *a, **k: logged.append((a, k)))
    torch.manual_seed(3)
    before = torch.get_rng_state()
    first = vgg19_weights.read_vgg19_weights(None)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(4)
    second = vgg19_weights.read_vgg19_weights(None)
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert "random weights" in logged[0][0][0]
    assert logged[0][1]["level"] == 30  # a warning
    # He: half of the variance is lost in each ReLU.
    deviation = first["features.21.weight"].std().item()
    assert deviation == pytest.approx(math.sqrt(2 / (512 * 9)), rel=0.01)


def test_is_built_by_name():
    loss = MODELS.build({"type": "lidnet_mm.VGGPerceptualLoss", "weights": None, "loss_weight": 2})
    assert loss.loss_weight == 2
    ours, reference = (image.float() for image in _slices(1, 1, 16, 16))
    assert loss(ours, reference) > 0
