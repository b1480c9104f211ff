"""When one process dies or hangs the others end with an error instead of waiting for ever."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "distributed" / "train_until_one_dies.py"
DEADLINE = 120
"""Seconds in which a process has to end that would otherwise train or wait for hours."""


def free_port() -> str:
    """A port that nobody listens to."""
    with socket.socket() as listener:
        listener.bind(("localhost", 0))
        return str(listener.getsockname()[1])


@pytest.fixture
def start(tmp_path):
    """Function that starts both processes as slurm would, with nobody who watches over them."""
    processes = []

    def start(name: str, timeout: int) -> list[subprocess.Popen]:
        meeting = {"MASTER_ADDR": "localhost", "MASTER_PORT": free_port(), "WORLD_SIZE": "2"}
        for rank in "01":
            own = {"RANK": rank, "LOCAL_RANK": rank, "CUDA_VISIBLE_DEVICES": ""}
            with (tmp_path / f"log{rank}").open("w") as log:
                process = subprocess.Popen(
                    [sys.executable, str(SCRIPT), str(tmp_path), name, str(timeout)],
                    env={**os.environ, "OMP_NUM_THREADS": "1", **meeting, **own},
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
            processes.append(process)
        return processes

    yield start
    for process in processes:
        process.kill()  # also one that is stopped
        process.wait()


def test_one_is_killed(start, tmp_path):
    first, second = start("SIGKILL", timeout=1800)
    assert second.wait(DEADLINE) == -signal.SIGKILL
    assert first.wait(DEADLINE) > 0
    assert "RuntimeError" in (tmp_path / "log0").read_text()


def test_one_hangs_longer_than_the_configs_timeout(start, tmp_path):
    first, second = start("SIGSTOP", timeout=15)
    assert first.wait(DEADLINE) > 0
    assert second.poll() is None
    # Gloo words it in two ways: whether the waiting call or the connection's own thread is first.
    said = (tmp_path / "log0").read_text()
    assert "Timed out waiting 15000ms" in said or "Application timeout" in said


def test_torchrun_ends_them_all(tmp_path):
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    done = subprocess.run(
        [*launch, str(SCRIPT), str(tmp_path), "SIGKILL", "1800"],
        env={**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert done.returncode > 0
    assert "exitcode  : -9" in done.stderr  # it names the one that began
