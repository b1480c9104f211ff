"""PhaseSchedule against Algorithm 1 written out as the nested loops of the paper."""

import random
from collections import Counter

import pytest

from lidnet_mm.engine.phase_schedule import PhasePosition, PhaseSchedule
from lidnet_mm.models.phase import Phase

T1, T2, T3 = Phase.DETECTOR_ON_NDCT, Phase.DENOISER, Phase.DETECTOR_ON_DENOISED
SETTINGS = {
    "paper, scaled": (4, 4, 2, 3, False),
    "no pre-training": (0, 3, 2, 2, False),
    "denoiser only in rounds": (2, 3, 0, 2, False),
    "detector only in rounds": (2, 0, 3, 2, False),
    "pre-training alone": (5, 3, 2, 0, False),
    "rounds of no length": (5, 0, 0, 3, False),
    "one step each": (1, 1, 1, 1, False),
    "joint": (3, 2, 4, 2, True),
    "joint without pre-training": (0, 2, 1, 3, True),
}


def algorithm_1(pretrain, denoiser, detector, rounds, joint):
    """All positions, in order, by walking through the algorithm."""
    positions = [
        PhasePosition((T1,), 0, step, pretrain, step == pretrain - 1) for step in range(pretrain)
    ]
    for round_ in range(1, rounds + 1):
        if joint:
            turns = [((T2, T3), denoiser + detector)]
        else:
            turns = [((T2,), denoiser), ((T3,), detector)]
        of_round = [(phases, step, length) for phases, length in turns for step in range(length)]
        for number, (phases, step, length) in enumerate(of_round, start=1):
            positions.append(PhasePosition(phases, round_, step, length, number == len(of_round)))
    return positions


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS.keys())
class TestAgainstNestedLoops:
    def test_every_iteration(self, settings):
        schedule, expected = PhaseSchedule(*settings), algorithm_1(*settings)
        assert schedule.max_iters == len(expected)
        assert [schedule.at(i) for i in range(len(expected))] == expected

    def test_order_of_calls_does_not_matter(self, settings):
        schedule, expected = PhaseSchedule(*settings), algorithm_1(*settings)
        iterations = list(range(len(expected))) * 2
        random.Random(0).shuffle(iterations)
        for iteration in iterations:
            assert schedule.at(iteration) == expected[iteration]
            assert PhaseSchedule(*settings).at(iteration) == expected[iteration]

    def test_steps_of_each_half(self, settings):
        schedule, expected = PhaseSchedule(*settings), algorithm_1(*settings)
        for part in ("denoiser", "detector"):
            updates = sum(phase.part == part for p in expected for phase in p.phases)
            assert schedule.steps_of(part) == updates

    def test_remaining(self, settings):
        schedule, expected = PhaseSchedule(*settings), algorithm_1(*settings)
        for iteration in range(len(expected) + 1):
            counted = Counter(position.phases for position in expected[iteration:])
            assert schedule.remaining(iteration) == dict(counted)


@pytest.mark.parametrize("iteration", [-1, 20, 1000])
def test_outside_of_the_schedule(iteration):
    schedule = PhaseSchedule(2, 4, 2, 3)  # 20 iterations
    with pytest.raises(IndexError, match=f"iteration {iteration} outside of 0..19"):
        schedule.at(iteration)


@pytest.mark.parametrize("name", ["pretrain_iters", "denoiser_iters", "detector_iters", "rounds"])
def test_negative_count(name):
    with pytest.raises(ValueError, match=f"{name} must not be negative, got -1"):
        PhaseSchedule(**{name: -1})


@pytest.mark.parametrize("settings", [(0, 5, 5, 0), (0, 0, 0, 3)])
def test_nothing_to_train(settings):
    with pytest.raises(ValueError, match="no iteration"):
        PhaseSchedule(*settings)


def test_defaults_are_those_of_the_paper():
    schedule = PhaseSchedule()
    assert schedule.max_iters == 4000 + 3 * (4000 + 2000)
    first = {position.phases[0]: position for position in map(schedule.at, (0, 4000, 8000))}
    assert [(first[p].round, first[p].length) for p in (T1, T2, T3)] == [
        (0, 4000),
        (1, 4000),
        (1, 2000),
    ]
