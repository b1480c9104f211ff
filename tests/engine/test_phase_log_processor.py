"""Log lines of a collaborative training."""

import datetime
import re
from pathlib import Path

import pytest

from lidnet_mm.engine import PhaseLogProcessor

SCHEDULE = {"pretrain_iters": 1, "denoiser_iters": 2, "detector_iters": 1, "rounds": 2}
SECONDS = {"T1": 100.0, "T2": 1000.0, "T3": 10.0}
LINE = re.compile(
    r"(T\d(?:\+T\d)?) round (\d)/(\d) \[(\d)/(\d)\]  Iter\(train\) \[\s*(\d+)/(\d+)\]"
)


def text_of(runner) -> str:
    """Everything that the runner logged."""
    return Path(runner._log_dir, f"{runner.timestamp}.log").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def logged(make_runner, tmp_path_factory):
    """Log of a training whose iterations seem to take whole numbers of seconds."""
    runner = make_runner(tmp_path_factory.mktemp("run"), SCHEDULE)
    loop = runner.train_loop
    add = loop.clock.add
    loop.clock.add = lambda phases, seconds: add(phases, SECONDS[phases[0].value])
    runner.train()
    return text_of(runner)


def test_phase_round_and_step(logged):
    assert [match.groups() for match in LINE.finditer(logged)] == [
        ("T1", "0", "2", "1", "1", "1", "7"),
        ("T2", "1", "2", "1", "2", "2", "7"),
        ("T2", "1", "2", "2", "2", "3", "7"),
        ("T3", "1", "2", "1", "1", "4", "7"),
        ("T2", "2", "2", "1", "2", "5", "7"),
        ("T2", "2", "2", "2", "2", "6", "7"),
        ("T3", "2", "2", "1", "1", "7", "7"),
    ]


def test_eta_is_the_sum_of_the_phases_left(logged):
    etas = re.findall(r"eta: ((?:\d+ days?, )?\d+:\d\d:\d\d)", logged)
    expected = [
        6 * 100,  # only T1 has run: all the rest at its pace
        3 * 1000 + 2 * (100 + 1000) / 2,  # T3 at the mean of all iterations so far
        2 * 1000 + 2 * (100 + 2 * 1000) / 3,
        2 * 1000 + 10,
        1000 + 10,
        10,
        0,
    ]
    assert etas == [str(datetime.timedelta(seconds=int(seconds))) for seconds in expected]


def test_every_phase_is_announced(logged):
    assert re.findall(r"Phase: (.*)", logged) == [
        "detector on NDCT, pre-training, 1 iterations",
        "denoiser, round 1/2, 2 iterations",
        "detector on denoised CT, round 1/2, 1 iterations",
        "denoiser, round 2/2, 2 iterations",
        "detector on denoised CT, round 2/2, 1 iterations",
    ]


def test_joint_rounds(make_runner, tmp_path):
    runner = make_runner(
        tmp_path,
        {
            "pretrain_iters": 0,
            "denoiser_iters": 1,
            "detector_iters": 1,
            "rounds": 1,
            "joint": True,
        },
    )
    runner.train()
    assert [match.groups()[:5] for match in LINE.finditer(text_of(runner))] == [
        ("T2+T3", "1", "1", "1", "2"),
        ("T2+T3", "1", "1", "2", "2"),
    ]
    assert "Phase: denoiser and detector on denoised CT, round 1/1, 2 iterations" in text_of(runner)


def test_plain_loop_logs_as_ever(make_runner, small_lidnet, tmp_path):
    runner = make_runner(
        tmp_path,
        {},
        model=small_lidnet["denoiser"],
        train_cfg={"type": "IterBasedTrainLoop", "max_iters": 2},
        optim_wrapper={"type": "OptimWrapper", "optimizer": {"type": "SGD", "lr": 1e-3}},
        custom_hooks=[],
    )
    runner.train()
    text = text_of(runner)
    assert re.search(r"INFO - Iter\(train\) \[2/2\]  lr: \S+  eta: 0:00:00", text)
    assert "round" not in text


def test_estimate_of_the_critic_is_logged_as_a_mean():
    """A single batch says little; MMEngine averages only names of losses and times."""
    pattern = PhaseLogProcessor().mean_pattern
    for name in ("critic.wasserstein", "loss", "critic.loss_wasserstein", "data_time", "grad_norm"):
        assert pattern.search(name), name
    assert not pattern.search("denoiser.lr")
