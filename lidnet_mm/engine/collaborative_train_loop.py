"""Training of the two halves in turn (Algorithm 1)."""

import time
from collections.abc import Sequence

from mmengine.logging import print_log
from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapperDict
from mmengine.runner import IterBasedTrainLoop, Runner
from torch.utils.data import DataLoader

from lidnet_mm.engine.phase_clock import PhaseClock
from lidnet_mm.engine.phase_schedule import PhasePosition, PhaseSchedule
from lidnet_mm.models.lid_detector import LIDDetector
from lidnet_mm.models.phase import Phase
from lidnet_mm.registry import LOOPS

LASTING = ("train/time", "train/data_time", "train/phase", "train/round")
"""Logged values, beside learning rates, that go on from phase to phase."""


@LOOPS.register_module()
class CollaborativeTrainLoop(IterBasedTrainLoop):
    """Collaborative training strategy: T1 detector steps, then rounds of T2 and T3 steps.

    Args:
        runner (Runner): The runner; its model is a :class:`LIDDetector`, its optim wrapper a
            dict with the parts ``denoiser`` and ``detector``.
        dataloader (DataLoader | dict): Training data.
        pretrain_iters (int): T1, iterations. Defaults to 4000.
        denoiser_iters (int): T2, iterations a round. Defaults to 4000.
        detector_iters (int): T3, iterations a round. Defaults to 2000.
        rounds (int): Number of rounds. Defaults to 3.
        joint (bool): Update both halves at every iteration of a round (figure 3's baseline).
            Defaults to False.
        val_interval (int, optional): Validate every so many iterations, besides the end of
            each round. Defaults to None.
        val_begin (int): First iteration after which to validate. Defaults to 1.

    Raises:
        TypeError: If model or optimizers are not made for taking turns.
        ValueError: If schedulers are given for one half only, or count epochs. Like the
            ``TypeError`` before the first iteration.
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
        val_interval: int | None = None,
        val_begin: int = 1,
    ) -> None:
        self.schedule = PhaseSchedule(pretrain_iters, denoiser_iters, detector_iters, rounds, joint)
        _check_halves(runner.param_schedulers)  # not built yet
        super().__init__(
            runner,
            dataloader,
            max_iters=self.schedule.max_iters,
            val_begin=val_begin,
            val_interval=val_interval or self.schedule.max_iters,
        )
        self.clock = PhaseClock(self.schedule)
        self._began = time.perf_counter()

    @property
    def model(self) -> LIDDetector:
        """The model without a distributed wrapper."""
        model = self.runner.model
        return model.module if is_model_wrapper(model) else model

    def run(self) -> "LIDDetector":
        """Train from the present iteration to the end of the last round."""
        self._check()
        self.runner.call_hook("before_train")
        self.runner.call_hook("before_train_epoch")
        if self._iter > 0:
            self.dataloader_iterator.skip_iter(self._iter)
        while self._iter < self._max_iters and not self.stop_training:
            position = self.schedule.at(self._iter)
            self._announce(position)
            self.runner.model.train()
            self._began = time.perf_counter()
            self.run_iter(next(self.dataloader_iterator))
            if self._validation_is_due(position):
                self.runner.val_loop.run()
        self.runner.call_hook("after_train_epoch")
        self.runner.call_hook("after_train")
        return self.runner.model

    def run_iter(self, data_batch: Sequence[dict] | dict) -> None:
        """One iteration: an update of each phase that the schedule names, on one batch."""
        position = self.schedule.at(self._iter)
        self.runner.call_hook("before_train_iter", batch_idx=self._iter, data_batch=data_batch)
        outputs = {}
        for phase in position.phases:
            losses = self._update(phase, position, data_batch)
            total = losses.pop("loss")
            outputs.update(losses)
            outputs["loss"] = outputs.get("loss", 0) + total
        self.runner.message_hub.update_scalar("train/phase", position.phases[0].number)
        self.runner.message_hub.update_scalar("train/round", position.round)
        self.clock.add(position.phases, time.perf_counter() - self._began)
        self.runner.call_hook(
            "after_train_iter", batch_idx=self._iter, data_batch=data_batch, outputs=outputs
        )
        self._iter += 1

    def _update(self, phase: Phase, position: PhasePosition, data_batch: dict) -> dict:
        """One step of the optimizer of the phase's half."""
        self.model.set_phase(phase)
        optim_wrapper = self.runner.optim_wrapper[phase.part]
        if position.step == 0 or not self._counts_are_set(phase.part):
            # OptimWrapperDict does not do this, and accumulated gradients must be used up
            # before the other half takes its turn.
            optim_wrapper.initialize_count_status(self.runner.model, position.step, position.length)
        return self.runner.model.train_step(data_batch, optim_wrapper=optim_wrapper)

    def _counts_are_set(self, part: str) -> bool:
        """Whether the wrapper knows how many steps its present phase has (not after a resume)."""
        return self.runner.optim_wrapper[part]._max_counts > 0

    def eta_seconds(self) -> float:
        """Expected seconds from the end of the present iteration to the end of the training."""
        return self.clock.eta_seconds(self._iter + 1)

    def _announce(self, position: PhasePosition) -> None:
        """At the first step of a phase: log it, and forget the values of the one before."""
        if position.step != 0:
            return
        names = " and ".join(phase.description for phase in position.phases)
        part = (
            f"round {position.round}/{self.schedule.rounds}" if position.round else "pre-training"
        )
        print_log(f"Phase: {names}, {part}, {position.length} iterations", logger="current")
        scalars = self.runner.message_hub.log_scalars
        for name in [n for n in scalars if n.startswith("train/") and not _lasts(n)]:
            scalars.pop(name)

    def _validation_is_due(self, position: PhasePosition) -> bool:
        """At the end of a round, and every ``val_interval`` iterations."""
        if self.runner.val_loop is None or self._iter < self.val_begin:
            return False
        return position.ends_round or self._iter % self.val_interval == 0

    def _check(self) -> None:
        """Refuse a model or optimizers that cannot take turns."""
        if not isinstance(self.model, LIDDetector):
            raise TypeError(
                f"CollaborativeTrainLoop trains a LIDDetector, got {type(self.model).__name__}; "
                "train a DenoisingModel alone with IterBasedTrainLoop"
            )
        wrappers = self.runner.optim_wrapper
        if not isinstance(wrappers, OptimWrapperDict) or set(wrappers.keys()) != {
            "denoiser",
            "detector",
        }:
            raise TypeError(
                "CollaborativeTrainLoop needs one optimizer a half: optim_wrapper="
                "dict(constructor='lidnet_mm.PartsOptimWrapperConstructor', "
                "denoiser=dict(...), detector=dict(...))"
            )
        self._check_epochs()

    def _check_epochs(self) -> None:
        """Refuse schedulers that would never step."""
        for part, schedulers in (self.runner.param_schedulers or {}).items():
            for scheduler in schedulers:
                if scheduler.by_epoch:
                    raise ValueError(
                        f"{type(scheduler).__name__} of the {part} counts epochs, which "
                        "CollaborativeTrainLoop does not have: give it by_epoch=False, and begin, "
                        f"end and milestones in steps of the {part}"
                    )


def _check_halves(param_scheduler: dict | list | None) -> None:
    """Refuse schedulers of one half only, for which MMEngine has no more than a ``KeyError``."""
    if not isinstance(param_scheduler, dict) or "type" in param_scheduler:
        return
    for part in ("denoiser", "detector"):
        if part not in param_scheduler:
            raise ValueError(
                f"param_scheduler names no schedulers of the {part}: add {part}=[...], or "
                f"{part}=[dict(type='ConstantLR', factor=1, by_epoch=False)] for a constant "
                "learning rate"
            )


def _lasts(name: str) -> bool:
    """Whether a logged value is still true in the next phase."""
    return name in LASTING or name.endswith("lr")
