"""A training that is asked to stop saves a checkpoint first."""

import functools
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

import torch
from mmengine.dist import all_reduce, barrier, get_world_size
from mmengine.hooks import CheckpointHook, Hook
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from lidnet_mm.engine.signal_ignoring_worker import start_signal_ignoring_worker
from lidnet_mm.engine.watched_loader import is_waited_for
from lidnet_mm.registry import HOOKS


@HOOKS.register_module()
class GracefulStopHook(Hook):
    """After SIGTERM or SIGINT saves a checkpoint at the end of the iteration and exits.

    The exit status is 128 + the number of the signal, as a shell reports it: 143 for SIGTERM, 130
    for SIGINT. It is enough that one process of a distributed training gets the signal; all stop at
    the same iteration. The worker processes of the data loaders ignore the signals, which a
    scheduler or Ctrl-C send to them, too. A second signal changes nothing; SIGKILL still ends the
    training at once.

    A training that waits for a batch of its worker processes saves and exits at once, if the loader
    is watched (:class:`LoaderWatchHook`); with several processes it waits for the batch, or for the
    end of the wait, because all stop at the same iteration.

    A validation is finished first, unless the checkpoint of its iteration exists already; in that
    case it is cut short and not repeated when the training is resumed.

    Args:
        signals (Sequence[str]): Names of the signals. Defaults to ``('SIGTERM', 'SIGINT')``.

    Raises:
        ValueError: If there is no such signal, or, at the start of the training, no
            ``CheckpointHook`` that counts iterations.
    """

    priority = "LOWEST"  # after CheckpointHook and whatever changes the state it saves

    def __init__(self, signals: Sequence[str] = ("SIGTERM", "SIGINT")) -> None:
        unknown = [name for name in signals if name not in signal.Signals.__members__]
        if unknown:
            raise ValueError(f"there is no signal {unknown}; signals are named as in 'SIGTERM'")
        self.signals = [signal.Signals[name] for name in signals]
        self._previous: dict[signal.Signals, Callable | int | None] = {}
        self._received = 0

    def before_train(self, runner: Runner) -> None:
        """Start to listen.

        Args:
            runner (Runner): The runner.
        """
        self._checkpoint_hook = _checkpoint_hook(runner)
        self._received = 0
        self._previous = {number: signal.signal(number, self._take) for number in self.signals}
        loaders = [runner.train_dataloader]
        if runner.val_loop is not None:
            loaders.append(runner.val_dataloader)
        for loader in loaders:
            self._protect_workers(loader)
        self._runner = runner

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: dict | None = None,
    ) -> None:
        """Save and exit where a process was asked to.

        Args:
            runner (Runner): The runner.
            batch_idx (int): Iteration.
            data_batch (dict, optional): Not used.
            outputs (dict, optional): Not used.

        Raises:
            SystemExit: If one was asked to; its code names the signal.
        """
        if number := self._agreed():
            self._save_and_exit(runner, runner.iter + 1, number)

    def after_val_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: Sequence | None = None,
    ) -> None:
        """Exit where a process was asked to and all is saved.

        Args:
            runner (Runner): The runner.
            batch_idx (int): Batch of the validation.
            data_batch (dict, optional): Not used.
            outputs (Sequence, optional): Not used.

        Raises:
            SystemExit: If one was asked to; its code names the signal.
        """
        # Nothing is saved here: the weights in the model may be averaged ones.
        if self._previous and self._is_saved(runner.iter) and (number := self._agreed()):
            self._save_and_exit(runner, runner.iter, number)

    def after_val_epoch(self, runner: Runner, metrics: dict | None = None) -> None:
        """Save and exit where a process was asked to during the validation.

        Args:
            runner (Runner): The runner.
            metrics (dict, optional): Not used.

        Raises:
            SystemExit: If one was asked to; its code names the signal.
        """
        if self._previous and (number := self._agreed()):
            self._save_and_exit(runner, runner.iter, number)

    def after_train(self, runner: Runner) -> None:
        """Stop to listen.

        Args:
            runner (Runner): The runner.
        """
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous = {}

    def _take(self, number: int, frame: FrameType | None) -> None:
        """Take note of a signal; it may come at any place, so no more than that.

        But where the next batch is waited for, which may never come, an iteration has ended.
        """
        self._received = number
        runner = self._runner
        if get_world_size() == 1 and is_waited_for(runner.train_dataloader):
            self._save_and_exit(runner, runner.iter, number)

    def _agreed(self) -> int:
        """The signal that one of the processes got; 0 for none."""
        if get_world_size() == 1:
            return self._received
        received = torch.tensor(self._received)
        all_reduce(received, op="max")
        return int(received)

    def _is_saved(self, iteration: int) -> bool:
        """Whether this process's training saved the state after so many iterations."""
        name = self._checkpoint_hook.filename_tmpl.format(iteration)
        last = self._checkpoint_hook.last_ckpt
        return last is not None and Path(last).name == name

    def _save_and_exit(self, runner: Runner, iteration: int, number: int) -> None:
        """Save the state after so many iterations, and exit when it is on the disk."""
        if iteration and not self._is_saved(iteration):
            meta = {"epoch": runner.epoch, "iter": iteration}
            self._checkpoint_hook._save_checkpoint_with_step(runner, iteration, meta)
        barrier()  # a launcher ends all processes when the first has left
        self.after_train(runner)
        status = 128 + number
        saved = f"saved as {self._checkpoint_hook.last_ckpt}; go on with --resume"
        runner.logger.warning(
            f"{signal.Signals(number).name}: stopped after iteration {iteration}, "
            f"{saved if iteration else 'nothing to save'} (exit status {status})"
        )
        raise SystemExit(status)

    def _protect_workers(self, loader: DataLoader) -> None:
        """Let the workers of a data loader, which start later, outlive the signals."""
        loader.worker_init_fn = functools.partial(
            start_signal_ignoring_worker, signals=tuple(self.signals), start=loader.worker_init_fn
        )


def _checkpoint_hook(runner: Runner) -> CheckpointHook:
    """The hook that saves the checkpoints."""
    for hook in runner.hooks:
        if isinstance(hook, CheckpointHook) and not hook.by_epoch:
            return hook
    raise ValueError(
        "GracefulStopHook saves with CheckpointHook(by_epoch=False), which is not among the hooks: "
        "add it, or leave GracefulStopHook out"
    )
