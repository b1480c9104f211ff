"""A long validation or test says how far it is."""

import time
from collections.abc import Sequence

from mmengine.hooks import Hook
from mmengine.runner import Runner

from lidnet_mm.registry import HOOKS


@HOOKS.register_module()
class ProgressHook(Hook):
    """Logs how far a validation or test is, and how long it will still take.

    MMEngine's ``LoggerHook`` counts batches: of slow ones, such as whole slices on a CPU, there is
    no line for many minutes. This one counts seconds.

    Args:
        seconds (float): At least so long between two lines, > 0. Defaults to 20.

    Raises:
        ValueError: If ``seconds`` is not above 0.
    """

    priority = "VERY_LOW"  # after IterTimerHook, whose times the rest is estimated from

    def __init__(self, seconds: float = 20.0) -> None:
        if not seconds > 0:
            raise ValueError(f"seconds must be above 0, got {seconds}")
        self.seconds = seconds
        self._last = 0.0

    def before_val_epoch(self, runner: Runner) -> None:
        """Begin to count.

        Args:
            runner (Runner): The runner.
        """
        self._last = time.monotonic()

    def before_test_epoch(self, runner: Runner) -> None:
        """Begin to count.

        Args:
            runner (Runner): The runner.
        """
        self._last = time.monotonic()

    def after_val_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: Sequence | None = None,
    ) -> None:
        """Log a line where the last one is long ago.

        Args:
            runner (Runner): The runner.
            batch_idx (int): Batch of the validation.
            data_batch (dict, optional): Not used.
            outputs (Sequence, optional): Not used.
        """
        self._log(runner, batch_idx, "val")

    def after_test_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: Sequence | None = None,
    ) -> None:
        """Log a line where the last one is long ago.

        Args:
            runner (Runner): The runner.
            batch_idx (int): Batch of the test.
            data_batch (dict, optional): Not used.
            outputs (Sequence, optional): Not used.
        """
        self._log(runner, batch_idx, "test")

    def _log(self, runner: Runner, batch_idx: int, mode: str) -> None:
        """The line of MMEngine's log, with batch, batches and the time that is left."""
        now = time.monotonic()
        if now - self._last < self.seconds:
            return
        self._last = now
        runner.logger.info(runner.log_processor.get_log_after_iter(runner, batch_idx, mode)[1])
