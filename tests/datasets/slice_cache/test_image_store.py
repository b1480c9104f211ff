"""Several processes share a store: what is read is right, whatever happens to the others."""

import fcntl
import hashlib
import multiprocessing
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from lidnet_mm.datasets.slice_cache.bounded_folder import LEDGER
from lidnet_mm.datasets.slice_cache.image_store import GIB, ImageStore, open_store

SHAPE = (40, 50)  # 4208 bytes as int16, so 8192 on disk
FILE_BYTES = 8192
FORK = multiprocessing.get_context("fork")


def key(number):
    return hashlib.sha256(str(number).encode()).hexdigest()


def image(number):
    """What belongs under a key: no two alike."""
    generator = np.random.default_rng(number)
    return generator.integers(-1024, 3072, SHAPE).astype(np.float32)


def images(folder):
    """Files of images in a store."""
    return sorted(folder.rglob("*.npy"))


def bytes_held(folder):
    """Bytes of everything but the ledger, unfinished files too, while no one may write."""
    with (folder / LEDGER).open("rb") as ledger:
        fcntl.flock(ledger, fcntl.LOCK_EX)
        files = [p.stat().st_size for p in folder.rglob("*") if p.is_file() and p.name != LEDGER]
    return sum(-(-size // 4096) * 4096 for size in files)


def run(*works):
    """Run works in processes of their own at once; their exit codes."""
    processes = [FORK.Process(target=work, args=args) for work, *args in works]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        process.kill()
    return [process.exitcode for process in processes]


def test_images_and_facts_come_back_and_others_are_absent(tmp_path):
    store = ImageStore(tmp_path)
    assert store.load(key(1)) is None
    store.save(key(1), image(1), {"spacing": [0.7, 0.8]})
    back, facts = ImageStore(tmp_path).load(key(1), SHAPE)
    np.testing.assert_array_equal(back, image(1))
    assert facts == {"spacing": [0.7, 0.8]}
    assert store.load(key(2)) is None


def test_an_image_belongs_to_its_reader(tmp_path):
    store = ImageStore(tmp_path)
    store.save(key(1), image(1))
    store.load(key(1))[0][:] = 0
    np.testing.assert_array_equal(store.load(key(1))[0], image(1))


def test_reading_keeps_no_file_open(tmp_path):
    store = ImageStore(tmp_path)
    store.save(key(1), image(1))
    before = len(os.listdir("/proc/self/fd"))
    kept = [store.load(key(1)) for _ in range(20)]
    assert len(os.listdir("/proc/self/fd")) == before
    assert "npy" not in Path("/proc/self/maps").read_text()
    assert len(kept) == 20


def fill_and_evict(folder, files, start):
    """Go through 60 images five times, each time as another training; 1 where one is wrong."""
    wrong = 0
    for epoch in range(5):
        store = ImageStore(folder, files * FILE_BYTES / GIB)
        for number in np.random.default_rng([start, epoch]).permutation(60):
            found = store.load(key(number))
            if found is None:
                store.save(key(number), image(number))
                continue
            wrong += not np.array_equal(found[0], image(number))
        time.sleep(0.02)  # longer than the file system's clock takes to tick
    sys.exit(1 if wrong else 0)


@pytest.mark.parametrize("files", [25, 60])
def test_processes_fill_and_evict_at_once(tmp_path, files):
    ImageStore(tmp_path).save(key(0), image(0))
    processes = [FORK.Process(target=fill_and_evict, args=(tmp_path, files, i)) for i in (0, 1)]
    for process in processes:
        process.start()
    seen = []
    while any(process.is_alive() for process in processes):
        seen.append(bytes_held(tmp_path))
        time.sleep(0.002)
    assert [process.exitcode for process in processes] == [0, 0]
    assert max(seen) <= files * FILE_BYTES
    assert bytes_held(tmp_path) == int((tmp_path / LEDGER).read_text()) == files * FILE_BYTES


def test_processes_that_save_the_same_images_write_each_once(tmp_path):
    assert run(*[(fill_and_evict, tmp_path, 1000, i) for i in range(4)]) == [0] * 4
    assert len(images(tmp_path)) == 60
    assert int((tmp_path / LEDGER).read_text()) == 60 * FILE_BYTES


def write_until_killed(folder):
    """Write and evict without end."""
    number = os.getpid() * 10**6
    while True:
        store = ImageStore(folder, 10 * FILE_BYTES / GIB)
        for _ in range(10):
            number += 1
            store.save(key(number), image(number))


def kill_at(name, monkeypatch):
    """Let this process kill itself, with SIGKILL, where it is about to call a function."""
    monkeypatch.setattr(name, lambda *args, **kwargs: os.kill(os.getpid(), signal.SIGKILL))


def write_and_die(folder, name, monkeypatch):
    """Write 5 images, and be killed amid the next."""
    store = ImageStore(folder, 10 * FILE_BYTES / GIB)
    for number in range(5):
        store.save(key(number), image(number))
    kill_at(name, monkeypatch)
    store.save(key(5), image(5))


@pytest.mark.parametrize(
    "name",
    [
        "lidnet_mm.datasets.slice_cache.bounded_folder._write_total",
        "lidnet_mm.datasets.slice_cache.bounded_folder.write_whole",
        "pathlib.Path.chmod",
        "pathlib.Path.replace",
    ],
    ids=["before counting", "before writing", "half-way", "before renaming"],
)
def test_a_writer_killed_anywhere_costs_one_image(tmp_path, monkeypatch, name):
    with monkeypatch.context() as patch:
        assert run((write_and_die, tmp_path, name, patch)) == [-signal.SIGKILL]
    store = ImageStore(tmp_path, 10 * FILE_BYTES / GIB)
    assert store.load(key(5)) is None
    for number in range(5):
        np.testing.assert_array_equal(store.load(key(number))[0], image(number))
    for number in range(5, 30):
        store.save(key(number), image(number))
        assert bytes_held(tmp_path) <= 10 * FILE_BYTES
    assert len(images(tmp_path)) == 10
    assert not list(tmp_path.rglob("*.part"))


def test_writers_killed_at_random_leave_whole_images_within_the_bound(tmp_path):
    ImageStore(tmp_path).save(key(0), image(0))
    for pause in np.linspace(0.02, 0.12, 6):
        writers = [FORK.Process(target=write_until_killed, args=(tmp_path,)) for _ in range(2)]
        for writer in writers:
            writer.start()
        time.sleep(pause)
        for writer in writers:
            writer.kill()
            writer.join()
        assert bytes_held(tmp_path) <= 10 * FILE_BYTES
    store = ImageStore(tmp_path)
    assert images(tmp_path)
    for path in images(tmp_path):
        assert store.load(path.stem) is not None


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: b"no image",
        lambda content: content[:-3],
        lambda content: content[:2000],
        lambda content: content[:1000] + bytes([content[1000] ^ 1]) + content[1001:],
        lambda content: content[:200] + bytes(2000) + content[2200:],
    ],
    ids=["empty", "other", "facts cut", "pixels cut", "one bit", "zeros"],
)
def test_a_damaged_file_is_absent_with_a_warning_and_written_anew(
    tmp_path, warnings_logged, damage
):
    store = ImageStore(tmp_path)
    store.save(key(1), image(1))
    path = store.path(key(1))
    path.write_bytes(damage(path.read_bytes()))
    assert store.load(key(1)) is None
    assert f"{path} is damaged" in warnings_logged()
    store.save(key(1), image(1))
    np.testing.assert_array_equal(store.load(key(1))[0], image(1))


