"""Checkpoints through MMEngine's own hook: whole, and never at the price of the one before."""

import re
import resource
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from mmengine.evaluator import BaseMetric

from lidnet_mm.engine.atomic_file_backend import AtomicFileBackend, CheckpointWriteError

SCHEDULE = {"pretrain_iters": 4, "denoiser_iters": 1, "detector_iters": 1, "rounds": 1}


class Scripted(BaseMetric):
    """AP50 of three validations."""

    default_prefix = "coco"

    def __init__(self):
        super().__init__()
        self.values = [0.2, 0.5, 0.3]

    def process(self, data_batch, data_samples):
        self.results.extend(data_samples)

    def compute_metrics(self, results):
        return {"bbox_mAP_50": self.values.pop(0)}


def hooks(**checkpoint):
    """Default hooks with a checkpoint of every iteration."""
    return {
        "logger": {"type": "LoggerHook", "interval": 1},
        "param_scheduler": {"type": "lidnet_mm.PhaseParamSchedulerHook"},
        "checkpoint": {
            "type": "CheckpointHook",
            "by_epoch": False,
            "interval": 1,
            "backend_args": {"backend": "lidnet_atomic"},
            **checkpoint,
        },
    }


@contextmanager
def files_of_at_most(size):
    """The system refuses to write files beyond so many bytes, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def content(folder: Path) -> dict[str, bytes]:
    """All files of a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_writes_and_reads(tmp_path):
    backend = AtomicFileBackend()
    backend.put(b"first", tmp_path / "new" / "iter_1.pth")
    assert content(tmp_path / "new") == {"iter_1.pth": b"first"}
    assert backend.get(tmp_path / "new" / "iter_1.pth") == b"first"


def test_removed_file_goes_when_the_next_is_written(tmp_path):
    backend = AtomicFileBackend()
    backend.put(b"first", tmp_path / "iter_1.pth")
    backend.remove(tmp_path / "iter_1.pth")
    assert content(tmp_path) == {"iter_1.pth.retired": b"first"}
    AtomicFileBackend().put(b"second", tmp_path / "iter_2.pth")
    assert content(tmp_path) == {"iter_2.pth": b"second"}


def test_failed_write_leaves_all_as_it_was(tmp_path):
    backend = AtomicFileBackend()
    backend.put(b"first", tmp_path / "iter_1.pth")
    backend.remove(tmp_path / "iter_1.pth")
    with files_of_at_most(1000), pytest.raises(CheckpointWriteError, match=r"iter_1\.pth"):
        backend.put(bytes(5000), tmp_path / "iter_2.pth")
    assert content(tmp_path) == {"iter_1.pth": b"first"}


def test_error_says_what_to_do(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(CheckpointWriteError) as error:
        AtomicFileBackend().put(b"1", tmp_path / "file" / "iter_2.pth")
    text = str(error.value)
    assert str(tmp_path / "file" / "iter_2.pth") in text
    assert re.search("untouched: none.*Free space.*--resume.*max_keep_ckpts", text)


def test_leftovers_of_a_kill_are_cleared_by_the_next_write(tmp_path):
    (tmp_path / "iter_1.pth.abc.part").write_bytes(b"half")
    (tmp_path / "other.part").write_bytes(b"not ours")
    AtomicFileBackend().put(b"2", tmp_path / "iter_2.pth")
    assert content(tmp_path) == {"iter_2.pth": b"2", "other.part": b"not ours"}


def test_training_stops_on_a_full_disk_with_the_only_checkpoint_intact(make_runner, tmp_path):
    """Without the backend MMEngine's hook has deleted it by then."""
    runner = make_runner(tmp_path, SCHEDULE, default_hooks=hooks(max_keep_ckpts=1))
    save = runner.save_checkpoint

    def full_from_the_third(*args, **kwargs):
        with files_of_at_most(10_000 if runner.iter == 2 else 1 << 30):
            save(*args, **kwargs)

    runner.save_checkpoint = full_from_the_third
    with pytest.raises(CheckpointWriteError, match=r"untouched: iter_2\.pth"):
        runner.train()
    assert [path.name for path in tmp_path.glob("*.pth*")] == ["iter_2.pth"]
    checkpoint = torch.load(tmp_path / "iter_2.pth", weights_only=False)
    assert checkpoint["meta"]["iter"] == 2
    for name, value in runner.observer.states[2]["detector"].items():
        assert torch.equal(checkpoint["state_dict"][f"detector.{name}"], value)


@pytest.fixture
def validated(make_runner, tmp_path):
    """A training that validates after its iterations 2, 4 and 6 and keeps the best."""
    return make_runner(
        tmp_path,
        {**SCHEDULE, "val_interval": 2},
        validate=True,
        val_evaluator=[Scripted()],
        default_hooks=hooks(max_keep_ckpts=1, save_best="coco/bbox_mAP_50", rule="greater"),
    )


def test_best_checkpoint_is_kept(validated, tmp_path):
    validated.train()
    names = sorted(path.name for path in tmp_path.glob("*.pth*"))
    assert names == ["best_coco_bbox_mAP_50_iter_4.pth", "iter_6.pth"]
    best = torch.load(tmp_path / names[0], weights_only=False)["state_dict"]
    for name, value in validated.observer.states[4]["detector"].items():
        assert torch.equal(best[f"detector.{name}"], value)


def test_best_checkpoint_stays_until_the_better_one_is_written(validated, tmp_path):
    save = validated.save_checkpoint

    def full_at_the_second_best(out_dir, filename, *args, **kwargs):
        is_second = filename == "best_coco_bbox_mAP_50_iter_4.pth"
        with files_of_at_most(10_000 if is_second else 1 << 30):
            save(out_dir, filename, *args, **kwargs)

    validated.save_checkpoint = full_at_the_second_best
    with pytest.raises(CheckpointWriteError, match=r"untouched: best_coco_bbox_mAP_50_iter_2\.pth"):
        validated.train()
    assert (tmp_path / "best_coco_bbox_mAP_50_iter_2.pth").is_file()
