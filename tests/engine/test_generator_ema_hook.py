"""The moving average of the generator: when it moves, where it is used, and what is resumed."""

import copy

import pytest
import torch
from mmengine.evaluator import BaseMetric

from lidnet_mm.engine import GeneratorEMAHook

# T1 | T2 T2 T2 T3 | T2 T2 T2 T3
SCHEDULE = {"pretrain_iters": 1, "denoiser_iters": 3, "detector_iters": 1, "rounds": 2}
STEPS = [1, 2, 3, 5, 6, 7]
"""Iterations, from 0, that update the generator."""

DECAY = 0.3
EMA = {"type": "lidnet_mm.GeneratorEMAHook", "decay": DECAY, "priority": "NORMAL"}
HOOKS = {
    "logger": {"type": "LoggerHook", "interval": 1},
    "param_scheduler": {"type": "lidnet_mm.PhaseParamSchedulerHook"},
    "checkpoint": {"type": "CheckpointHook", "by_epoch": False, "interval": 1},
    "ema": EMA,
}
PREFIX = "denoiser.generator."


class ShownWeights(BaseMetric):
    """Keeps the generator's weights of each validation."""

    def __init__(self):
        super().__init__()
        self.model, self.shown = None, []

    def process(self, data_batch, data_samples):
        self.results.append(None)

    def compute_metrics(self, results):
        self.shown.append(weights(self.model.denoiser.generator.state_dict()))
        return {}


def weights(state, prefix=""):
    """A copy of the weights whose names begin with the prefix."""
    return {
        name.removeprefix(prefix): value.clone()
        for name, value in state.items()
        if name.startswith(prefix)
    }


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[n], other[n]) for n in one)


def averages(states, steps=STEPS):
    """The average after each iteration, from its definition."""
    average = {n: v.double() for n, v in states[0]["denoiser"].items()}
    out, count = [], 0
    for iteration, state in enumerate(states[1:]):
        if iteration in steps:
            decay = min(DECAY, (1 + count) / (10 + count))
            average = {
                n: decay * v + (1 - decay) * state["denoiser"][n] for n, v in average.items()
            }
            count += 1
        out.append(average)
    return out


@pytest.fixture(scope="module")
def trained(make_runner, tmp_path_factory):
    """A training that saved each iteration and validated after each round."""
    metric = ShownWeights()
    runner = make_runner(
        tmp_path_factory.mktemp("ema"),
        SCHEDULE,
        validate=True,
        default_hooks=HOOKS,
        val_evaluator=[metric],
    )
    metric.model = runner.model
    runner.train()
    runner.shown = metric.shown
    return runner


def checkpoint(runner, iteration):
    return torch.load(f"{runner.work_dir}/iter_{iteration}.pth", weights_only=False)


def test_it_moves_with_the_generators_steps_alone(trained):
    expected = averages(trained.observer.states)
    for done in range(1, 10):
        saved = weights(checkpoint(trained, done)["state_dict"], PREFIX)
        for name, value in expected[done - 1].items():
            torch.testing.assert_close(saved[name].double(), value, atol=1e-6, rtol=1e-5)


def test_checkpoints_keep_the_weights_being_trained(trained):
    for done, state in enumerate(trained.observer.states[1:], start=1):
        saved = checkpoint(trained, done)
        assert same(saved["generator_ema"]["trained"], state["denoiser"])
        assert same(weights(saved["state_dict"], "detector."), state["detector"])
    assert not same(saved["generator_ema"]["trained"], weights(saved["state_dict"], PREFIX))


def test_validations_see_the_average(trained):
    for done, shown in zip((1, 5, 9), trained.shown, strict=True):
        assert same(shown, weights(checkpoint(trained, done)["state_dict"], PREFIX))


def test_training_does_not_notice(make_runner, trained, tmp_path):
    hooks = {name: hook for name, hook in HOOKS.items() if name != "ema"} | {"checkpoint": None}
    plain = make_runner(tmp_path, SCHEDULE, default_hooks=hooks)
    plain.train()
    for one, other in zip(plain.observer.states, trained.observer.states, strict=True):
        assert same(one["denoiser"], other["denoiser"])
        assert same(one["detector"], other["detector"])


@pytest.mark.parametrize("done", [1, 3, 4, 6])
def test_resumed_where_it_was(make_runner, trained, tmp_path, done):
    path = f"{trained.work_dir}/iter_{done}.pth"
    resumed = make_runner(tmp_path, SCHEDULE, default_hooks=HOOKS, resume=True, load_from=path)
    resumed.train()
    for one, other in zip(resumed.observer.states, trained.observer.states[done:], strict=True):
        assert same(one["denoiser"], other["denoiser"])
    last, expected = checkpoint(resumed, 9), checkpoint(trained, 9)
    assert same(last["state_dict"], expected["state_dict"])
    assert last["generator_ema"]["updates"] == expected["generator_ema"]["updates"] == 6


def test_accumulated_gradients_are_no_step(make_runner, optimizers, tmp_path):
    wrappers = copy.deepcopy(optimizers)
    wrappers["denoiser"]["accumulative_counts"] = 2
    runner = make_runner(
        tmp_path,
        SCHEDULE,
        default_hooks={**HOOKS, "checkpoint": None},
        optim_wrapper=wrappers,
    )
    runner.train()
    (hook,) = (hook for hook in runner.hooks if isinstance(hook, GeneratorEMAHook))
    expected = averages(runner.observer.states, steps=[2, 3, 6, 7])[-1]
    for name, value in expected.items():
        torch.testing.assert_close(hook.average[name].double(), value, atol=1e-6, rtol=1e-5)


def test_a_step_left_out_for_an_overflow_is_none(make_runner, optimizers, tmp_path):
    wrappers = copy.deepcopy(optimizers)
    wrappers["denoiser"].update(
        type="lidnet_mm.MixedPrecisionOptimWrapper", dtype="fp16", init_scale=2.0**120
    )
    runner = make_runner(
        tmp_path,
        SCHEDULE,
        default_hooks={**HOOKS, "checkpoint": None},
        optim_wrapper=wrappers,
    )
    runner.train()
    (hook,) = (hook for hook in runner.hooks if isinstance(hook, GeneratorEMAHook))
    assert hook.updates == 0


def test_a_denoiser_alone_has_an_average_too(make_runner, small_lidnet, tmp_path):
    runner = make_runner(
        tmp_path,
        {},
        model=copy.deepcopy(small_lidnet.denoiser),
        train_cfg={"type": "IterBasedTrainLoop", "max_iters": 3},
        optim_wrapper={"optimizer": {"type": "SGD", "lr": 1e-3}},
        default_hooks={**HOOKS, "param_scheduler": None},
    )
    runner.train()
    saved = checkpoint(runner, 3)
    assert saved["generator_ema"]["updates"] == 3
    average = weights(saved["state_dict"], "generator.")
    assert not same(average, saved["generator_ema"]["trained"])


def test_a_model_without_a_generator_is_refused(make_runner, small_detector, tmp_path):
    runner = make_runner(
        tmp_path,
        {},
        model=small_detector,
        train_cfg={"type": "IterBasedTrainLoop", "max_iters": 1},
        optim_wrapper={"optimizer": {"type": "SGD", "lr": 1e-3}},
        custom_hooks=[EMA],
    )
    with pytest.raises(TypeError, match="a FasterRCNN has none: take the hook out"):
        runner.train()


@pytest.mark.parametrize("decay", [-0.1, 1])
def test_a_decay_is_a_fraction(decay):
    with pytest.raises(ValueError, match="decay must be in"):
        GeneratorEMAHook(decay)
