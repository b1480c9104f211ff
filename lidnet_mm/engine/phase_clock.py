"""How long a training will still take, when its phases differ in cost."""

from collections import defaultdict

from lidnet_mm.engine.phase_schedule import PhaseSchedule
from lidnet_mm.models.phase import Phase


class PhaseClock:
    """Mean duration of the iterations of each kind, and the time that the rest will take.

    Args:
        schedule (PhaseSchedule): The schedule of the training.
    """

    def __init__(self, schedule: PhaseSchedule) -> None:
        self.schedule = schedule
        self._seconds: dict[tuple[Phase, ...], float] = defaultdict(float)
        self._count: dict[tuple[Phase, ...], int] = defaultdict(int)

    def add(self, phases: tuple[Phase, ...], seconds: float) -> None:
        """Take note of an iteration.

        Args:
            phases (tuple[Phase, ...]): What it updated.
            seconds (float): How long it took, s.
        """
        self._seconds[phases] += seconds
        self._count[phases] += 1

    def eta_seconds(self, iteration: int) -> float:
        """Expected duration of all iterations from this one on.

        An iteration counts with the mean of its kind, or with the mean over all kinds where its
        own has not run yet.

        Args:
            iteration (int): First iteration that is left.

        Returns:
            float: Seconds; 0 before anything was measured.
        """
        measured = sum(self._count.values())
        overall = sum(self._seconds.values()) / measured if measured else 0.0
        mean = {phases: self._seconds[phases] / n for phases, n in self._count.items()}
        left = self.schedule.remaining(iteration)
        return sum(count * mean.get(phases, overall) for phases, count in left.items())
