"""Whatever reads a checkpoint through MMEngine reads it as we do."""

import json

import pytest
import torch
from attack_files import write_attack
from mmengine.runner import CheckpointLoader

from lidnet_mm import mmengine_checkpoints
from lidnet_mm.downloaded_weights import MissingDownloadError
from lidnet_mm.models.denoisers import CPCE
from lidnet_mm.weights_file import UnsafeCheckpointError


@pytest.fixture
def attack(tmp_path):
    """A checkpoint of a generator that does harm where it is read carelessly; its trace."""
    content = {"state_dict": CPCE(channels=2).state_dict(), "meta": {"iter": 1}}
    trace = tmp_path / "trace"
    return write_attack("names", tmp_path / "evil.pth", trace, content), trace


def test_all_readers_are_ours():
    """Fails where a new MMEngine brings a reader of another kind of address."""
    readers = {prefix: reader.__module__ for prefix, reader in CheckpointLoader._schemes.items()}
    assert set(readers.values()) == {mmengine_checkpoints.__name__}, readers


def test_initial_weights(attack):
    path, trace = attack
    init_cfg = {"type": "Pretrained", "checkpoint": str(path)}
    with pytest.raises(UnsafeCheckpointError):
        CPCE(channels=2, init_cfg=init_cfg).init_weights()
    assert not trace.exists()


def test_good_initial_weights(tmp_path):
    source = CPCE(channels=2)
    torch.save({"state_dict": source.state_dict()}, tmp_path / "good.pth")
    init_cfg = {"type": "Pretrained", "checkpoint": str(tmp_path / "good.pth")}
    generator = CPCE(channels=2, init_cfg=init_cfg)
    generator.init_weights()
    assert all(map(torch.equal, source.parameters(), generator.parameters()))


@pytest.mark.parametrize("scheme", ["openmmlab", "open-mmlab"])
def test_weights_by_name(attack, tmp_path, monkeypatch, scheme):
    path, trace = attack
    monkeypatch.setenv("MMENGINE_HOME", str(tmp_path))
    (tmp_path / "open_mmlab.json").write_text(json.dumps({"mine": path.name}))
    with pytest.raises(UnsafeCheckpointError):
        CheckpointLoader.load_checkpoint(f"{scheme}://mine", logger="silent")
    assert not trace.exists()
    with pytest.raises(ValueError, match="no weights of that name"):
        CheckpointLoader.load_checkpoint(f"{scheme}://yours", logger="silent")


def test_backbone_of_a_classifier(tmp_path, monkeypatch):
    file = tmp_path / "hub" / "checkpoints" / "net.pth"
    file.parent.mkdir(parents=True)
    torch.save({"state_dict": {"backbone.a": torch.ones(1), "head.b": torch.ones(1)}}, file)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    table = {"net": "http://127.0.0.1:1/net.pth"}
    monkeypatch.setattr(mmengine_checkpoints, "get_mmcls_models", lambda: table)
    loaded = CheckpointLoader.load_checkpoint("mmcls://net", "cpu", "silent")
    assert list(loaded["state_dict"]) == ["a"]
    file.unlink()
    with pytest.raises(MissingDownloadError):
        CheckpointLoader.load_checkpoint("mmcls://net", "cpu", "silent")


def test_other_storage_is_refused():
    with pytest.raises(ValueError, match="download the file"):
        CheckpointLoader.load_checkpoint("pavi://net", logger="silent")
