"""The order of the slices is a function of seed and position, cut by rank, and needs no memory."""

from collections import Counter
from itertools import islice

import pytest
import torch
from mmengine.registry import DATA_SAMPLERS, init_default_scope

from lidnet_mm.datasets import seeded_infinite_sampler
from lidnet_mm.datasets.seeded_infinite_sampler import SeededInfiniteSampler


@pytest.fixture
def draws(monkeypatch):
    """Function that gives (index, seed) of a rank's first draws, after some that it skips."""

    def first(count, size=7, rank=0, world_size=1, skip=0, **options):
        monkeypatch.setattr(seeded_infinite_sampler, "get_dist_info", lambda: (rank, world_size))
        sampler = SeededInfiniteSampler(range(size), **{"seed": 3} | options)
        sampler.skip(skip)
        return [(int(draw), draw.seed) for draw in islice(sampler, count)]

    return first


def indices(draws):
    return [index for index, _ in draws]


def test_every_epoch_has_each_slice_once_in_an_order_of_its_own(draws):
    found = indices(draws(28))
    epochs = [tuple(found[i : i + 7]) for i in range(0, 28, 7)]
    assert all(sorted(epoch) == list(range(7)) for epoch in epochs)
    assert len(set(epochs)) == 4


def test_orders_are_not_shifted_copies_of_those_of_the_next_seed(draws):
    """Seed + epoch would make them so."""
    first, second = indices(draws(14)), indices(draws(14, seed=4))
    assert first[7:] != second[:7]
    assert first[:7] != second[:7]


def test_all_orders_are_about_equally_frequent(draws):
    """Six orders of three slices in 600 epochs: 100 each, standard deviation 9."""
    found = indices(draws(1800, size=3))
    counts = Counter(tuple(found[i : i + 3]) for i in range(0, 1800, 3))
    assert len(counts) == 6
    assert all(60 < count < 140 for count in counts.values())


def test_every_draw_has_a_seed_of_its_own(draws):
    seeds = [seed for _, seed in draws(1000)]
    assert len(set(seeds)) == 1000
    assert not set(seeds) & {seed for _, seed in draws(1000, seed=4)}


def test_without_shuffling_the_order_is_the_data_sets(draws):
    assert indices(draws(10, shuffle=False)) == [0, 1, 2, 3, 4, 5, 6, 0, 1, 2]


@pytest.mark.parametrize("world_size", [2, 3, 8])
def test_ranks_together_draw_what_one_process_draws(draws, world_size):
    """Also where the data set does not divide by the ranks, or is smaller than their number."""
    whole = draws(10 * world_size)
    for rank in range(world_size):
        assert draws(10, rank=rank, world_size=world_size) == whole[rank::world_size]


@pytest.mark.parametrize("skip", [0, 1, 6, 7, 8, 100])
@pytest.mark.parametrize(("rank", "world_size"), [(0, 1), (1, 2)])
def test_skipping_leaves_out_the_first_draws(draws, skip, rank, world_size):
    whole = draws(skip + 9, rank=rank, world_size=world_size)
    assert draws(9, rank=rank, world_size=world_size, skip=skip) == whole[skip:]


def test_skipping_costs_one_permutation_however_far(draws, monkeypatch):
    made, randperm = [], torch.randperm
    monkeypatch.setattr(torch, "randperm", lambda *a, **k: made.append(a) or randperm(*a, **k))
    draws(1, skip=10**15)
    assert len(made) == 1


def test_skip_is_absolute():
    sampler = SeededInfiniteSampler(range(7), seed=3)
    sampler.skip(5)
    sampler.skip(2)
    twice = list(islice(sampler, 4))
    assert twice == list(islice(SeededInfiniteSampler(range(7), seed=3), 6))[2:]


def test_negative_skip_is_refused():
    with pytest.raises(ValueError, match="cannot skip -1 draws"):
        SeededInfiniteSampler(range(7), seed=3).skip(-1)


def test_empty_data_set_is_refused():
    with pytest.raises(ValueError, match=r"no slice: look into its ann_file"):
        SeededInfiniteSampler([], seed=3)


@pytest.mark.parametrize("skip", [0, 9])
def test_each_draw_knows_the_earlier_visits_of_its_slice(skip):
    sampler = SeededInfiniteSampler(range(7), seed=3)
    earlier = list(islice(SeededInfiniteSampler(range(7), seed=3), skip))
    sampler.skip(skip)
    for draw in islice(sampler, 30):
        assert draw.visit == earlier.count(int(draw))
        earlier.append(int(draw))


def test_global_random_numbers_are_not_touched():
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    list(islice(SeededInfiniteSampler(range(7), seed=3), 20))
    assert torch.equal(torch.rand(3), expected)


def test_built_as_the_runner_does_in_the_scope_of_mmdet():
    init_default_scope("mmdet")
    config = {"type": "lidnet_mm.SeededInfiniteSampler", "shuffle": True}
    sampler = DATA_SAMPLERS.build(config, default_args={"dataset": range(7), "seed": 3})
    assert isinstance(sampler, SeededInfiniteSampler)
    assert len(sampler) == 7
