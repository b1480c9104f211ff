"""A training loop that updates one part of the model at a time."""

from collections.abc import Sequence

from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapperDict
from mmengine.runner import IterBasedTrainLoop, Runner
from torch import nn
from torch.utils.data import DataLoader

from lidnet_mm.engine.phase_schedule import PhasePosition, PhaseSchedule
from lidnet_mm.models.alternating_model import AlternatingModel
from lidnet_mm.models.phase import Phase


class PhasedTrainLoop(IterBasedTrainLoop):
    """Runs a schedule of phases: each iteration updates on one batch what the schedule names.

    What a step of the critic logs stands under ``critic.``, its total as ``critic.loss``: an
    iteration of the critic has no ``loss``, which would mix what the two play against each
    other.

    Args:
        runner (Runner): The runner; its model is an :class:`AlternatingModel`, its optim wrapper
            a dict with an entry for each of the model's parts.
        dataloader (DataLoader | dict): Training data.
        schedule (PhaseSchedule): Which phase when.
        val_interval (int, optional): Validate every so many iterations, besides the end of
            each round. Defaults to None.
        val_begin (int): First iteration after which to validate. Defaults to 1.

    Raises:
        TypeError: If the optimizers are not made for taking turns.
        ValueError: If only one of schedule and model has a critic, or schedulers are given for
            some parts only, or count epochs. Like the ``TypeError`` before the first iteration.
    """

    def __init__(
        self,
        runner: Runner,
        dataloader: DataLoader | dict,
        schedule: PhaseSchedule,
        val_interval: int | None = None,
        val_begin: int = 1,
    ) -> None:
        self.schedule = schedule
        self._check_critic(unwrapped(runner.model))
        self._check_schedulers(unwrapped(runner.model), runner.param_schedulers)  # not built yet
        super().__init__(
            runner,
            dataloader,
            max_iters=schedule.max_iters,
            val_begin=val_begin,
            val_interval=val_interval or schedule.max_iters,
        )

    @property
    def model(self) -> AlternatingModel:
        """The model without a distributed wrapper."""
        return unwrapped(self.runner.model)

    def run(self) -> nn.Module:
        """Train from the present iteration to the end of the schedule."""
        self._check_optimizers()
        self.runner.call_hook("before_train")
        self.runner.call_hook("before_train_epoch")
        if self._iter > 0:
            self.dataloader_iterator.skip_iter(self._iter)
        while self._iter < self._max_iters and not self.stop_training:
            position = self.schedule.at(self._iter)
            self.before_position(position)
            self.runner.model.train()
            self.run_iter(next(self.dataloader_iterator))
            if self._validation_is_due(position):
                self.runner.val_loop.run()
        self.runner.call_hook("after_train_epoch")
        self.runner.call_hook("after_train")
        return self.runner.model

    def before_position(self, position: PhasePosition) -> None:
        """Called before the batch of each iteration is read.

        Args:
            position (PhasePosition): Where the iteration lies.
        """

    def after_position(self, position: PhasePosition) -> None:
        """Called when the updates of an iteration are done, before the hooks.

        Args:
            position (PhasePosition): Where the iteration lies.
        """

    def run_iter(self, data_batch: Sequence[dict] | dict) -> None:
        """One iteration: an update of each phase that the schedule names, on one batch."""
        position = self.schedule.at(self._iter)
        self.runner.call_hook("before_train_iter", batch_idx=self._iter, data_batch=data_batch)
        outputs = {}
        for phase in position.phases:
            losses = self._update(phase, position, data_batch)
            total, name = losses.pop("loss"), "critic.loss" if phase is Phase.CRITIC else "loss"
            outputs.update(losses)
            outputs[name] = outputs.get(name, 0) + total
        self.after_position(position)
        self.runner.call_hook(
            "after_train_iter", batch_idx=self._iter, data_batch=data_batch, outputs=outputs
        )
        self._iter += 1

    def _update(self, phase: Phase, position: PhasePosition, data_batch: dict) -> dict:
        """One step of the optimizer of the phase's part."""
        self.model.set_phase(phase)
        optim_wrapper = self.runner.optim_wrapper[phase.part]
        done, length = self.schedule.updates(phase, position)
        if done == 0 or optim_wrapper._max_counts < 0:  # the latter after a resume
            # OptimWrapperDict does not do this, and accumulated gradients must be used up
            # before another part takes its turn.
            optim_wrapper.initialize_count_status(self.runner.model, done, length)
        return self.runner.model.train_step(data_batch, optim_wrapper=optim_wrapper)

    def _validation_is_due(self, position: PhasePosition) -> bool:
        """At the end of a round, and every ``val_interval`` iterations."""
        if self.runner.val_loop is None or self._iter < self.val_begin:
            return False
        return position.ends_round or self._iter % self.val_interval == 0

    def _check_critic(self, model: AlternatingModel) -> None:
        """Refuse a critic that is never trained, and steps of one that is not there."""
        has_critic = "critic" in model.parts
        if has_critic and not self.schedule.critic_iters:
            raise ValueError(
                "the model has a critic, but train_cfg gives it no step: set critic_iters=4 (n "
                "critic steps before each generator step)"
            )
        if self.schedule.critic_iters and not has_critic:
            raise ValueError(
                f"train_cfg has critic_iters={self.schedule.critic_iters}, but the model has no "
                "critic: give the DenoisingModel critic=dict(type='lidnet_mm.SliceCritic')"
            )

    @staticmethod
    def _check_schedulers(model: AlternatingModel, param_scheduler: dict | list | None) -> None:
        """Refuse schedulers of some parts only, for which MMEngine has but a ``KeyError``."""
        if not isinstance(param_scheduler, dict) or "type" in param_scheduler:
            return
        for part in model.learning_parts:
            if part not in param_scheduler:
                raise ValueError(
                    f"param_scheduler names no schedulers of the {part}: add {part}=[...], or "
                    f"{part}=[dict(type='ConstantLR', factor=1, by_epoch=False)] for a constant "
                    "learning rate"
                )

    def _check_optimizers(self) -> None:
        """Refuse optimizers that cannot take turns, and schedulers that would never step."""
        wrappers, parts = self.runner.optim_wrapper, list(self.model.learning_parts)
        if not isinstance(wrappers, OptimWrapperDict) or set(wrappers.keys()) != set(parts):
            entries = ", ".join(f"{part}=dict(...)" for part in parts)
            raise TypeError(
                f"{type(self).__name__} needs one optimizer a part: optim_wrapper="
                f"dict(constructor='lidnet_mm.PartsOptimWrapperConstructor', {entries})"
            )
        for part, schedulers in (self.runner.param_schedulers or {}).items():
            for scheduler in schedulers:
                if scheduler.by_epoch:
                    raise ValueError(
                        f"{type(scheduler).__name__} of the {part} counts epochs, which "
                        f"{type(self).__name__} does not have: give it by_epoch=False, and begin, "
                        f"end and milestones in steps of the {part}"
                    )


def unwrapped(model: nn.Module) -> nn.Module:
    """The model without a distributed wrapper.

    Args:
        model (nn.Module): A model, wrapped or not.

    Returns:
        nn.Module: The model itself.
    """
    return model.module if is_model_wrapper(model) else model
