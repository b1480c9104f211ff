"""PhaseClock against durations added up by hand."""

import pytest

from lidnet_mm.engine.phase_clock import PhaseClock
from lidnet_mm.engine.phase_schedule import PhaseSchedule
from lidnet_mm.models.phase import Phase

T1, T2, T3 = (Phase.DETECTOR_ON_NDCT,), (Phase.DENOISER,), (Phase.DETECTOR_ON_DENOISED,)


@pytest.fixture
def clock():
    return PhaseClock(PhaseSchedule(4, 3, 2, 2))  # T1 x 4, (T2 x 3, T3 x 2) x 2


def test_nothing_measured(clock):
    assert clock.eta_seconds(0) == 0


def test_own_mean_of_each_kind(clock):
    for phases, seconds in ((T1, 1.0), (T1, 3.0), (T2, 10.0), (T3, 4.0), (T3, 6.0)):
        clock.add(phases, seconds)
    assert clock.eta_seconds(2) == pytest.approx(2 * 2 + 6 * 10 + 4 * 5)
    assert clock.eta_seconds(5) == pytest.approx(5 * 10 + 4 * 5)
    assert clock.eta_seconds(13) == pytest.approx(5)
    assert clock.eta_seconds(14) == 0


def test_kind_that_has_not_run_counts_with_the_mean_of_all(clock):
    for phases, seconds in ((T1, 1.0), (T1, 3.0), (T2, 11.0)):
        clock.add(phases, seconds)
    assert clock.eta_seconds(5) == pytest.approx(5 * 11 + 4 * (1 + 3 + 11) / 3)


def test_agrees_with_walking_through_the_iterations(clock):
    for seconds, phases in enumerate((T1, T2, T3), start=1):
        clock.add(phases, seconds)
    cost = [clock.schedule.at(i).phases[0].number for i in range(clock.schedule.max_iters)]
    for iteration in range(clock.schedule.max_iters + 1):
        assert clock.eta_seconds(iteration) == pytest.approx(sum(cost[iteration:]))


def test_joint():
    clock = PhaseClock(PhaseSchedule(2, 1, 1, 3, joint=True))
    clock.add(T1, 1.0)
    clock.add((Phase.DENOISER, Phase.DETECTOR_ON_DENOISED), 7.0)
    assert clock.eta_seconds(0) == pytest.approx(2 * 1 + 6 * 7)
    assert clock.eta_seconds(3) == pytest.approx(5 * 7)
