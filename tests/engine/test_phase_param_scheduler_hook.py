"""Learning rates of the halves against closed forms in their own steps."""

import math

import pytest

PARTS = ("denoiser", "detector")
# T1 T1 | T2 T2 T2 T3 | T2 T2 T2 T3
SCHEDULE = {"pretrain_iters": 2, "denoiser_iters": 3, "detector_iters": 1, "rounds": 2}
DENOISER_STEPS_BEFORE = [0, 0, 0, 1, 2, 3, 3, 4, 5, 6]
DETECTOR_STEPS_BEFORE = [0, 1, 2, 2, 2, 2, 3, 3, 3, 3]
SCHEDULERS = {
    "denoiser": [
        {
            "type": "CosineAnnealingLR",
            "by_epoch": False,
            "begin": 0,
            "end": 7,
            "T_max": 6,
            "eta_min": 1e-4,
        }
    ],
    "detector": [
        {"type": "MultiStepLR", "by_epoch": False, "milestones": [1, 3], "gamma": 0.1},
    ],
}


def cosine(step):
    """From 1e-3 to 1e-4 over 6 steps of the denoiser."""
    return 1e-4 + (1e-3 - 1e-4) * (1 + math.cos(math.pi * step / 6)) / 2


def multi_step(step):
    """1e-3, a tenth from step 1 of the detector, a hundredth from step 3."""
    return 1e-3 * 0.1 ** sum(step >= milestone for milestone in (1, 3))


def rates(runner, part):
    return [rate[part] for rate in runner.observer.rates]


@pytest.fixture(scope="module")
def trained(make_runner, tmp_path_factory):
    runner = make_runner(tmp_path_factory.mktemp("run"), SCHEDULE, param_scheduler=SCHEDULERS)
    runner.train()
    return runner


def test_denoiser_follows_its_cosine(trained):
    expected = [cosine(step) for step in DENOISER_STEPS_BEFORE]
    assert rates(trained, "denoiser") == pytest.approx(expected, rel=1e-9)


def test_detector_follows_its_milestones(trained):
    expected = [multi_step(step) for step in DETECTOR_STEPS_BEFORE]
    assert rates(trained, "detector") == pytest.approx(expected, rel=1e-9)


def test_both_count_in_joint_rounds(make_runner, tmp_path):
    schedule = {"pretrain_iters": 1, "denoiser_iters": 2, "detector_iters": 1, "rounds": 1}
    runner = make_runner(tmp_path, schedule | {"joint": True}, param_scheduler=SCHEDULERS)
    runner.train()
    assert rates(runner, "denoiser") == pytest.approx([cosine(s) for s in (0, 0, 1, 2)])
    assert rates(runner, "detector") == pytest.approx([multi_step(s) for s in (0, 1, 2, 3)])


@pytest.mark.parametrize(("named", "missing"), [PARTS, PARTS[::-1]])
def test_schedulers_of_one_half_are_refused(make_runner, tmp_path, named, missing):
    runner = make_runner(tmp_path, SCHEDULE, param_scheduler={named: SCHEDULERS[named]})
    with pytest.raises(ValueError, match=rf"no schedulers of the {missing}: add {missing}=\["):
        runner.train()
    assert not runner.observer.states


def test_constant_rate_that_the_message_proposes(make_runner, tmp_path):
    constant = {"type": "ConstantLR", "factor": 1, "by_epoch": False}
    schedulers = {"denoiser": SCHEDULERS["denoiser"], "detector": [constant]}
    runner = make_runner(tmp_path, SCHEDULE, param_scheduler=schedulers)
    runner.train()
    assert rates(runner, "detector") == pytest.approx([1e-3] * 10)


@pytest.mark.parametrize("part", PARTS)
def test_epochs_are_refused(make_runner, tmp_path, part):
    by_epoch = {"type": "MultiStepLR", "by_epoch": True, "milestones": [1], "gamma": 0.1}
    schedulers = {**SCHEDULERS, part: [*SCHEDULERS[part], by_epoch]}
    runner = make_runner(tmp_path, SCHEDULE, param_scheduler=schedulers)
    with pytest.raises(ValueError, match=rf"MultiStepLR of the {part} counts epochs.*by_epoch=Fal"):
        runner.train()
    assert not runner.observer.states


def test_plain_loop_steps_every_iteration(make_runner, small_lidnet, tmp_path):
    runner = make_runner(
        tmp_path,
        {},
        model=small_lidnet["denoiser"],
        train_cfg={"type": "IterBasedTrainLoop", "max_iters": 3},
        optim_wrapper={"type": "OptimWrapper", "optimizer": {"type": "SGD", "lr": 1e-3}},
        param_scheduler=SCHEDULERS["denoiser"],
        custom_hooks=[],
    )
    runner.train()
    assert runner.optim_wrapper.get_lr()["lr"] == pytest.approx([cosine(3)])
