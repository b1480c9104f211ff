"""A T1 that was trained once for several trainings is as good as one of their own."""

import pytest
import torch

SCHEDULE = {"pretrain_iters": 3, "denoiser_iters": 2, "detector_iters": 2, "rounds": 2}
DECAY = {"type": "LinearLR", "by_epoch": False, "begin": 0, "end": 5, "start_factor": 0.1}
MOMENTUM = {
    "constructor": "lidnet_mm.PartsOptimWrapperConstructor",
    "denoiser": {"optimizer": {"type": "Adam", "lr": 1e-3}},
    "detector": {"optimizer": {"type": "SGD", "lr": 1e-2, "momentum": 0.9}},
}
SETTINGS = {
    "param_scheduler": {"denoiser": [DECAY], "detector": [DECAY]},
    "optim_wrapper": MOMENTUM,
    "default_hooks": {
        "logger": {"type": "LoggerHook", "interval": 1},
        "param_scheduler": {"type": "lidnet_mm.PhaseParamSchedulerHook"},
        "checkpoint": {"type": "CheckpointHook", "by_epoch": False, "interval": 1},
    },
}


def taking(runner, checkpoint):
    """The runner, made to begin after a T1."""
    runner.register_custom_hooks(
        [{"type": "lidnet_mm.SharedPretrainingHook", "checkpoint": str(checkpoint)}]
    )
    return runner


@pytest.fixture(scope="module")
def pretrained(make_runner, tmp_path_factory):
    """Folder of a T1 alone."""
    folder = tmp_path_factory.mktemp("t1")
    make_runner(folder, {**SCHEDULE, "rounds": 0}, **SETTINGS).train()
    return folder


def test_equals_the_training_with_a_t1_of_its_own(make_runner, pretrained, tmp_path):
    whole = make_runner(tmp_path / "whole", SCHEDULE, **SETTINGS)
    whole.train()
    rest = make_runner(tmp_path / "rest", SCHEDULE, **SETTINGS)
    taking(rest, pretrained / "iter_3.pth")
    rest.train()
    expected, found = whole.observer, rest.observer
    assert len(found.batches) == len(expected.batches) - 3
    assert found.batches == expected.batches[3:]
    assert found.rates == expected.rates[3:]
    for before, after in zip(expected.states[4:], found.states[1:], strict=True):
        for part in ("denoiser", "detector"):
            for name, value in before[part].items():
                assert torch.equal(value, after[part][name]), f"{part}.{name}"


def test_another_denoiser_keeps_its_own_weights(make_runner, pretrained, tmp_path, small_lidnet):
    generator = {"type": "lidnet_mm.WGANVGG", "channels": 4}
    model = {**small_lidnet, "denoiser": {**small_lidnet.denoiser, "generator": generator}}
    plain = make_runner(tmp_path / "a", SCHEDULE, model=model, **SETTINGS)
    runner = make_runner(tmp_path / "b", SCHEDULE, model=model, **SETTINGS)
    taking(runner, pretrained / "iter_3.pth")
    plain.train()
    runner.train()
    own, taken = plain.observer.states[0]["denoiser"], runner.observer.states[0]["denoiser"]
    assert all(torch.equal(own[name], taken[name]) for name in own)
    stored = torch.load(pretrained / "iter_3.pth", weights_only=False)["state_dict"]
    first = runner.observer.states[0]["detector"]
    assert all(torch.equal(stored[f"detector.{name}"], first[name]) for name in first)


def test_a_resumed_training_takes_nothing(make_runner, pretrained, tmp_path):
    first = make_runner(tmp_path / "a", SCHEDULE, **SETTINGS)
    taking(first, pretrained / "iter_3.pth").train()
    checkpoint = str(tmp_path / "a" / "iter_5.pth")
    resumed = make_runner(tmp_path / "b", SCHEDULE, resume=True, load_from=checkpoint, **SETTINGS)
    taking(resumed, tmp_path / "gone.pth")
    resumed.train()
    assert len(resumed.observer.batches) == 6


@pytest.mark.parametrize(
    ("file", "changes", "problem"),
    [
        ("iter_2.pth", {}, r"iteration 2, but pretrain_iters \(T1\) is 3"),
        ("iter_3.pth", {"randomness": {"seed": 99}}, "seed .*99.*one seed"),
        ("gone.pth", {}, "no pre-training .*rounds=0"),
    ],
)
def test_what_is_not_this_t1_is_refused(make_runner, pretrained, tmp_path, file, changes, problem):
    runner = make_runner(tmp_path, SCHEDULE, **{**SETTINGS, **changes})
    taking(runner, pretrained / file)
    with pytest.raises((ValueError, FileNotFoundError), match=problem):
        runner.train()
