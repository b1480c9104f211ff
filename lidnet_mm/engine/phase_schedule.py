"""Which phase an iteration belongs to (Algorithm 1)."""

from dataclasses import dataclass

from lidnet_mm.models.phase import Phase


@dataclass(frozen=True)
class PhasePosition:
    """Where in the schedule an iteration lies.

    Attributes:
        phases (tuple[Phase, ...]): What is updated, in this order, on the iteration's batch.
        round (int): 0 during the pre-training (T1), then 1, 2, ...
        step (int): Iterations already done in this phase.
        length (int): Iterations of this phase.
        ends_round (bool): Whether a round (or the pre-training) ends with this iteration.
    """

    phases: tuple[Phase, ...]
    round: int
    step: int
    length: int
    ends_round: bool


@dataclass(frozen=True)
class PhaseSchedule:
    """T1 detector steps on NDCT, then rounds of T2 denoiser and T3 detector steps.

    The phase is a pure function of the iteration, so a resumed run needs no memory of it.

    Args:
        pretrain_iters (int): T1, iterations. Defaults to 4000.
        denoiser_iters (int): T2, iterations a round. Defaults to 4000.
        detector_iters (int): T3, iterations a round. Defaults to 2000.
        rounds (int): Number of rounds. Defaults to 3.
        joint (bool): Update denoiser and detector at every iteration of a round instead, the
            baseline of figure 3; a round then has T2 + T3 iterations. Defaults to False.

    Raises:
        ValueError: If a count is negative or nothing is left to train.
    """

    pretrain_iters: int = 4000
    denoiser_iters: int = 4000
    detector_iters: int = 2000
    rounds: int = 3
    joint: bool = False

    def __post_init__(self) -> None:
        for name in ("pretrain_iters", "denoiser_iters", "detector_iters", "rounds"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative, got {getattr(self, name)}")
        if self.max_iters == 0:
            raise ValueError("the schedule has no iteration: give pretrain_iters or rounds")

    @property
    def round_iters(self) -> int:
        """Iterations of one round."""
        return self.denoiser_iters + self.detector_iters

    @property
    def max_iters(self) -> int:
        """Iterations of the whole training."""
        return self.pretrain_iters + self.rounds * self.round_iters

    def at(self, iteration: int) -> PhasePosition:
        """Position of an iteration.

        Args:
            iteration (int): 0 to ``max_iters - 1``.

        Returns:
            PhasePosition: Its phase, round and step.

        Raises:
            IndexError: If the iteration lies outside the schedule.
        """
        if not 0 <= iteration < self.max_iters:
            raise IndexError(f"iteration {iteration} outside of 0..{self.max_iters - 1}")
        if iteration < self.pretrain_iters:
            return self._position((Phase.DETECTOR_ON_NDCT,), 0, iteration, self.pretrain_iters)
        finished, step = divmod(iteration - self.pretrain_iters, self.round_iters)
        round_ = finished + 1
        if self.joint:
            both = (Phase.DENOISER, Phase.DETECTOR_ON_DENOISED)
            return self._position(both, round_, step, self.round_iters)
        if step < self.denoiser_iters:
            last = self.detector_iters == 0
            return self._position((Phase.DENOISER,), round_, step, self.denoiser_iters, last)
        step -= self.denoiser_iters
        return self._position((Phase.DETECTOR_ON_DENOISED,), round_, step, self.detector_iters)

    def remaining(self, iteration: int) -> dict[tuple[Phase, ...], int]:
        """How many iterations of each kind are left, without walking through them.

        Args:
            iteration (int): First iteration to count, 0 to ``max_iters``.

        Returns:
            dict[tuple[Phase, ...], int]: Iterations by what they update; kinds with none are
            left out.
        """
        in_rounds = max(0, iteration - self.pretrain_iters)
        # A schedule of the pre-training alone has rounds of no length.
        finished, step = divmod(in_rounds, self.round_iters or 1)
        denoiser = self.rounds * self.denoiser_iters
        denoiser -= finished * self.denoiser_iters + min(step, self.denoiser_iters)
        left = self.rounds * self.round_iters - in_rounds
        counts = {(Phase.DETECTOR_ON_NDCT,): max(0, self.pretrain_iters - iteration)}
        if self.joint:
            counts[Phase.DENOISER, Phase.DETECTOR_ON_DENOISED] = left
        else:
            counts[(Phase.DENOISER,)] = denoiser
            counts[(Phase.DETECTOR_ON_DENOISED,)] = left - denoiser
        return {phases: count for phases, count in counts.items() if count > 0}

    def steps_of(self, part: str) -> int:
        """Number of updates that ``'denoiser'`` or ``'detector'`` receives in all."""
        in_rounds = {
            "denoiser": self.round_iters if self.joint else self.denoiser_iters,
            "detector": self.round_iters if self.joint else self.detector_iters,
        }
        pretraining = self.pretrain_iters if part == "detector" else 0
        return pretraining + self.rounds * in_rounds[part]

    @staticmethod
    def _position(
        phases: tuple[Phase, ...], round_: int, step: int, length: int, last: bool = True
    ) -> PhasePosition:
        """A position; ``last`` says whether this phase is the last of its round."""
        return PhasePosition(phases, round_, step, length, last and step == length - 1)
