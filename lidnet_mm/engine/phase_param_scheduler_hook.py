"""Learning rate schedules that count the steps of their own part."""

from mmengine.hooks import ParamSchedulerHook
from mmengine.runner import Runner

from lidnet_mm.engine.configured_schedulers import ConfiguredSchedulers, are_built
from lidnet_mm.engine.phased_train_loop import PhasedTrainLoop
from lidnet_mm.registry import HOOKS


@HOOKS.register_module()
class PhaseParamSchedulerHook(ParamSchedulerHook):
    """Steps the schedulers of a part only when that part was updated.

    ``begin``, ``end``, ``T_max`` and milestones of a scheduler so count steps of the denoiser,
    the critic or the detector, and an idle part keeps its learning rate. With any other
    training loop it steps as MMEngine's ``ParamSchedulerHook`` does.

    In a resumed training the config's settings count, not those of the checkpoint, so that a
    training can be prolonged: see :class:`ConfiguredSchedulers`.
    """

    def __init__(self) -> None:
        self._configured: ConfiguredSchedulers | None = None
        self._stored: list | dict | None = None

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Note what config and checkpoint say about the schedulers, before they are resumed.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): What was read.
        """
        if are_built(runner.param_schedulers):
            self._configured = ConfiguredSchedulers(runner.param_schedulers)
            self._stored = checkpoint.get("param_schedulers")

    def before_train(self, runner: Runner) -> None:
        """In a resumed training let the config's settings count.

        Args:
            runner (Runner): The runner.
        """
        if runner.iter > 0 and self._configured is not None:
            self._configured.reapply(runner.param_schedulers, self._stored)

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: dict | None = None,
    ) -> None:
        """Step the schedulers of what this iteration updated.

        Args:
            runner (Runner): The runner.
            batch_idx (int): Iteration.
            data_batch (dict, optional): Not used.
            outputs (dict, optional): Not used.
        """
        loop = runner.train_loop
        schedulers = runner.param_schedulers
        if not isinstance(loop, PhasedTrainLoop) or not isinstance(schedulers, dict):
            super().after_train_iter(runner, batch_idx, data_batch, outputs)
            return
        for phase in loop.schedule.at(loop.iter).phases:
            for scheduler in schedulers[phase.part]:
                if not scheduler.by_epoch:
                    scheduler.step()
