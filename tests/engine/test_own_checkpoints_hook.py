"""A training that goes on in a copy of a work dir leaves the original alone."""

import shutil

import pytest

SCHEDULE = {"pretrain_iters": 1, "denoiser_iters": 1, "detector_iters": 1, "rounds": 1}


def hooks():
    """Default hooks that keep the best checkpoint; more slices are always better here."""
    best = {"save_best": "slices", "rule": "greater"}
    return {
        "logger": {"type": "LoggerHook", "interval": 1},
        "param_scheduler": {"type": "lidnet_mm.PhaseParamSchedulerHook"},
        "checkpoint": {"type": "CheckpointHook", "by_epoch": False, "interval": 1, **best},
        "own_checkpoints": {"type": "lidnet_mm.OwnCheckpointsHook"},
    }


@pytest.mark.parametrize("has_best", [True, False], ids=["whole copy", "without the best"])
def test_best_checkpoint_of_the_original_stays(make_runner, tmp_path, has_best):
    original, copy = tmp_path / "original", tmp_path / "copy"
    first = make_runner(
        original, {**SCHEDULE, "val_interval": 2}, validate=True, default_hooks=hooks()
    )
    first.train()
    (best,) = original.glob("best_*.pth")
    shutil.copytree(original, copy)
    if not has_best:
        (copy / best.name).unlink()
    second = make_runner(
        copy,
        SCHEDULE,
        validate=True,
        default_hooks=hooks(),
        resume=True,
        load_from=str(copy / "iter_2.pth"),
    )
    second.load_or_resume()
    second.message_hub.update_info("best_score", -1.0)  # the next one is better
    second.train()
    assert best.is_file()
    (found,) = copy.glob("best_*.pth")
    assert found.name == "best_slices_iter_3.pth"
