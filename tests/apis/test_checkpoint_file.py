"""Weights come out of a checkpoint, and nothing else happens."""

import io
import os
import pickle

import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.runner import CheckpointLoader
from torch import nn

from lidnet_mm.apis.checkpoint_file import UnsafeCheckpointError, read_checkpoint
from lidnet_mm.benchmark.scores.scoring import load_detector_weights


class Malice:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


@pytest.fixture
def model():
    """A model whose layers keep a version in their state."""
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))


@pytest.fixture
def malicious(tmp_path, model):
    """A checkpoint of good weights with a malicious meta; its trace."""
    trace = tmp_path / "trace"
    content = {"state_dict": model.state_dict(), "meta": {"epoch": Malice(trace)}}
    torch.save(content, tmp_path / "malicious.pth")
    return tmp_path / "malicious.pth", trace


def test_malicious_checkpoint_is_refused_and_does_nothing(malicious):
    path, trace = malicious
    with pytest.raises(UnsafeCheckpointError, match=r"malicious\.pth is not loaded.*torch\.save"):
        read_checkpoint(path)
    assert not trace.exists()


def test_malicious_checkpoint_into_a_detector(malicious, model):
    path, trace = malicious
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(UnsafeCheckpointError):
        load_detector_weights(model, str(path))
    assert not trace.exists()
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_the_same_file_does_harm_where_mmengine_loads_it(malicious):
    """Otherwise the tests before would prove nothing."""
    path, trace = malicious
    CheckpointLoader.load_checkpoint(str(path), map_location="cpu", logger="silent")
    assert trace.is_dir()


def test_bare_pickle_is_refused(tmp_path):
    trace = tmp_path / "trace"
    (tmp_path / "old.pth").write_bytes(pickle.dumps({"weight": Malice(trace)}))
    with pytest.raises(UnsafeCheckpointError):
        read_checkpoint(tmp_path / "old.pth")
    assert not trace.exists()


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


@pytest.mark.parametrize("size", [0, 300])
def test_file_cut_short(tmp_path, size):
    content = io.BytesIO()
    torch.save({"weight": torch.rand(1000)}, content)
    (tmp_path / "cut.pth").write_bytes(content.getvalue()[:size])
    with pytest.raises(ValueError, match=r"cut\.pth is (damaged|not loaded)"):
        read_checkpoint(tmp_path / "cut.pth")


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no checkpoint .*gone\.pth"):
        read_checkpoint(tmp_path / "gone.pth")
