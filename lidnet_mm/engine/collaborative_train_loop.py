"""Training of denoiser and detector in turn (Algorithm 1)."""

import time

from mmengine.logging import print_log
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from lidnet_mm.engine.phase_clock import PhaseClock
from lidnet_mm.engine.phase_schedule import PhasePosition, PhaseSchedule
from lidnet_mm.engine.phased_train_loop import PhasedTrainLoop, unwrapped
from lidnet_mm.models.lid_detector import LIDDetector
from lidnet_mm.models.phase import Phase
from lidnet_mm.registry import LOOPS

LASTING = ("train/time", "train/data_time", "train/phase", "train/round")
"""Logged values, beside learning rates, that go on from phase to phase."""


@LOOPS.register_module()
class CollaborativeTrainLoop(PhasedTrainLoop):
    """Collaborative training strategy: T1 detector steps, then rounds of T2 and T3 steps.

    Args:
        runner (Runner): The runner; its model is a :class:`LIDDetector`, its optim wrapper a
            dict with the parts ``denoiser`` and ``detector``, and ``critic`` in GAN form.
        dataloader (DataLoader | dict): Training data.
        pretrain_iters (int): T1, iterations. Defaults to 4000.
        denoiser_iters (int): T2, iterations a round, those of a critic included. Defaults to
            4000.
        detector_iters (int): T3, iterations a round. Defaults to 2000.
        rounds (int): Number of rounds. Defaults to 3.
        joint (bool): Update both halves at every iteration of a round (figure 3's baseline).
            Defaults to False.
        critic_iters (int): n, critic steps before each generator step (GAN form); 0 without a
            critic. Defaults to 0.
        val_interval (int, optional): Validate every so many iterations, besides the end of
            each round. Defaults to None.
        val_begin (int): First iteration after which to validate. Defaults to 1.

    Raises:
        TypeError: If model or optimizers are not made for taking turns.
        ValueError: If model, schedule and schedulers do not fit, see :class:`PhasedTrainLoop`.
    """

    def __init__(
        self,
        runner: Runner,
        dataloader: DataLoader | dict,
        pretrain_iters: int = 4000,
        denoiser_iters: int = 4000,
        detector_iters: int = 2000,
        rounds: int = 3,
        joint: bool = False,
        critic_iters: int = 0,
        val_interval: int | None = None,
        val_begin: int = 1,
    ) -> None:
        _check_model(runner)
        schedule = PhaseSchedule(
            pretrain_iters, denoiser_iters, detector_iters, rounds, joint, critic_iters
        )
        _check_denoiser(unwrapped(runner.model), schedule)
        super().__init__(runner, dataloader, schedule, val_interval, val_begin)
        self.clock = PhaseClock(self.schedule)
        self._began = time.perf_counter()

    def eta_seconds(self) -> float:
        """Expected seconds from the end of the present iteration to the end of the training."""
        return self.clock.eta_seconds(self._iter + 1)

    def before_position(self, position: PhasePosition) -> None:
        """At the first step of a phase log it, and forget the values of the one before.

        Args:
            position (PhasePosition): Where the iteration lies.
        """
        if position.step == 0:
            self._announce(position)
        self._began = time.perf_counter()

    def after_position(self, position: PhasePosition) -> None:
        """Log where the iteration lies, and take its time.

        Args:
            position (PhasePosition): Where the iteration lies.
        """
        self.runner.message_hub.update_scalar("train/phase", position.phases[0].number)
        self.runner.message_hub.update_scalar("train/round", position.round)
        self.clock.add(position.phases, time.perf_counter() - self._began)

    def _announce(self, position: PhasePosition) -> None:
        """Log the phase that begins."""
        names = [phase.description for phase in position.phases]
        if position.phases[0] is Phase.CRITIC:
            names[0] = f"denoiser (each step after {self.schedule.critic_iters} of the critic)"
        part = (
            f"round {position.round}/{self.schedule.rounds}" if position.round else "pre-training"
        )
        print_log(f"Phase: {' and '.join(names)}, {part}, {position.length} iterations", "current")
        scalars = self.runner.message_hub.log_scalars
        for name in [n for n in scalars if n.startswith("train/") and not _lasts(n)]:
            scalars.pop(name)


def _check_model(runner: Runner) -> None:
    """Refuse a model without a detector."""
    model = unwrapped(runner.model)
    if not isinstance(model, LIDDetector):
        raise TypeError(
            f"CollaborativeTrainLoop trains a LIDDetector, got {type(model).__name__}; train a "
            "DenoisingModel alone with IterBasedTrainLoop, or AdversarialTrainLoop if it has a "
            "critic"
        )


def _check_denoiser(model: LIDDetector, schedule: PhaseSchedule) -> None:
    """Refuse steps of a denoiser that has nothing to learn."""
    has_steps = schedule.rounds and (schedule.denoiser_iters or schedule.joint)
    if has_steps and "denoiser" not in model.learning_parts:
        raise ValueError(
            f"{type(model.denoiser.generator).__name__} has no parameters to train: set "
            "train_cfg.denoiser_iters=0 and joint=False, which trains the detector alone, and "
            "leave denoiser out of optim_wrapper and param_scheduler"
        )


def _lasts(name: str) -> bool:
    """Whether a logged value is still true in the next phase."""
    return name in LASTING or name.endswith("lr")
