"""Learning rates of a training that is resumed with another schedule, against closed forms."""

import math

import pytest

# T1 T1 | T2 T2 T2 T3, and as many rounds as a test wants
ROUND = {"pretrain_iters": 2, "denoiser_iters": 3, "detector_iters": 1}
ONE, THREE = ROUND | {"rounds": 1}, ROUND | {"rounds": 3}
DENOISER_STEPS_BEFORE = [0, 0, 0, 1, 2, 3, 3, 4, 5, 6, 6, 7, 8, 9]
DETECTOR_STEPS_BEFORE = [0, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4]
HOOKS = {
    "logger": {"type": "LoggerHook", "interval": 1},
    "param_scheduler": {"type": "lidnet_mm.PhaseParamSchedulerHook"},
    "checkpoint": {"type": "CheckpointHook", "by_epoch": False, "interval": 1},
}


def cosine_of(steps):
    """Config of a cosine from 1e-3 to 0 in so many steps."""
    return {"type": "CosineAnnealingLR", "by_epoch": False, "T_max": steps, "end": steps}


def steps_at(*milestones):
    """Config of a rate that falls to a tenth at each milestone."""
    config = {"type": "MultiStepLR", "by_epoch": False, "milestones": milestones}
    return {**config, "gamma": 0.1, "end": 100}


def cosine(step, steps):
    return 1e-3 * (1 + math.cos(math.pi * min(step, steps - 1) / steps)) / 2


@pytest.fixture
def rates_of(make_runner, tmp_path):
    """Function that trains and gives the rates of a part in each iteration."""

    def train(folder, schedule, denoiser, detector, **changes):
        schedulers = {"denoiser": denoiser, "detector": detector}
        settings = {"default_hooks": HOOKS, "param_scheduler": schedulers} | changes
        runner = make_runner(tmp_path / folder, schedule, **settings)
        runner.train()
        found = runner.observer.rates
        return {part: [rates[part] for rates in found] for part in schedulers}

    return train


@pytest.fixture
def prolong(rates_of, tmp_path):
    """Function that trains one round, then goes on for three with other schedulers."""

    def prolong(first, then, done=6, **changes):
        rates_of("first", ONE, **first)
        checkpoint = str(tmp_path / "first" / f"iter_{done}.pth")
        return rates_of("rest", THREE, **then, resume=True, load_from=checkpoint, **changes)

    return prolong


@pytest.mark.parametrize("done", [4, 6])
def test_longer_cosine_counts_from_the_first_step(prolong, done):
    first = {"denoiser": [cosine_of(3)], "detector": [steps_at(1)]}
    then = {"denoiser": [cosine_of(9)], "detector": [steps_at(1)]}
    rates = prolong(first, then, done)
    expected = [cosine(step, 9) for step in DENOISER_STEPS_BEFORE[done:]]
    assert rates["denoiser"] == pytest.approx(expected, rel=1e-9)
    assert len(set(rates["denoiser"])) > 5  # nothing is frozen


def test_default_end_is_that_of_the_longer_training(prolong):
    """Without ``end`` it is the number of iterations, 6 and then 14."""
    linear = {"type": "LinearLR", "by_epoch": False, "start_factor": 0.1}
    both = {"denoiser": [linear], "detector": [linear]}
    rates = prolong(both, both)
    for part, steps in (("denoiser", DENOISER_STEPS_BEFORE), ("detector", DETECTOR_STEPS_BEFORE)):
        expected = [1e-3 * (0.1 + 0.9 * step / 13) for step in steps[6:]]
        assert rates[part] == pytest.approx(expected, rel=1e-9)


def test_milestones_are_the_configs(prolong):
    """The first training had passed one at step 1 that the second does not have."""
    first = {"denoiser": [cosine_of(9)], "detector": [steps_at(1)]}
    then = {"denoiser": [cosine_of(9)], "detector": [steps_at(4)]}
    rates = prolong(first, then)
    expected = [1e-3 if step < 4 else 1e-4 for step in DETECTOR_STEPS_BEFORE[6:]]
    assert rates["detector"] == pytest.approx(expected, rel=1e-9)


def test_warm_up_and_cosine_are_repeated_together(prolong, rates_of):
    """Also where the first training had other schedulers, and another number of them."""
    warm_up = {"type": "LinearLR", "by_epoch": False, "start_factor": 0.1, "end": 3}
    cosine = {**cosine_of(6), "begin": 3, "end": 9}
    then = {"denoiser": [warm_up, cosine], "detector": [steps_at(1)]}
    first = {"denoiser": [steps_at(2)], "detector": [steps_at(1)]}
    whole = rates_of("whole", THREE, **then)
    rates = prolong(first, then)
    assert rates["denoiser"] == whole["denoiser"][6:]
    assert whole["denoiser"][2:6] == pytest.approx([1e-4, 5.5e-4, 1e-3, 1e-3])


def test_untouched_settings_leave_the_rates_bit_by_bit(prolong, rates_of, tmp_path):
    both = {"denoiser": [cosine_of(9)], "detector": [steps_at(1, 3)]}
    assert prolong(both, both) == {
        part: rates[6:] for part, rates in rates_of("whole", THREE, **both).items()
    }
    (log,) = (tmp_path / "rest").glob("*/*.log")
    assert "are those of the config" not in log.read_text()


def test_change_is_said(prolong, tmp_path):
    first = {"denoiser": [cosine_of(3)], "detector": [steps_at(1)]}
    prolong(first, {**first, "denoiser": [cosine_of(6)]})
    (log,) = (tmp_path / "rest").glob("*/*.log")
    said = "schedulers of the denoiser are those of the config, not of the checkpoint: after 3"
    assert f"{said} steps lr = 0.0005" in log.read_text()
    assert "schedulers of the detector are" not in log.read_text()


def test_initial_rate_is_that_of_the_checkpoint(prolong, optimizers):
    """As all that belongs to the optimizer."""
    first = {"denoiser": [cosine_of(3)], "detector": [steps_at(1)]}
    halved = {**optimizers, "denoiser": {"optimizer": {"type": "SGD", "lr": 5e-4}}}
    halved["denoiser"]["optimizer"]["momentum"] = 0.9
    rates = prolong(first, {**first, "denoiser": [cosine_of(9)]}, optim_wrapper=halved)
    expected = [cosine(step, 9) for step in DENOISER_STEPS_BEFORE[6:]]
    assert rates["denoiser"] == pytest.approx(expected, rel=1e-9)


def test_what_cannot_be_repeated_goes_on_with_a_warning(prolong, tmp_path):
    """A checkpoint without schedulers does not say how many steps there were."""
    first = {"denoiser": [], "detector": [steps_at(1)]}
    rates = prolong(first, {**first, "denoiser": [steps_at(2)]})
    assert rates["denoiser"] == pytest.approx([1e-3] * 2 + [1e-4] * 6)
    (log,) = (tmp_path / "rest").glob("*/*.log")
    assert "schedulers of the denoiser are not those of the checkpoint" in log.read_text()
