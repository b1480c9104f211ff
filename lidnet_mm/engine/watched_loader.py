"""Data loaders whose wait for a batch has an end, and a reason."""

import functools
import shutil
from collections.abc import Callable, Iterator
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any

from torch._utils import ExceptionWrapper
from torch.utils.data import DataLoader

SHARED = Path("/dev/shm")
"""Memory through which batches pass from worker processes; a container has 64 MB by default."""

KEPT = "where a worker hands a batch over"
"""Where an error happened, in its message."""

FAILURES = (KEPT, "DataLoader worker (pid", "DataLoader timed out", "unable to allocate shared mem")
"""What messages hold where no batch comes any more; the last three are PyTorch's."""


class LostBatchError(RuntimeError):
    """Worker processes bring no batch any more; the message says why and what to do."""


class WatchedBatches:
    """Batches of a data loader.

    Args:
        batches (Iterator): The loader's own iterator.
        name (str): The loader's name in the config, for messages.

    Attributes:
        waiting (bool): Whether a batch of worker processes is waited for just now.
    """

    def __init__(self, batches: Iterator, name: str) -> None:
        self.waiting = False
        self._batches, self._name = batches, name

    def __iter__(self) -> "WatchedBatches":
        return self

    def __next__(self) -> Any:
        """The next batch.

        Raises:
            LostBatchError: If the worker processes died, or bring none in time.
        """
        self.waiting = True
        try:
            return next(self._batches)
        except RuntimeError as error:
            if any(failure in str(error) for failure in FAILURES):
                raise LostBatchError(_what_to_do(self._name, error)) from error
            raise
        finally:
            self.waiting = False


class WatchedLoader(DataLoader):
    """A data loader whose batches are :class:`WatchedBatches`; made by :func:`watch`."""

    def __iter__(self) -> WatchedBatches:
        """Begin to load."""
        self.batches = WatchedBatches(super().__iter__(), self.name)
        return self.batches


def watch(loader: DataLoader, name: str, timeout: float) -> None:
    """Let a data loader that has worker processes end where no batch comes any more.

    PyTorch's own waits forever where a worker cannot hand a batch over, as with a full
    ``/dev/shm``: the error stays in the worker, which goes on with the next batch.

    Args:
        loader (DataLoader): The loader, before its workers start; it becomes a
            :class:`WatchedLoader`.
        name (str): Its name in the config, for messages.
        timeout (float): Longest wait for a batch in seconds; 0 for no limit.
    """
    if loader.num_workers == 0 or isinstance(loader, WatchedLoader):
        return
    loader.timeout = timeout
    loader.worker_init_fn = functools.partial(_start_worker, start=loader.worker_init_fn)
    kind = type(loader)
    loader.name = name
    loader.__class__ = (
        WatchedLoader if kind is DataLoader else type(kind.__name__, (WatchedLoader, kind), {})
    )


def is_waited_for(loader: DataLoader) -> bool:
    """Whether a batch of a loader's worker processes is waited for just now.

    Args:
        loader (DataLoader): Any loader.

    Returns:
        bool: False for loaders that are not watched, too.
    """
    batches = getattr(loader, "batches", None)
    return isinstance(batches, WatchedBatches) and batches.waiting


def _start_worker(worker_id: int, start: Callable[[int], None] | None) -> None:
    """What a worker does first."""
    Queue._on_queue_feeder_error = _hand_over_the_error
    if start is not None:
        start(worker_id)


def _hand_over_the_error(queue: Queue, error: Exception, batch: tuple[int, Any]) -> None:
    """Put what kept a batch back in its place; a method of the queue, in worker processes only."""
    number, _ = batch
    cause = (RuntimeError, RuntimeError(str(error)), error.__traceback__)
    queue.put((number, ExceptionWrapper(cause, where=KEPT)))


def _what_to_do(name: str, error: Exception) -> str:
    """Why there is no batch, and what to do."""
    reason = str(error).strip().splitlines()[-1]
    return (
        f"no batch comes from the workers of {name} any more ({reason}). They hand batches over in "
        f"{SHARED}, which {_space()}: in a container start it with --shm-size=8g, or load without "
        f"workers: --cfg-options {name}.num_workers=0 {name}.persistent_workers=False. If only the "
        "disk is slow, wait longer: default_hooks.loader_watch.timeout=SECONDS"
    )


def _space() -> str:
    """What is left of the shared memory."""
    if not SHARED.is_dir():
        return "is not there"
    usage = shutil.disk_usage(SHARED)
    return f"has {usage.free / 1e6:.0f} of {usage.total / 1e6:.0f} MB free"
