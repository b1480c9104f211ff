"""A lock on a folder, so that of several processes one does what the others wait for."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lidnet_mm.output_path import open_lock

LOCK = ".lock"

POLL = 0.5
"""Seconds between two tries to get a folder that another process holds."""


@contextmanager
def folder_lock(
    folder: Path,
    on_wait: Callable[[], None] = lambda: None,
    while_waiting: Callable[[], None] = lambda: None,
) -> Iterator[int]:
    """Hold a folder.

    Processes that inherit the descriptor hold the folder, too: a training whose starter was killed
    keeps others out until it ends.

    Args:
        folder (Path): The folder; created where absent.
        on_wait (Callable[[], None]): Called once if another process holds it, before waiting.
        while_waiting (Callable[[], None]): Called before each further try; what it raises ends the
            wait.

    Yields:
        int: Descriptor to hand to child processes.

    Raises:
        OSError: If the file system knows no locks.
        OutputPathError: If the file of the lock is a link.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = open_lock(folder / LOCK)
    try:
        if not _taken(descriptor):
            on_wait()
            while not _taken(descriptor):  # A lock that blocks would be deaf to signals.
                while_waiting()
                time.sleep(POLL)
        yield descriptor
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    """Take the lock, unless another process holds it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
