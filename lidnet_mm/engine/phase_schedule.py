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

    The phase is a pure function of the iteration, so a resumed run needs no memory of it. With a
    critic its steps are among the T2: n of the critic, one of the generator, and so on.

    Args:
        pretrain_iters (int): T1, iterations. Defaults to 4000.
        denoiser_iters (int): T2, iterations a round. Defaults to 4000.
        detector_iters (int): T3, iterations a round. Defaults to 2000.
        rounds (int): Number of rounds. Defaults to 3.
        joint (bool): Update denoiser and detector at every iteration of a round instead, the
            baseline of figure 3; a round then has T2 + T3 iterations. Defaults to False.
        critic_iters (int): n, critic steps before each generator step. Defaults to 0, no critic.

    Raises:
        ValueError: If a count is negative, nothing is left to train, or the turns of critic and
            generator do not fill T2.
    """

    pretrain_iters: int = 4000
    denoiser_iters: int = 4000
    detector_iters: int = 2000
    rounds: int = 3
    joint: bool = False
    critic_iters: int = 0

    def __post_init__(self) -> None:
        for name in (
            "pretrain_iters",
            "denoiser_iters",
            "detector_iters",
            "rounds",
            "critic_iters",
        ):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative, got {getattr(self, name)}")
        if self._denoising_iters % self.cycle:
            raise ValueError(
                f"{self._denoising_iters} denoiser iterations cannot be divided into turns of "
                f"{self.critic_iters} critic steps and one generator step: take a multiple of "
                f"{self.cycle}"
            )
        if self.max_iters == 0:
            raise ValueError("the schedule has no iteration: give pretrain_iters or rounds")

    @property
    def round_iters(self) -> int:
        """Iterations of one round."""
        return self.denoiser_iters + self.detector_iters

    @property
    def cycle(self) -> int:
        """Iterations from one generator step to the next: the critic's steps and itself."""
        return self.critic_iters + 1

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
        turn = Phase.CRITIC if (step + 1) % self.cycle else Phase.DENOISER
        if self.joint:
            both = (turn, Phase.DETECTOR_ON_DENOISED)
            return self._position(both, round_, step, self.round_iters)
        if step < self.denoiser_iters:
            last = self.detector_iters == 0
            return self._position((turn,), round_, step, self.denoiser_iters, last)
        step -= self.denoiser_iters
        return self._position((Phase.DETECTOR_ON_DENOISED,), round_, step, self.detector_iters)

    def updates(self, phase: Phase, position: PhasePosition) -> tuple[int, int]:
        """How often a part was updated in its present phase, and how often it will be in all.

        Args:
            phase (Phase): One of the position's.
            position (PhasePosition): An iteration's.

        Returns:
            tuple[int, int]: Updates before this iteration, updates in the whole phase.
        """
        if phase not in (Phase.DENOISER, Phase.CRITIC):
            return position.step, position.length
        in_cycle = self.critic_iters if phase is Phase.CRITIC else 1
        cycles, inside = divmod(position.step, self.cycle)
        return cycles * in_cycle + inside % in_cycle, position.length // self.cycle * in_cycle

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
        in_round = self._denoising_iters
        denoising = self.rounds * in_round
        left = denoising - finished * in_round - min(step, in_round)
        generator = -(-left // self.cycle)  # a cycle ends with the generator
        turns = {Phase.CRITIC: left - generator, Phase.DENOISER: generator}
        others = (Phase.DETECTOR_ON_DENOISED,) if self.joint else ()
        counts = {(phase, *others): count for phase, count in turns.items()}
        counts[(Phase.DETECTOR_ON_NDCT,)] = max(0, self.pretrain_iters - iteration)
        counts[(Phase.DETECTOR_ON_DENOISED,)] = self.rounds * self.round_iters - in_rounds - left
        return {phases: count for phases, count in counts.items() if count > 0}

    @property
    def _denoising_iters(self) -> int:
        """Iterations of a round that update generator or critic."""
        return self.round_iters if self.joint else self.denoiser_iters

    @staticmethod
    def _position(
        phases: tuple[Phase, ...], round_: int, step: int, length: int, last: bool = True
    ) -> PhasePosition:
        """A position; ``last`` says whether this phase is the last of its round."""
        return PhasePosition(phases, round_, step, length, last and step == length - 1)
