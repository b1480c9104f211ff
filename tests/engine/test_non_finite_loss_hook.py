"""A batch whose loss is NaN leaves no trace but its name."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmengine.optim import OptimWrapper

from lidnet_mm.engine.non_finite_loss_hook import NonFiniteLossError, NonFiniteLossHook

SCRIPT = Path(__file__).parent / "distributed" / "train_with_faults.py"
# T1 T1 T1 | T2 T2 T3
SCHEDULE = {"pretrain_iters": 3, "denoiser_iters": 2, "detector_iters": 1, "rounds": 1}


def hooks(max_in_a_row=10, **more):
    """Default hooks with the one that is tested."""
    return {
        "logger": {"type": "LoggerHook", "interval": 1},
        "param_scheduler": {"type": "lidnet_mm.PhaseParamSchedulerHook"},
        "checkpoint": None,
        "non_finite_loss": {"type": "lidnet_mm.NonFiniteLossHook", "max_in_a_row": max_in_a_row},
        **more,
    }


def spoil(runner, iterations):
    """Let the detector see NaN in some iterations, or add a loss that is NaN to the denoiser's.

    A generator refuses NaN by itself.
    """

    def spoil_inputs(module, arguments, data):
        if runner.iter in iterations and runner.model.phase.part == "detector":
            for name in ("inputs", "ndct"):
                data[name][0, ..., 8:12, 8:12] = float("nan")

    def spoil_losses(module, arguments, losses):
        if runner.iter in iterations and runner.model.phase.part == "denoiser":
            return {**losses, "loss_spoilt": torch.tensor(float("nan"))}
        return losses

    runner.model.data_preprocessor.register_forward_hook(spoil_inputs)
    runner.model.register_forward_hook(spoil_losses)


@pytest.fixture
def train(make_runner, tmp_path, monkeypatch):
    """Function that trains with spoilt iterations and returns the runner and its warnings."""

    def train(*iterations, schedule=SCHEDULE, options=None, **more):
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        options = {"default_hooks": hooks(**more), **(options or {})}
        runner = make_runner(folder, schedule, **options)
        spoil(runner, iterations)
        warnings = []
        monkeypatch.setattr(runner.logger, "warning", warnings.append)
        try:
            runner.train()
        except NonFiniteLossError as error:
            runner.error = str(error)
        return runner, warnings

    return train


def same(first, second):
    return all(torch.equal(first[part][n], v) for part in first for n, v in second[part].items())


@pytest.mark.parametrize("iteration", [1, 3])
def test_nothing_but_the_count_changes(train, iteration):
    """Of the detector in T1 and the denoiser in T2, running statistics included."""
    runner, warnings = train(iteration)
    states = runner.observer.states
    assert same(states[iteration], states[iteration + 1])
    assert not same(states[iteration + 1], states[iteration + 2])
    assert all(torch.isfinite(v).all() for part in states[-1].values() for v in part.values())
    part = "detector" if iteration == 1 else "denoiser"
    counts = runner.message_hub.get_info("skipped_steps")
    assert {k: v["total"] for k, v in counts.items()} == {part: 1}
    (text,) = [w for w in warnings if "skipped" in w]
    slices = runner.observer.batches[iteration]
    assert f"Iteration {iteration + 1}: step of the {part} skipped, 1 in a row, 1 in all" in text
    assert f"sample {slices[0]}, sample {slices[1]}" in text


def test_nan_stays_out_of_the_logged_means(train):
    runner, _ = train(1)
    scalars = runner.message_hub.log_scalars
    for name in ("train/loss",):
        assert torch.isfinite(torch.tensor(scalars[name].data[0])).all()


def test_running_statistics_do_see_the_batch_without_the_hook(train):
    """Otherwise the first test would prove nothing."""
    without = {name: hook for name, hook in hooks().items() if name != "non_finite_loss"}
    runner, _ = train(1, options={"default_hooks": without})
    state = runner.observer.states[-1]["detector"]
    assert any(v.isnan().any() for name, v in state.items() if "running_mean" in name)


def test_too_many_in_a_row(train):
    runner, warnings = train(0, 1, 2, max_in_a_row=2)
    assert len([w for w in warnings if "skipped" in w]) == 3
    assert re.search(
        "3 steps of the detector in a row.*iteration 3.*Checkpoint from before: none.*"
        "lower the learning rate",
        runner.error,
    )
    assert len(runner.observer.batches) == 3


def test_row_ends_with_a_good_batch(train):
    runner, _ = train(0, 2, max_in_a_row=1)
    assert not hasattr(runner, "error")
    counts = runner.message_hub.get_info("skipped_steps")["detector"]
    assert (counts["total"], counts["in_a_row"]) == (2, 0)


def test_last_good_checkpoint_is_named(train, tmp_path):
    checkpoint = {"type": "CheckpointHook", "by_epoch": False, "interval": 1}
    runner, _ = train(1, 2, max_in_a_row=1, checkpoint=checkpoint)
    assert f"Checkpoint from before: {runner.work_dir}/iter_1.pth" in runner.error
    assert Path(runner.work_dir, "iter_1.pth").is_file()


def test_accumulation_goes_on(train, optimizers):
    """A step of three batches whose last is bad is dropped; the next step has its own three."""
    wrappers = {**optimizers, "detector": {**optimizers["detector"], "accumulative_counts": 3}}
    schedule = {**SCHEDULE, "pretrain_iters": 6}
    runner, _ = train(2, schedule=schedule, options={"optim_wrapper": wrappers})
    states = runner.observer.states
    parameters = [name for name in states[0]["detector"] if name.endswith("fc_cls.weight")]
    for name in parameters:
        weights = [state["detector"][name] for state in states]
        assert all(torch.equal(weights[0], weight) for weight in weights[:6])
        assert not torch.equal(weights[5], weights[6])


class InfiniteGradient(torch.autograd.Function):
    """The identity with a gradient that is infinite."""

    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, gradient):
        return gradient * float("inf")


def test_gradients_that_are_not_finite(train, monkeypatch):
    backward = OptimWrapper.backward
    monkeypatch.setattr(
        OptimWrapper, "backward", lambda self, loss: backward(self, InfiniteGradient.apply(loss))
    )
    runner, _ = train(max_in_a_row=0)
    states = runner.observer.states
    assert "gradients are not finite" in runner.error
    assert len(states) == 1
    assert same(states[0], {k: p.state_dict() for k, p in runner.model.parts.items()})


def test_negative_limit():
    with pytest.raises(ValueError, match="max_in_a_row must be at least 0"):
        NonFiniteLossHook(max_in_a_row=-1)


@pytest.fixture(scope="module")
def two_ranks(tmp_path_factory):
    """Two processes, of which the second sees NaN once: their weights and the log."""
    folder = tmp_path_factory.mktemp("ranks")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1])}
    environment = {**os.environ, **address, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    processes = [
        subprocess.Popen(
            [sys.executable, str(SCRIPT), str(folder), "8"],
            # Slice 3 comes to the second process in its second iteration, 7 in its fourth.
            env={**environment, "NAN": "3", "WORLD_SIZE": "2", "RANK": rank, "LOCAL_RANK": rank},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in "01"
    ]
    outputs = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs[0][-2000:]
    return [torch.load(folder / f"rank{rank}.pt") for rank in "01"], outputs[0]


def test_processes_skip_together(two_ranks):
    (first, second), _ = two_ranks
    assert [name for name in first if not torch.equal(first[name], second[name])] == []
    assert all(torch.isfinite(value).all() for value in first.values())


def test_first_process_names_the_slice_of_the_second(two_ranks):
    _, log = two_ranks
    (line,) = [line for line in log.splitlines() if "Iteration 2:" in line]
    assert "slice 3 of case_3.nii.gz (patient 3)" in line
    assert "case_2" not in line


def test_nothing_but_running_statistics_is_kept(make_runner, tmp_path):
    """A copy of all buffers an iteration costs more than the step where one of them is large."""
    runner = make_runner(tmp_path, SCHEDULE, default_hooks=hooks())
    detector = runner.model.detector
    detector.register_buffer("constant", torch.zeros(1), persistent=False)
    detector.register_buffer("seen", torch.zeros(1))
    spoil(runner, [1])

    def count(module, arguments, data):
        detector.seen = detector.seen + data["ndct"].mean()  # replaced, as some losses do

    runner.model.data_preprocessor.register_forward_hook(count)
    runner.train()
    assert torch.isfinite(detector.seen).all()
    (hook,) = (hook for hook in runner.hooks if isinstance(hook, NonFiniteLossHook))
    statistics = {"running_mean", "running_var", "num_batches_tracked", "seen"}
    assert {name for _, name in hook._running} == statistics
