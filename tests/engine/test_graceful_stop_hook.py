"""A training that gets a signal saves and says so; going on from there loses nothing."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmengine.hooks import Hook

from lidnet_mm.engine.graceful_stop_hook import GracefulStopHook

SCRIPT = Path(__file__).parent / "distributed" / "train_with_faults.py"
# T1 T1 | T2 T2 T3
SCHEDULE = {"pretrain_iters": 2, "denoiser_iters": 2, "detector_iters": 1, "rounds": 1}


def hooks(interval=100, **more):
    """Default hooks with rare checkpoints."""
    backend = {"backend": "lidnet_atomic"}
    checkpoint = {"by_epoch": False, "interval": interval, "backend_args": backend}
    return {
        "logger": {"type": "LoggerHook", "interval": 1},
        "param_scheduler": {"type": "lidnet_mm.PhaseParamSchedulerHook"},
        "checkpoint": {"type": "CheckpointHook", **checkpoint},
        "graceful_stop": {"type": "lidnet_mm.GracefulStopHook"},
        **more,
    }


class Kick(Hook):
    """Sends this process a signal."""

    def __init__(self, number, stage, iteration):
        self.number, self.iteration = number, iteration
        setattr(self, stage, self.kick)

    def kick(self, runner, *args, **kwargs):
        if runner.iter == self.iteration:
            os.kill(os.getpid(), self.number)


def stopped(make_runner, folder, number, stage, iteration, **options):
    """A training that a signal ended, and its exit status."""
    runner = make_runner(
        folder, SCHEDULE, default_hooks=hooks(options.pop("every", 100)), **options
    )
    runner.register_hook(Kick(number, stage, iteration))
    before = signal.getsignal(number)
    with pytest.raises(SystemExit) as status:
        runner.train()
    assert signal.getsignal(number) == before
    return runner, status.value.code


def checkpoints(folder):
    return sorted(path.name for path in Path(folder).glob("*.pth*"))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_checkpoint_and_exit_status(make_runner, tmp_path, number, code):
    runner, status = stopped(make_runner, tmp_path, number, "before_train_iter", 2)
    assert status == code
    assert checkpoints(tmp_path) == ["iter_3.pth"]
    assert (tmp_path / "last_checkpoint").read_text() == f"{tmp_path}/iter_3.pth"
    assert len(runner.observer.batches) == 3


def test_resumed_training_equals_an_undisturbed_one(make_runner, tmp_path):
    whole = make_runner(tmp_path / "whole", SCHEDULE, default_hooks=hooks())
    whole.train()
    folder = tmp_path / "stopped"
    stopped(make_runner, folder, signal.SIGTERM, "before_train_iter", 2)
    rest = make_runner(
        folder,
        SCHEDULE,
        default_hooks=hooks(),
        resume=True,
        load_from=str(folder / "iter_3.pth"),
    )
    rest.train()
    assert rest.observer.batches == whole.observer.batches[3:]
    for part, state in whole.observer.states[-1].items():
        for name, value in state.items():
            assert torch.equal(value, rest.observer.states[-1][part][name]), f"{part}.{name}"


def test_validation_is_finished_before_the_checkpoint(make_runner, tmp_path):
    """In its midst the model may hold averaged weights."""
    _, status = stopped(
        make_runner, tmp_path, signal.SIGTERM, "before_val_iter", 5, validate=True, every=2
    )
    assert status == 143
    assert checkpoints(tmp_path) == ["iter_2.pth", "iter_4.pth", "iter_5.pth"]


def test_validation_is_cut_short_where_all_is_saved(make_runner, tmp_path):
    options = {"validate": True, "every": 5}
    runner, status = stopped(make_runner, tmp_path, signal.SIGTERM, "before_val_iter", 5, **options)
    assert status == 143
    assert checkpoints(tmp_path) == ["iter_5.pth"]
    assert len(runner.val_evaluator.metrics[0].results) == 2  # one batch of four


def test_training_without_a_checkpoint_hook(make_runner, tmp_path):
    runner = make_runner(tmp_path, SCHEDULE, default_hooks=hooks() | {"checkpoint": None})
    with pytest.raises(ValueError, match=r"CheckpointHook.*leave GracefulStopHook out"):
        runner.train()


def test_unknown_signal():
    with pytest.raises(ValueError, match="SIGNAL9"):
        GracefulStopHook(signals=["SIGTERM", "SIGNAL9"])


def start(folder, rank=None, world=1, **environment):
    """Start a process of a training; its output can be read."""
    variables = {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "PAUSE": "0.2"}
    if rank is not None:
        variables |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(world)}
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), str(folder), "1000"],
        env={**os.environ, **variables, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


def wait_for(process, text):
    """Read the output up to a line."""
    for line in process.stdout:
        if line.strip() == text:
            return
    raise AssertionError(f"the training ended before '{text}'")


def last_iteration(process):
    """Iteration of the last line, once the process has ended."""
    lines = process.communicate(timeout=60)[0].splitlines()
    done = [line for line in lines if line.startswith("iteration ")]
    return int(done[-1].split()[1]) if done else None


def test_signal_to_the_workers_too(tmp_path):
    """As Ctrl-C and a scheduler send it: to all processes of the training."""
    with start(tmp_path, WORKERS="2") as process:
        wait_for(process, "iteration 3")
        os.killpg(process.pid, signal.SIGTERM)
        last_iteration(process)
    assert process.returncode == 143
    assert len(checkpoints(tmp_path / "work")) == 1


def test_signal_to_one_of_two_processes(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1])}
    with (
        start(tmp_path, 0, 2, **address) as first,
        start(tmp_path, 1, 2, **address) as second,
    ):
        wait_for(first, "iteration 2")
        wait_for(second, "iteration 2")
        second.send_signal(signal.SIGTERM)
        done = [last_iteration(process) for process in (first, second)]
    assert [first.returncode, second.returncode] == [143, 143]
    (name,) = checkpoints(tmp_path / "work")
    assert done[0] in (None, int(name.removeprefix("iter_").removesuffix(".pth")))
    assert done[0] == done[1]
