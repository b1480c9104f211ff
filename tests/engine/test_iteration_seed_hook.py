"""Random numbers of an iteration are a function of seed, iteration and rank, of nothing else."""

import random

import numpy as np
import pytest
import torch
from mmengine.hooks import Hook

from lidnet_mm.engine import iteration_seed_hook

# T1 T1 | T2 T2 T3
SCHEDULE = {"pretrain_iters": 2, "denoiser_iters": 2, "detector_iters": 1, "rounds": 1}
HOOKS = {
    "logger": {"type": "LoggerHook", "interval": 1},
    "param_scheduler": {"type": "lidnet_mm.PhaseParamSchedulerHook"},
    "checkpoint": {"type": "CheckpointHook", "by_epoch": False, "interval": 1},
    "iteration_seed": {"type": "lidnet_mm.IterationSeedHook"},
}


class Draws(Hook):
    """A number of each library in each iteration, and some more afterwards."""

    def __init__(self, more: int = 0) -> None:
        self.more, self.drawn = more, []

    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        self.drawn.append((random.random(), float(np.random.rand()), float(torch.rand(()))))

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        for _ in range(self.more):
            random.random(), np.random.rand(), torch.rand(())


@pytest.fixture
def draws_of(make_runner, tmp_path):
    """Function that trains and gives what each iteration drew."""

    def train(more=0, folder="run", **changes):
        hook = Draws(more)
        settings = {"default_hooks": HOOKS, "custom_hooks": [hook]} | changes
        runner = make_runner(tmp_path / folder, SCHEDULE, **settings)
        runner.train()
        return hook.drawn, runner

    return train


@pytest.fixture
def whole(draws_of):
    """What an uninterrupted training draws."""
    drawn, _ = draws_of(folder="whole")
    assert len(drawn) == 5
    return drawn


def test_every_iteration_draws_its_own(whole):
    for library in zip(*whole, strict=True):
        assert len(set(library)) == 5


def test_what_was_drawn_in_between_does_not_matter(draws_of, whole):
    assert draws_of(more=3)[0] == whole


def test_validation_in_between_does_not_matter(draws_of, whole):
    assert draws_of(validate=True)[0] == whole


@pytest.mark.parametrize("done", [1, 3])
def test_resumed_training_draws_the_rest(draws_of, whole, tmp_path, done):
    checkpoint = str(tmp_path / "whole" / f"iter_{done}.pth")
    assert draws_of(resume=True, load_from=checkpoint)[0] == whole[done:]


def test_drawn_seed_is_taken_from_the_checkpoint(draws_of, tmp_path):
    whole, first = draws_of(folder="drawn", randomness={"seed": None})
    checkpoint = str(tmp_path / "drawn" / "iter_2.pth")
    rest, second = draws_of(resume=True, load_from=checkpoint, randomness={"seed": None})
    assert second.seed == first.seed
    assert rest == whole[2:]


def test_another_seed_or_rank_draws_something_else(draws_of, whole, monkeypatch):
    other_seed, _ = draws_of(randomness={"seed": 1})
    monkeypatch.setattr(iteration_seed_hook, "get_rank", lambda: 1)
    other_rank, _ = draws_of(folder="rank")
    assert not set(whole) & set(other_seed)
    assert not set(whole) & set(other_rank)


def test_plain_loop_is_seeded_alike(draws_of, whole, small_lidnet):
    drawn, _ = draws_of(
        model=small_lidnet["denoiser"],
        train_cfg={"type": "IterBasedTrainLoop", "max_iters": 5},
        optim_wrapper={"type": "OptimWrapper", "optimizer": {"type": "SGD", "lr": 1e-3}},
    )
    assert drawn == whole


class TestDataOrder:
    """The seed of a sampler that was built before the checkpoint was read."""

    @pytest.fixture
    def train(self, make_runner, slices_in_memory, tmp_path):
        """Function that trains with the sampler."""

        def train(folder, batch_size=2, seed=None, **changes):
            sampler = {"type": "lidnet_mm.SeededInfiniteSampler"}
            loader = {
                "batch_size": batch_size,
                "num_workers": 0,
                "sampler": sampler if seed is None else {**sampler, "seed": seed},
                "dataset": slices_in_memory(),
            }
            settings = {"default_hooks": HOOKS, "train_dataloader": loader} | changes
            runner = make_runner(tmp_path / folder, SCHEDULE, **settings)
            runner.train()
            return runner.observer.batches

        return train

    @pytest.fixture
    def resume(self, tmp_path):
        """Settings that go on after two iterations of the run ``whole``."""
        return {"resume": True, "load_from": str(tmp_path / "whole" / "iter_2.pth")}

    def test_drawn_seed_goes_on(self, train, resume):
        drawn = {"randomness": {"seed": None}}
        whole = train("whole", **drawn)
        assert train("another", **drawn) != whole
        assert train("rest", **drawn, **resume) == whole[2:]

    def test_configured_seed_of_the_checkpoint_goes_on(self, train, resume):
        whole = train("whole", seed=5)
        assert train("rest", seed=6, **resume) == whole[2:]

    def test_weights_alone_do_not_bring_their_order(self, train, resume):
        train("whole", seed=5)
        assert train("tuned", seed=6, load_from=resume["load_from"]) == train("fresh", seed=6)

    def test_other_batch_size_is_said(self, train, resume, tmp_path):
        train("whole")
        batches = train("rest", batch_size=3, **resume)
        assert [len(batch) for batch in batches] == [3, 3, 3]
        (log,) = (tmp_path / "rest").glob("*/*.log")
        said = "takes 3 slices, in the training that is resumed it took 2"
        assert said in log.read_text()
