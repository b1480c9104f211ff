"""A training that is resumed between the iterations of one step equals an uninterrupted one."""

import copy

import pytest
import torch

from lidnet_mm.engine import accumulated_gradients_hook

# T1 x 3 | T2 x 4, T3 x 3; the detector steps after 2 and 3 of its 3, the denoiser after 3 and 4
SCHEDULE = {"pretrain_iters": 3, "denoiser_iters": 4, "detector_iters": 3, "rounds": 1}
HOOKS = {
    "logger": {"type": "LoggerHook", "interval": 1},
    "param_scheduler": {"type": "lidnet_mm.PhaseParamSchedulerHook"},
    "checkpoint": {"type": "CheckpointHook", "by_epoch": False, "interval": 1},
    "accumulated_gradients": {"type": "lidnet_mm.AccumulatedGradientsHook"},
}
WAITING = {1: "detector", 4: "denoiser", 5: "denoiser", 8: "detector"}


@pytest.fixture(scope="module")
def accumulating(optimizers):
    """Two batches for a step of the detector, three for one of the denoiser."""
    wrappers = copy.deepcopy(optimizers)
    wrappers["detector"]["accumulative_counts"] = 2
    wrappers["denoiser"]["accumulative_counts"] = 3
    return {"optim_wrapper": wrappers, "default_hooks": HOOKS}


@pytest.fixture(scope="module")
def whole(make_runner, accumulating, tmp_path_factory):
    """A complete training that kept every iteration."""
    runner = make_runner(tmp_path_factory.mktemp("whole"), SCHEDULE, **accumulating)
    runner.train()
    return runner


def gradients_of(runner, done):
    """What the checkpoint after so many iterations has."""
    checkpoint = torch.load(f"{runner.work_dir}/iter_{done}.pth", weights_only=False)
    return checkpoint.get("accumulated_gradients", {})


@pytest.mark.parametrize("done", range(1, 11))
def test_gradients_are_kept_where_a_step_is_not_finished(whole, done):
    parts = {name.split(".")[0] for name in gradients_of(whole, done)}
    assert parts == ({WAITING[done]} if done in WAITING else set())


@pytest.mark.parametrize("done", sorted(WAITING))
def test_resumed_training_takes_the_same_steps(make_runner, accumulating, whole, tmp_path, done):
    checkpoint = f"{whole.work_dir}/iter_{done}.pth"
    rest = make_runner(tmp_path, SCHEDULE, resume=True, load_from=checkpoint, **accumulating)
    rest.train()
    for expected, found in zip(whole.observer.states[done:], rest.observer.states, strict=True):
        for part in ("denoiser", "detector"):
            for name, value in expected[part].items():
                assert torch.equal(value, found[part][name]), f"{part}.{name}"


def test_without_resuming_nothing_is_put_back(make_runner, accumulating, whole, tmp_path):
    """Weights to begin with bring no gradients."""
    loaded = {"load_from": f"{whole.work_dir}/iter_4.pth"}
    with_gradients = make_runner(tmp_path / "a", SCHEDULE, **loaded, **accumulating)
    with_gradients.train()
    hooks = {key: hook for key, hook in HOOKS.items() if key != "accumulated_gradients"}
    without = make_runner(
        tmp_path / "b", SCHEDULE, **loaded, **{**accumulating, "default_hooks": hooks}
    )
    without.train()
    first, second = (r.observer.states[-1]["denoiser"] for r in (with_gradients, without))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_several_processes_are_told(make_runner, accumulating, tmp_path, monkeypatch):
    monkeypatch.setattr(accumulated_gradients_hook, "get_world_size", lambda: 2)
    runner = make_runner(tmp_path, SCHEDULE, **accumulating)
    runner.train()
    assert gradients_of(runner, 4) == {}
    (log,) = tmp_path.glob("*/*.log")
    assert log.read_text().count("multiple of accumulative_counts") == 1
