"""A run that gets a signal stops its trainings, which save; the next run goes on."""

import os
import signal
import threading
import time

import pytest

from lidnet_mm.benchmark.jobs.folder_lock import folder_lock
from lidnet_mm.benchmark.jobs.job_process import StoppedError
from lidnet_mm.benchmark.jobs.run import run_matrix
from lidnet_mm.benchmark.matrix.matrix import Matrix

HANGS = ("lidnet_seed1", "lidnet_seed0")
"""Trainings that end only of a signal: the two that are started first after the judge."""


@pytest.fixture(autouse=True)
def heard_signals():
    """Also where the tests themselves run in the background, which ignores some of them."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {number: signal.signal(number, signal.SIG_DFL) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def matrix(write_comparison, tmp_path, calls, monkeypatch):
    monkeypatch.setenv("FAKE_HANGS", " ".join(HANGS))
    return Matrix.from_file(write_comparison(), tmp_path / "work")


@pytest.fixture
def folders(matrix):
    """Folders of the trainings that hang."""
    return [matrix.work_dir / name for name in HANGS]


@pytest.fixture
def run_and_signal(matrix):
    """Function that runs and, as soon as files or a text of a line are there, sends a signal."""
    lines = []

    def is_there(sign):
        return any(sign in line for line in lines) if isinstance(sign, str) else sign.exists()

    def send(number, signs):
        while not all(map(is_there, signs)):
            time.sleep(0.01)
        os.kill(os.getpid(), number)

    def run_it(*signals, jobs=1, gpus=1):
        senders = [threading.Thread(target=send, args=given, daemon=True) for given in signals]
        for sender in senders:
            sender.start()
        with pytest.raises(StoppedError) as found:
            run_matrix(matrix, jobs, lines.append, gpus=gpus)
        return found.value, lines

    return run_it


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)]
)
def test_training_saves(run_and_signal, folders, number, status):
    """The signal reaches the training, although mim itself dies of it at once."""
    before = signal.getsignal(number)
    error, lines = run_and_signal((number, [folders[0] / "hangs"]))
    assert (folders[0] / "saved").exists()
    assert error.status == status
    assert any(line.startswith(f"{number.name}: the jobs are asked to stop") for line in lines)
    assert signal.getsignal(number) is before


def test_stopped_is_not_failed(run_and_signal, matrix, folders, calls, monkeypatch):
    """Nothing that was waiting is started; the next run does it all."""
    run_and_signal((signal.SIGTERM, [folders[0] / "hangs"]))
    assert not (folders[0] / "failed").exists()
    assert not folders[1].exists()
    assert [call[0] for call in calls()].count("train") == 2  # the judge and the first
    monkeypatch.delenv("FAKE_HANGS")
    assert not run_matrix(matrix, 1, lambda line: None)
    assert all(training.is_done for training in matrix.tables[0].trainings)


@pytest.mark.parametrize("gpus", [1, 2])
def test_second_signal_kills(run_and_signal, folders, gpus):
    """A training that does not heed SIGTERM, also one in a session of its own."""
    folders[0].mkdir(parents=True)
    (folders[0] / "deaf").touch()
    begun, saved = ([folders[0] / name] for name in ("hangs", "saved"))
    error, _ = run_and_signal((signal.SIGTERM, begun), (signal.SIGTERM, saved), gpus=gpus)
    assert error.status == 143


def test_several_jobs(run_and_signal, folders):
    """All that are running hear it."""
    run_and_signal((signal.SIGTERM, [folder / "hangs" for folder in folders]), jobs=2)
    assert all((folder / "saved").exists() for folder in folders)


def test_waiting_hears_it(run_and_signal, folders):
    """A run that waits for what another process does, which may take days."""
    ended, given_up = threading.Event(), []

    def hold():
        with folder_lock(folders[0]):
            given_up.append(not ended.wait(1200))  # For a run that does not hear it.

    holder = threading.Thread(target=hold)
    holder.start()
    error, _ = run_and_signal((signal.SIGTERM, ["waits for another process"]))
    ended.set()
    holder.join()
    assert error.status == 143
    assert given_up == [False]
    assert not (folders[0] / "hangs").exists()


def test_ignored_signal_stays_ignored(matrix, monkeypatch):
    """As SIGHUP under nohup."""
    monkeypatch.delenv("FAKE_HANGS")
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    seen = set()
    try:
        run_matrix(matrix, 1, lambda line: seen.add(signal.getsignal(signal.SIGHUP)))
    finally:
        signal.signal(signal.SIGHUP, before)
    assert seen == {signal.SIG_IGN}


def test_outside_the_main_thread(matrix, monkeypatch):
    monkeypatch.delenv("FAKE_HANGS")
    failed = []
    thread = threading.Thread(
        target=lambda: failed.append(run_matrix(matrix, 1, lambda line: None))
    )
    thread.start()
    thread.join()
    assert failed == [[]]
