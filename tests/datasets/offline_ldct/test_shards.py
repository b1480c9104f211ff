"""Shards run at once, again, and killed: the same bytes as one run, and nothing half-written."""

import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest
import torch
from small_set import content_of

from lidnet_mm.atomic_write import written_whole
from lidnet_mm.datasets.offline_ldct import LDCTSet, Shard
from lidnet_mm.datasets.offline_ldct.abandoned_parts import remove_abandoned_parts
from lidnet_mm.datasets.transforms import SimulateLowDose

FORK = multiprocessing.get_context("fork")
SETTINGS = {"noise_hu": 40.0, "num_views": 48, "seed": 3}


def run(root: Path, out: Path, number: int, count: int, **changes) -> None:
    """Make a shard, as a process of its own does."""
    simulate = SimulateLowDose(**{**SETTINGS, **changes})
    LDCTSet(root, out, simulate, "", "float32").run(Shard(number, count))


def run_in_child(root: Path, out: Path, number: int, count: int) -> None:
    """Make a shard in a forked process, whose copy of the thread pool has lost its threads."""
    torch.set_num_threads(1)
    run(root, out, number, count)


@pytest.fixture
def single_run(converted, tmp_path):
    """What one run over the whole set writes."""
    run(converted, tmp_path / "single", 1, 1)
    return content_of(tmp_path / "single")


def test_shards_at_once_and_one_of_them_twice_write_the_bytes_of_one_run(
    converted, tmp_path, single_run
):
    out = tmp_path / "sharded"
    processes = [
        FORK.Process(target=run_in_child, args=(converted, out, number, 3))
        for number in (1, 2, 3, 2)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * 4
    assert content_of(out) == single_run
    assert sorted(single_run) == [
        "annotations/test.json",
        "annotations/train.json",
        "settings.json",
        "volumes/case_0001.nii.gz",
        "volumes/case_0002.nii.gz",
        "volumes/case_0003.nii.gz",
    ]


def test_annotations_appear_with_the_last_shard_whatever_the_order(converted, tmp_path, single_run):
    out = tmp_path / "sharded"
    for number in (3, 1):
        run(converted, out, number, 3)
        assert not (out / "annotations").exists()
    run(converted, out, 2, 3)
    assert content_of(out) == single_run


def test_killed_shard_leaves_no_file_under_its_name_and_is_made_good(
    converted, tmp_path, single_run
):
    out = tmp_path / "killed"
    slow = FORK.Process(target=run_slowly, args=(converted, out))
    slow.start()
    deadline = time.monotonic() + 60
    while not list(out.rglob("case_*.part")) and time.monotonic() < deadline:
        time.sleep(0.002)
    os.kill(slow.pid, signal.SIGKILL)
    slow.join()
    (part,) = out.rglob("*.part")
    assert part.name.startswith("case_0003.nii.gz.")
    assert list(out.rglob("*.nii.gz")) == []
    run(converted, out, 1, 1)
    assert content_of(out) == single_run


def run_slowly(root: Path, out: Path) -> None:
    """The whole set, with a minute between two slices."""
    torch.set_num_threads(1)
    original = SimulateLowDose.transform

    def transform(self, results):
        if results["slice_index"] != 1:
            time.sleep(60)
        return original(self, results)

    SimulateLowDose.transform = transform
    run(root, out, 1, 1)


def test_unfinished_file_of_a_living_process_is_left_alone(tmp_path):
    path = tmp_path / "case.nii.gz"
    with written_whole(path) as stream:
        stream.write(b"half")
        remove_abandoned_parts(tmp_path)
        assert len(list(tmp_path.iterdir())) == 1
        assert not path.exists()
    assert path.read_bytes() == b"half"


def test_unfinished_file_of_another_machine_is_left_alone(tmp_path):
    part = tmp_path / "case.nii.gz.elsewhere-999999999.part"
    part.write_bytes(b"half")
    remove_abandoned_parts(tmp_path)
    assert part.exists()


def test_failed_write_leaves_what_was_there(tmp_path):
    path = tmp_path / "case.nii.gz"
    path.write_bytes(b"before")
    with pytest.raises(RuntimeError), written_whole(path) as stream:
        stream.write(b"half")
        raise RuntimeError
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"before"]


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_every_item_is_in_exactly_one_shard(count):
    parts = [Shard(number, count).of(range(5)) for number in range(1, count + 1)]
    assert sorted(item for part in parts for item in part) == [0, 1, 2, 3, 4]


def test_shard_is_read_from_text():
    assert Shard.parse("2/4") == Shard(2, 4)


@pytest.mark.parametrize("text", ["0/4", "5/4", "1/0", "2", "1/2/3", "-1/4", "a/b", ""])
def test_impossible_shard_is_refused(text):
    with pytest.raises(ValueError, match=r"count from 1/n|is not i/n, as 1/4"):
        Shard.parse(text)
