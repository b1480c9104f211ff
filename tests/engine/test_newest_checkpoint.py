"""What ``--resume`` takes when files are damaged, missing or old."""

import logging
import os
import shutil
import zipfile

import pytest
import torch
from mmengine.logging import MMLogger

from lidnet_mm.engine.newest_checkpoint import (
    DamagedCheckpointError,
    damage_of,
    intact_checkpoint,
    newest_checkpoint,
    noted_checkpoint,
)


@pytest.fixture
def work_dir(tmp_path):
    """Three checkpoints and MMEngine's note."""
    for number in (100, 200, 1000):
        torch.save({"state_dict": {"weight": torch.rand(4000)}}, tmp_path / f"iter_{number}.pth")
    (tmp_path / "last_checkpoint").write_text(str(tmp_path / "iter_1000.pth"))
    return tmp_path


@pytest.fixture
def warnings(caplog, monkeypatch):
    """Function that returns the warnings so far."""
    logger = MMLogger.get_instance("newest_checkpoint")
    logger.addHandler(caplog.handler)
    monkeypatch.setattr(MMLogger, "get_current_instance", lambda: logger)
    yield lambda: [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    logger.removeHandler(caplog.handler)


def cut_short(path):
    path.write_bytes(path.read_bytes()[:-500])


def empty(path):
    path.write_bytes(b"")


def flip_a_bit(path):
    """In the weights: PyTorch loads such a file without complaint."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    torch.load(path)


def test_newest_by_number_not_by_name(work_dir, warnings):
    assert newest_checkpoint(work_dir) == work_dir / "iter_1000.pth"
    assert warnings() == []


@pytest.mark.parametrize("damage", [cut_short, empty, flip_a_bit])
def test_damaged_newest_falls_back_to_the_one_before(work_dir, warnings, damage):
    damage(work_dir / "iter_1000.pth")
    assert newest_checkpoint(work_dir) == work_dir / "iter_200.pth"
    (text,) = warnings()
    assert "iter_1000.pth is damaged" in text


def test_all_damaged(work_dir, warnings):
    for path in work_dir.glob("*.pth"):
        cut_short(path)
    with pytest.raises(DamagedCheckpointError, match="none of the 3 checkpoints"):
        newest_checkpoint(work_dir)
    assert len(warnings()) == 3


@pytest.mark.parametrize("note", ["", "\0\0\0", "/gone/iter_1000.pth", "iter_200.pth", None])
def test_note_that_lies(work_dir, note):
    """Emptied by a kill or a power cut, of a moved folder, one checkpoint behind, or missing."""
    (work_dir / "last_checkpoint").unlink()
    if note is not None:
        os.utime(work_dir / "iter_1000.pth", ns=(2**62, 2**62))  # written after the note
        (work_dir / "last_checkpoint").write_text(note)
    assert newest_checkpoint(work_dir) == work_dir / "iter_1000.pth"


def test_checkpoints_of_an_earlier_longer_training_are_left_aside(work_dir, warnings):
    os.utime(work_dir / "iter_1000.pth", (1, 1))
    (work_dir / "last_checkpoint").write_text(str(work_dir / "iter_200.pth"))
    assert newest_checkpoint(work_dir) == work_dir / "iter_200.pth"
    (text,) = warnings()
    assert "iter_1000.pth" in text
    assert "earlier training" in text


def test_checkpoint_that_was_about_to_go(work_dir):
    """Killed between the removal of the old one and the writing of the new one."""
    for path in work_dir.glob("*.pth"):
        path.unlink()
    torch.save({}, work_dir / "iter_300.pth.retired")
    (work_dir / "iter_400.pth.x.part").write_bytes(b"half")
    assert newest_checkpoint(work_dir) == work_dir / "iter_300.pth.retired"


def test_copy_of_a_work_dir_has_checkpoints_of_its_own(work_dir, tmp_path_factory):
    copy = tmp_path_factory.mktemp("copies") / "copy"
    shutil.copytree(work_dir, copy)
    assert newest_checkpoint(copy) == copy / "iter_1000.pth"
    assert noted_checkpoint(copy) == copy / "iter_1000.pth"


def test_checkpoints_elsewhere_are_not_taken(work_dir, tmp_path_factory):
    """A copy without the checkpoints: those of the original are another training's."""
    other = tmp_path_factory.mktemp("work")
    (other / "last_checkpoint").write_text(str(work_dir / "iter_1000.pth"))
    assert noted_checkpoint(other) == other / "iter_1000.pth"
    with pytest.raises(FileNotFoundError, match=r"names .*1000\.pth, and there is no .*--resume"):
        newest_checkpoint(other)


def test_name_of_its_own(tmp_path):
    torch.save({}, tmp_path / "epoch_3.pth")
    (tmp_path / "last_checkpoint").write_text("/gone/epoch_3.pth")
    assert newest_checkpoint(tmp_path) == tmp_path / "epoch_3.pth"


def test_other_files_are_no_checkpoints(tmp_path):
    torch.save({}, tmp_path / "best_coco_bbox_mAP_50_iter_100.pth")
    torch.save({}, tmp_path / "iter_100-1a2b3c4d.pth")
    assert newest_checkpoint(tmp_path) is None
    assert newest_checkpoint(tmp_path / "missing") is None


def test_named_checkpoint(work_dir):
    path = work_dir / "iter_200.pth"
    assert intact_checkpoint(path) == path
    cut_short(path)
    with pytest.raises(DamagedCheckpointError, match=r"iter_200\.pth is damaged"):
        intact_checkpoint(path)
    with pytest.raises(FileNotFoundError, match=r"iter_5\.pth to resume from"):
        intact_checkpoint(work_dir / "iter_5.pth")


def test_archive_of_something_else(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.pth", "w") as archive:
        archive.writestr("text", "hello")
    assert damage_of(tmp_path / "a.pth") == "not written by torch.save"
