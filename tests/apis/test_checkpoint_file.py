"""Weights come out of a checkpoint, and nothing else happens on any way that reads one."""

import pytest
import torch
from attack_files import write_attack
from mmengine.logging import HistoryBuffer
from torch import nn

from lidnet_mm.apis.checkpoint_file import denoiser_weights, read_checkpoint
from lidnet_mm.apis.export_detector import export_detector
from lidnet_mm.apis.import_detector import import_detector
from lidnet_mm.benchmark.scores.scoring import Judge, load_detector_weights, load_scored_weights
from lidnet_mm.models.losses.vgg19_weights import read_vgg19_weights
from lidnet_mm.weights_file import UnsafeCheckpointError


@pytest.fixture
def model():
    """A model whose layers keep a version in their state."""
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))


class Scored(nn.Module):
    """Denoiser and judge of a score."""

    def __init__(self):
        super().__init__()
        self.detector, self.denoiser = nn.Linear(1, 1), nn.Linear(1, 1)


def _judge(path, tmp_path, config):
    load_scored_weights(Scored(), Judge("judge", config, str(path)), None)


def _scored(path, tmp_path, config):
    torch.save(Scored().detector.state_dict(), tmp_path / "judge.pth")
    judge = Judge("judge", config, str(tmp_path / "judge.pth"))
    load_scored_weights(Scored(), judge, str(path))


WAYS = {
    "read_checkpoint": lambda path, *_: read_checkpoint(path),
    "denoiser": lambda path, *_: denoiser_weights(path),
    "mim test DETECTOR": lambda path, *_: load_detector_weights(nn.Linear(1, 1), str(path)),
    "mim test --judge-checkpoint": _judge,
    "mim test --checkpoint": _scored,
    "import": lambda path, folder, config: import_detector(config, path, folder / "out.pth"),
    "export": lambda path, folder, config: export_detector(config, path, folder / "out.pth"),
    "VGG-19": lambda path, *_: read_vgg19_weights(path),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["call", "names"])
def test_attack_is_refused_and_does_nothing(tmp_path, lidnet_config, kind, way):
    weights = {"weight": torch.ones(1, 1), "bias": torch.ones(1)}
    trace, out = tmp_path / "trace", tmp_path / "out.pth"
    path = write_attack(kind, tmp_path / "evil.pth", trace, {"state_dict": weights})
    config = lidnet_config() if way in ("import", "export") else None
    with pytest.raises(UnsafeCheckpointError, match=r"evil\.pth is not loaded.*torch\.save"):
        WAYS[way](path, tmp_path, config)
    assert not trace.exists()
    assert not out.exists()


def test_checkpoint_of_a_training(tmp_path, model):
    """With all that MMEngine puts beside the weights."""
    buffer = HistoryBuffer()
    buffer.update(0.5)
    content = {
        "state_dict": model.state_dict(),
        "meta": {"iter": 3},
        "message_hub": {"log_scalars": {"train/loss": buffer}, "runtime_info": {}},
        "optimizer": {"state": {}, "param_groups": [{"lr": 0.1}]},
    }
    torch.save(content, tmp_path / "iter_3.pth")
    state, meta = read_checkpoint(tmp_path / "iter_3.pth")
    assert meta == {"iter": 3}
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    assert state._metadata["1"]["version"] == 2


def test_names_of_a_distributed_training(tmp_path):
    torch.save({"module.weight": torch.ones(2)}, tmp_path / "bare.pth")
    state, meta = read_checkpoint(tmp_path / "bare.pth")
    assert (list(state), meta) == (["weight"], {})
