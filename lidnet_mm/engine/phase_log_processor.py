"""Log lines that say where in the schedule the training is."""

from typing import Any

from mmengine.runner import LogProcessor, Runner

from lidnet_mm.engine.collaborative_train_loop import CollaborativeTrainLoop
from lidnet_mm.registry import LOG_PROCESSORS

MEANS = r".*(loss|time|data_time|grad_norm|wasserstein).*"
"""Values logged as their mean over some iterations: MMEngine's, and the critic's estimate."""


@LOG_PROCESSORS.register_module()
class PhaseLogProcessor(LogProcessor):
    """MMEngine's log processor with phase and round in front and an ETA that knows the phases.

    Takes the arguments of ``mmengine.runner.LogProcessor``. With any other training loop it
    logs what that one logs.
    """

    def __init__(self, *args: Any, mean_pattern: str = MEANS, **options: Any) -> None:
        super().__init__(*args, mean_pattern=mean_pattern, **options)

    def get_log_after_iter(self, runner: Runner, batch_idx: int, mode: str) -> tuple[dict, str]:
        """Scalars and text of one log line.

        Args:
            runner (Runner): The runner.
            batch_idx (int): Iteration in the present loop.
            mode (str): ``'train'``, ``'val'`` or ``'test'``.

        Returns:
            tuple[dict, str]: Values for the visualizer, text for the terminal.
        """
        loop = runner._train_loop
        if mode != "train" or not isinstance(loop, CollaborativeTrainLoop):
            return super().get_log_after_iter(runner, batch_idx, mode)
        runner.message_hub.update_info("eta", loop.eta_seconds())
        values, text = super().get_log_after_iter(runner, batch_idx, mode)
        position = loop.schedule.at(loop.iter)
        names = "+".join(f"T{phase.number}" for phase in position.phases)
        where = f"{names} round {position.round}/{loop.schedule.rounds}"
        return values, f"{where} [{position.step + 1}/{position.length}]  {text}"
