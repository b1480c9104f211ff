"""Worker processes of a data loader that ignore signals: only their training stops them."""

import os
import signal
import threading
from collections.abc import Callable, Sequence


def start_signal_ignoring_worker(
    worker_id: int, signals: Sequence[signal.Signals], start: Callable[[int], None] | None = None
) -> None:
    """Let a worker process outlive signals that a scheduler or Ctrl-C send to all processes.

    PyTorch's workers die of them, and take the training with them before it could save. SIGTERM of
    the training itself still ends the worker: Python ends its children so, and waits for them.

    Args:
        worker_id (int): Number of the worker.
        signals (Sequence[signal.Signals]): What to ignore.
        start (Callable[[int], None], optional): What else a worker does at its start.
    """
    for number in signals:
        if number is signal.SIGTERM:
            signal.pthread_sigmask(signal.SIG_BLOCK, [number])
            threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
        else:
            signal.signal(number, signal.SIG_IGN)
    if start is not None:
        start(worker_id)


def _end_with_parent(parent: int) -> None:
    """Wait for the SIGTERM of the parent, and no other."""
    while signal.sigwaitinfo([signal.SIGTERM]).si_pid != parent:
        pass
    os._exit(0)
