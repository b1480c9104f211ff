"""Weights of VGG-19: files that are absent, damaged, of another network, or traps."""

import hashlib
import math

import pytest
import torch

from lidnet_mm.models.losses import VGGPerceptualLoss, vgg19_weights
from lidnet_mm.models.losses.vgg19_weights import read_vgg19_weights


def _saved(state, file):
    torch.save(state, file)
    return file


def test_the_convolutions_of_a_file_are_read_and_no_more(vgg19_file, vgg19_state):
    read = read_vgg19_weights(vgg19_file)
    assert read.keys() == vgg19_state.keys()
    assert all(torch.equal(read[key], vgg19_state[key]) for key in read)


def test_weights_kept_in_half_precision_are_read_as_float32(vgg19_state, tmp_path):
    zero = torch.zeros(1, dtype=torch.float16)
    halves = {key: zero.expand(tensor.shape) for key, tensor in vgg19_state.items()}
    read = read_vgg19_weights(_saved(halves, tmp_path / "half.pth"))
    assert {tensor.dtype for tensor in read.values()} == {torch.float32}


def test_a_state_dict_inside_a_checkpoint_is_found(vgg19_state, tmp_path):
    file = _saved({"state_dict": vgg19_state, "epoch": 3}, tmp_path / "checkpoint.pth")
    read = read_vgg19_weights(str(file))
    assert all(torch.equal(read[key], vgg19_state[key]) for key in vgg19_state)


@pytest.mark.parametrize(
    ("name", "file", "convention", "site"),
    [
        ("vgg19_caffe", "vgg19-d01eb7cb.pth", "caffe", "web.eecs.umich.edu/~justincj"),
        ("vgg19_torchvision", "vgg19-dcbb9e9d.pth", "torchvision", "download.pytorch.org"),
    ],
)
class TestKnownFiles:
    def test_absent(self, checkpoints, name, file, convention, site):
        with pytest.raises(FileNotFoundError) as caught:
            VGGPerceptualLoss(name)
        for part in (file, f"https://{site}/models/{file}", str(checkpoints), "weights=None"):
            assert part in str(caught.value)
        assert list(checkpoints.iterdir()) == []

    def test_damaged(self, checkpoints, vgg19_state, name, file, convention, site):
        path = _saved(vgg19_state, checkpoints / file)
        expected = file[6:14]
        with pytest.raises(ValueError, match=f"{file} is damaged.*not {expected}; .*{site}"):
            VGGPerceptualLoss(name)
        assert path.exists()

    def test_whole(self, checkpoints, vgg19_state, monkeypatch, name, file, convention, site):
        start = hashlib.sha256(_saved(vgg19_state, checkpoints / file).read_bytes()).hexdigest()[:8]
        (checkpoints / file).rename(checkpoints / f"vgg19-{start}.pth")
        address = f"https://{site}/models/vgg19-{start}.pth"
        monkeypatch.setitem(vgg19_weights.KNOWN_WEIGHTS, name, address)
        loss = VGGPerceptualLoss(name)
        assert loss.convention == convention
        last = loss.features.weights["features.34.weight"]
        assert torch.equal(last, vgg19_state["features.34.weight"])
        assert VGGPerceptualLoss(name, convention="caffe").convention == "caffe"


def test_an_unknown_name_is_refused_with_the_known_ones(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"vgg16.*\['vgg19_caffe', 'vgg19_torchvision'\]"):
        read_vgg19_weights(tmp_path / "vgg16")


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
def test_a_file_of_another_network_is_refused(vgg19_state, tmp_path, change, message):
    file = _saved(change(vgg19_state), tmp_path / "wrong.pth")
    with pytest.raises(ValueError, match=message):
        read_vgg19_weights(file)


@pytest.mark.parametrize("content", [b"<html>404</html>", b"", b"PK\x03\x04 cut short"])
def test_a_file_that_is_none_is_refused(tmp_path, content):
    file = tmp_path / "page.pth"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"page\.pth is (damaged|not loaded)"):
        read_vgg19_weights(file)


class Trap:
    """Runs code when unpickled."""

    def __reduce__(self):
        return (pytest.fail, ("code in a file of weights was run",))


def test_no_code_in_a_file_is_run(vgg19_state, tmp_path):
    file = _saved({**vgg19_state, "trap": Trap()}, tmp_path / "trap.pth")
    with pytest.raises(ValueError, match=r"trap\.pth is not loaded"):
        read_vgg19_weights(file)


def test_random_weights_are_the_same_everywhere_and_leave_the_seed_alone(monkeypatch):
    logged = []
    monkeypatch.setattr(vgg19_weights, "print_log", lambda *a, **k: logged.append((a, k)))
    torch.manual_seed(3)
    before = torch.get_rng_state()
    first = read_vgg19_weights(None)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(4)
    second = read_vgg19_weights(None)
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert "random weights" in logged[0][0][0]
    assert logged[0][1]["level"] == 30  # a warning
    # He: half of the variance is lost in each ReLU.
    deviation = first["features.21.weight"].std().item()
    assert deviation == pytest.approx(math.sqrt(2 / (512 * 9)), rel=0.01)
