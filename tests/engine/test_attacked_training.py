"""A training reads weights alone, whichever way it is given a checkpoint."""

import pytest
import torch
from attack_files import write_attack

from lidnet_mm.weights_file import UnsafeCheckpointError

SCHEDULE = {"pretrain_iters": 1, "denoiser_iters": 1, "detector_iters": 1, "rounds": 1}
CHECKPOINTS = {
    "logger": {"type": "LoggerHook", "interval": 1},
    "param_scheduler": {"type": "lidnet_mm.PhaseParamSchedulerHook"},
    "ema": {"type": "lidnet_mm.GeneratorEMAHook"},
    "checkpoint": {"type": "CheckpointHook", "by_epoch": False, "interval": 1},
}


@pytest.fixture(scope="module")
def trained(make_runner, tmp_path_factory):
    """Work dir of a short training."""
    folder = tmp_path_factory.mktemp("trained")
    make_runner(folder, SCHEDULE, validate=True, default_hooks=CHECKPOINTS).train()
    return folder


def runner_from(make_runner, folder, way, checkpoint):
    """A training that is given a checkpoint."""
    settings = {
        "load_from": {"load_from": str(checkpoint)},
        "resume": {"load_from": str(checkpoint), "resume": True},
        "pretraining": {},
    }[way]
    runner = make_runner(folder, SCHEDULE, default_hooks=CHECKPOINTS, **settings)
    if way == "pretraining":
        hook = {"type": "lidnet_mm.SharedPretrainingHook", "checkpoint": str(checkpoint)}
        runner.register_custom_hooks([hook])
    return runner


@pytest.mark.parametrize(
    ("way", "kind"),
    [("load_from", "names"), ("resume", "call"), ("resume", "names"), ("pretraining", "names")],
)
def test_attack_is_refused_and_does_nothing(make_runner, trained, tmp_path, way, kind):
    stored = torch.load(trained / "iter_1.pth", weights_only=False)
    trace = tmp_path / "trace"
    path = write_attack(kind, tmp_path / "evil.pth", trace, stored)
    runner = runner_from(make_runner, tmp_path / "work", way, path)
    with pytest.raises(UnsafeCheckpointError, match=r"evil\.pth is not loaded"):
        runner.train()
    assert not trace.exists()
    assert not runner.observer.batches


@pytest.mark.parametrize("way", ["load_from", "resume", "pretraining"])
def test_what_a_training_wrote_is_read(make_runner, trained, tmp_path, way):
    """With logged values, averaged weights, optimizers and schedulers."""
    runner = runner_from(make_runner, tmp_path / "work", way, trained / "iter_1.pth")
    runner.train()
    assert len(runner.observer.batches) == (3 if way == "load_from" else 2)
