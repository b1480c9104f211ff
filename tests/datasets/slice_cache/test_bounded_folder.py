"""A folder keeps its bound whoever writes, and deletes what no training uses."""

import errno
import os

import pytest

from lidnet_mm import atomic_write
from lidnet_mm.datasets.slice_cache.bounded_folder import BLOCK, LEDGER, BoundedFolder

HOUR = 3600


@pytest.fixture
def fill(tmp_path):
    """Function that writes files of one block each and makes them look unused for some hours."""

    def write(hours_by_name):
        folder = BoundedFolder(tmp_path)
        for name, hours in hours_by_name.items():
            assert folder.write(tmp_path / "ab" / name, name.encode())
            age(tmp_path / "ab" / name, hours)

    return write


def age(path, hours):
    """Set the last use of a file to some hours ago."""
    then = path.stat().st_mtime - hours * HOUR
    os.utime(path, (then, then))


def names(folder):
    """Names of the files, but for the ledger."""
    return {path.name for path in folder.rglob("*") if path.is_file() and path.name != LEDGER}


def ledger(folder):
    """Bytes that the ledger states."""
    return int((folder / LEDGER).read_text())


def test_what_was_not_used_for_longest_is_deleted_first(tmp_path, fill):
    fill({"two": 2, "four": 4, "one": 1, "three": 3})
    folder = BoundedFolder(tmp_path, 4 * BLOCK)
    assert folder.write(tmp_path / "cd" / "new", b"new")
    assert names(tmp_path) == {"one", "two", "three", "new"}
    assert folder.write(tmp_path / "cd" / "newer", bytes(BLOCK + 1))
    assert names(tmp_path) == {"one", "new", "newer"}
    assert ledger(tmp_path) == 4 * BLOCK


def test_nothing_is_deleted_below_the_bound(tmp_path, fill):
    fill({"two": 2, "four": 4})
    assert BoundedFolder(tmp_path, 3 * BLOCK).write(tmp_path / "cd" / "new", b"new")
    assert names(tmp_path) == {"two", "four", "new"}


def test_a_file_that_is_read_counts_as_used(tmp_path, fill):
    fill({"two": 2, "four": 4})
    folder = BoundedFolder(tmp_path, 2 * BLOCK)
    with (tmp_path / "ab" / "four").open("rb") as file:
        folder.note_use(file.fileno())
    assert folder.write(tmp_path / "cd" / "new", b"new")
    assert names(tmp_path) == {"four", "new"}


def test_a_file_read_by_another_after_the_look_is_kept(tmp_path, fill):
    fill({"two": 2, "three": 3, "four": 4})
    folder = BoundedFolder(tmp_path, 3 * BLOCK)
    assert folder.write(tmp_path / "cd" / "new", b"new")  # looks, and deletes "four"
    with (tmp_path / "ab" / "three").open("rb") as file:
        BoundedFolder(tmp_path).note_use(file.fileno())
    assert folder.write(tmp_path / "cd" / "newer", b"newer")
    assert names(tmp_path) == {"three", "new", "newer"}


def test_what_this_training_uses_stays_and_no_more_is_written(tmp_path, fill):
    fill({"old": 5})
    folder = BoundedFolder(tmp_path, 2 * BLOCK)
    written = [folder.write(tmp_path / "cd" / str(i), b"new") for i in range(4)]
    assert written == [True, True, False, False]
    assert names(tmp_path) == {"0", "1"}


def test_a_later_training_takes_the_room_of_an_earlier_one(tmp_path):
    for training in range(3):
        folder = BoundedFolder(tmp_path, 2 * BLOCK)
        for i in range(2):
            assert folder.write(tmp_path / "ab" / f"{training}{i}", b"new")
        for path in (tmp_path / "ab").iterdir():
            age(path, 1)
    assert names(tmp_path) == {"20", "21"}


def test_a_file_beyond_the_bound_costs_no_other(tmp_path, fill):
    fill({"old": 5})
    assert not BoundedFolder(tmp_path, BLOCK).write(tmp_path / "ab" / "new", bytes(BLOCK + 1))
    assert names(tmp_path) == {"old"}


def test_a_file_that_is_there_stays_and_is_counted_once(tmp_path, fill):
    fill({"old": 5})
    assert BoundedFolder(tmp_path).write(tmp_path / "ab" / "old", b"other")
    assert (tmp_path / "ab" / "old").read_bytes() == b"old"
    assert ledger(tmp_path) == BLOCK


def test_a_file_that_is_open_outlives_its_deletion(tmp_path, fill):
    fill({"old": 5})
    with (tmp_path / "ab" / "old").open("rb") as file:
        assert BoundedFolder(tmp_path, BLOCK).write(tmp_path / "ab" / "new", b"new")
        assert file.read() == b"old"
    assert names(tmp_path) == {"new"}


def test_writing_looks_through_the_folder_only_once(tmp_path, fill, monkeypatch):
    fill({str(i): i + 1 for i in range(20)})
    looks = []
    original = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: looks.append(path) or original(path))
    folder = BoundedFolder(tmp_path, 20 * BLOCK)
    for i in range(30):
        folder.write(tmp_path / "ab" / f"new{i}", b"new")
    assert len(looks) == 1
    assert names(tmp_path) == {f"new{i}" for i in range(20)}


@pytest.mark.parametrize("content", [None, b"", b"not a number"])
def test_a_lost_ledger_is_counted_again(tmp_path, fill, content):
    fill({"two": 2, "four": 4})
    (tmp_path / LEDGER).unlink()
    if content is not None:
        (tmp_path / LEDGER).write_bytes(content)
    assert BoundedFolder(tmp_path, 2 * BLOCK).write(tmp_path / "ab" / "new", b"new")
    assert names(tmp_path) == {"two", "new"}
    assert ledger(tmp_path) == 2 * BLOCK


def test_a_count_too_high_is_corrected_and_what_killed_writers_left_is_deleted(tmp_path, fill):
    fill({"two": 2, "four": 4})
    (tmp_path / "ab" / f"killed.x1{atomic_write.PART}").write_bytes(b"half")
    (tmp_path / LEDGER).write_text(f"{9 * BLOCK:20d}\n")
    assert BoundedFolder(tmp_path, 3 * BLOCK).write(tmp_path / "ab" / "new", b"new")
    assert names(tmp_path) == {"two", "four", "new"}
    assert ledger(tmp_path) == 3 * BLOCK


def test_a_failed_write_leaves_nothing_and_is_not_counted(tmp_path, fill, monkeypatch):
    fill({"old": 5})

    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", full)
    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(OSError, match="No space left"):
        BoundedFolder(tmp_path).write(tmp_path / "ab" / "new", b"new")
    assert names(tmp_path) == {"old"}
    assert ledger(tmp_path) == BLOCK


def test_deleted_by_hand_it_starts_again(tmp_path, fill):
    fill({"old": 5})
    folder = BoundedFolder(tmp_path, BLOCK)
    (tmp_path / "ab" / "old").unlink()
    (tmp_path / LEDGER).unlink()
    assert folder.write(tmp_path / "ab" / "new", b"new")
    assert names(tmp_path) == {"new"}
