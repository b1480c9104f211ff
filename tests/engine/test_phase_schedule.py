"""PhaseSchedule against Algorithm 1 written out as the nested loops of the paper."""

import itertools
import random
from collections import Counter

import pytest

from lidnet_mm.engine.phase_schedule import PhasePosition, PhaseSchedule
from lidnet_mm.models.phase import Phase

T1, T2, T3 = Phase.DETECTOR_ON_NDCT, Phase.DENOISER, Phase.DETECTOR_ON_DENOISED
TC = Phase.CRITIC
SETTINGS = {
    "paper, scaled": (4, 4, 2, 3, False, 0),
    "no pre-training": (0, 3, 2, 2, False, 0),
    "denoiser only in rounds": (2, 3, 0, 2, False, 0),
    "detector only in rounds": (2, 0, 3, 2, False, 0),
    "pre-training alone": (5, 3, 2, 0, False, 0),
    "rounds of no length": (5, 0, 0, 3, False, 0),
    "one step each": (1, 1, 1, 1, False, 0),
    "joint": (3, 2, 4, 2, True, 0),
    "joint without pre-training": (0, 2, 1, 3, True, 0),
    "critic, 4 steps": (3, 10, 2, 2, False, 4),
    "critic, 1 step": (0, 4, 3, 2, False, 1),
    "critic without a detector": (0, 9, 0, 1, False, 2),
    "critic, detector only in rounds": (2, 0, 3, 2, False, 2),
    "critic, joint": (2, 2, 4, 2, True, 2),
}


def algorithm_1(pretrain, denoiser, detector, rounds, joint, critic):
    """All positions, in order, by walking through the algorithm."""
    positions = [
        PhasePosition((T1,), 0, step, pretrain, step == pretrain - 1) for step in range(pretrain)
    ]
    for round_ in range(1, rounds + 1):
        of_round = []
        length = denoiser + detector if joint else denoiser
        while len(of_round) < length:
            for turn in [TC] * critic + [T2]:
                phases = (turn, T3) if joint else (turn,)
                of_round.append((phases, len(of_round), length))
        if not joint:
            of_round += [((T3,), step, detector) for step in range(detector)]
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

    def test_updates_of_each_part(self, settings):
        """Counted from the start of the phase, as accumulated gradients are."""
        schedule, expected = PhaseSchedule(*settings), algorithm_1(*settings)
        for phase in Phase:
            for stage, positions in itertools.groupby(
                expected, lambda p: (p.round, p.phases[-1] is T3 and len(p.phases) == 1)
            ):
                of_phase = [p for p in positions if phase in p.phases]
                counted = [schedule.updates(phase, p) for p in of_phase]
                assert counted == [(i, len(of_phase)) for i in range(len(of_phase))], stage

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


COUNTS = ["pretrain_iters", "denoiser_iters", "detector_iters", "rounds", "critic_iters"]


@pytest.mark.parametrize("name", COUNTS)
def test_negative_count(name):
    with pytest.raises(ValueError, match=f"{name} must not be negative, got -1"):
        PhaseSchedule(**{name: -1})


@pytest.mark.parametrize("settings", [(0, 5, 5, 0), (0, 0, 0, 3)])
def test_nothing_to_train(settings):
    with pytest.raises(ValueError, match="no iteration"):
        PhaseSchedule(*settings)


@pytest.mark.parametrize(("settings", "count"), [((0, 6, 3, 1), 6), ((0, 6, 3, 1, True), 9)])
def test_turns_that_do_not_fill_the_phase(settings, count):
    """The last turn would train a critic for a generator step that never comes."""
    message = f"{count} denoiser iterations.*4 critic steps and one generator.*multiple of 5"
    with pytest.raises(ValueError, match=message):
        PhaseSchedule(*settings, critic_iters=4)


def test_defaults_are_those_of_the_paper():
    schedule = PhaseSchedule()
    assert schedule.max_iters == 4000 + 3 * (4000 + 2000)
    first = {position.phases[0]: position for position in map(schedule.at, (0, 4000, 8000))}
    assert [(first[p].round, first[p].length) for p in (T1, T2, T3)] == [
        (0, 4000),
        (1, 4000),
        (1, 2000),
    ]