def test_an_image_of_another_shape_is_damaged(tmp_path, warnings_logged):
    store = ImageStore(tmp_path)
    store.save(key(1), image(1))
    assert store.load(key(1), (50, 40)) is None
    assert "its shape is (40, 50), not (50, 40)" in warnings_logged()


@pytest.fixture
def unwritable(tmp_path, monkeypatch):
    """Function that makes every write fail with an error of the system."""

    def fail(code):
        def refuse(*args, **kwargs):
            refuse.calls += 1
            raise OSError(code, os.strerror(code))

        refuse.calls = 0
        monkeypatch.setattr("lidnet_mm.datasets.slice_cache.bounded_folder.write_whole", refuse)
        return refuse

    return fail


@pytest.mark.parametrize("code", [28, 30, 122], ids=["disk full", "read-only", "quota"])
def test_where_nothing_can_be_written_one_warning_and_no_more_tries(
    tmp_path, unwritable, warnings_logged, code
):
    store = ImageStore(tmp_path)
    store.save(key(0), image(0))
    refuse = unwritable(code)
    for number in range(1, 5):
        store.save(key(number), image(number))
    assert refuse.calls == 1
    assert warnings_logged().count("Nothing can be written to the cache") == 1
    assert os.strerror(code) in warnings_logged()
    np.testing.assert_array_equal(store.load(key(0))[0], image(0))


def test_a_folder_that_cannot_be_made_is_a_warning(tmp_path, warnings_logged):
    (tmp_path / "file").write_text("in the way")
    store = ImageStore(tmp_path / "file" / "cache")
    assert store.load(key(0)) is None
    store.save(key(0), image(0))
    assert "Nothing can be written to the cache" in warnings_logged()


def test_a_cache_below_what_is_used_is_named_once(tmp_path, warnings_logged):
    store = ImageStore(tmp_path, 3 * FILE_BYTES / GIB)
    for number in range(6):
        store.save(key(number), image(number))
    assert warnings_logged().count("is full") == 1
    assert "raise cache_gib" in warnings_logged()
    assert [store.load(key(number)) is not None for number in range(6)] == [True] * 3 + [False] * 3


@pytest.mark.parametrize("gib", [0, -1.0, float("nan")])
def test_impossible_bound(tmp_path, gib):
    with pytest.raises(ValueError, match=r"cache_gib is .*above 0"):
        ImageStore(tmp_path, gib)


def test_options_of_a_transform(tmp_path):
    assert open_store(None, None) is None
    assert open_store(tmp_path, 2).max_gib == 2
    with pytest.raises(ValueError, match="cache_gib=2 bounds a cache, but cache_dir is None"):
        open_store(None, 2)
