"""A resumed training equals an uninterrupted one, bit by bit, with what MMEngine itself restores.

Random draws and accumulated gradients are those of ``test_kill_and_resume.py``: here the detector
draws no samples, nothing is augmented and ``accumulative_counts`` is 1.
"""

import pytest
import torch

# T1 T1 | T2 T2 T2 T3 T3 | T2 T2 T2 T3 T3
SCHEDULE = {"pretrain_iters": 2, "denoiser_iters": 3, "detector_iters": 2, "rounds": 2}
COSINE = {"type": "CosineAnnealingLR", "by_epoch": False, "begin": 0, "T_max": 6, "end": 7}
SETTINGS = {
    "param_scheduler": {"denoiser": [COSINE], "detector": [COSINE]},
    "default_hooks": {
        "logger": {"type": "LoggerHook", "interval": 1},
        "param_scheduler": {"type": "lidnet_mm.PhaseParamSchedulerHook"},
        "checkpoint": {"type": "CheckpointHook", "by_epoch": False, "interval": 1},
    },
}


@pytest.fixture(scope="module")
def uninterrupted(make_runner, tmp_path_factory):
    """A complete training that kept every iteration."""
    runner = make_runner(tmp_path_factory.mktemp("whole"), SCHEDULE, **SETTINGS)
    runner.train()
    return runner


@pytest.mark.parametrize(
    ("done", "where"),
    [
        (1, "in T1"),
        (2, "before T2"),
        (4, "in T2"),
        (6, "in T3"),
        (7, "before a round"),
        (9, "in T2"),
    ],
)
def test_equals_the_uninterrupted_run(make_runner, uninterrupted, tmp_path, done, where):
    checkpoint = f"{uninterrupted.work_dir}/iter_{done}.pth"
    resumed = make_runner(tmp_path, SCHEDULE, resume=True, load_from=checkpoint, **SETTINGS)
    resumed.train()
    whole, rest = uninterrupted.observer, resumed.observer
    assert rest.batches == whole.batches[done:]
    assert rest.rates == whole.rates[done:]
    assert [log.keys() for log in rest.logged] == [log.keys() for log in whole.logged[done:]]
    for expected, found in zip(whole.states[done:], rest.states, strict=True):
        for part in ("denoiser", "detector"):
            for name, value in expected[part].items():
                assert torch.equal(value, found[part][name]), f"{part}.{name}"


def test_finished_training_has_nothing_left(make_runner, uninterrupted, tmp_path):
    checkpoint = f"{uninterrupted.work_dir}/iter_12.pth"
    resumed = make_runner(tmp_path, SCHEDULE, resume=True, load_from=checkpoint, **SETTINGS)
    resumed.train()
    assert not resumed.observer.batches
