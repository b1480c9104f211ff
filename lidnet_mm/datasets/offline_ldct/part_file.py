"""A file that is written bit by bit and appears under its name when it is complete."""

import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from lidnet_mm.whole_file import PART

OWNER = re.compile(rf".+\.(?P<host>[^/]+)-(?P<process>\d+){re.escape(PART)}")
"""Name of an unfinished file; it tells the process that writes it."""


@contextmanager
def written_whole(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for writing under a name of this process; rename it when the block ends well.

    Two processes may write the same file at once: the one that ends last wins.

    Args:
        path: The file; its folder is made where missing.

    Yields:
        The stream. After an error nothing is left, and what was there before is untouched.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{socket.gethostname()}-{os.getpid()}{PART}")
    try:
        with part.open("wb") as stream:
            yield stream
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def remove_abandoned_parts(folder: Path) -> None:
    """Remove unfinished files of processes of this machine that were killed.

    Args:
        folder: Searched with all folders in it.
    """
    for part in folder.rglob(f"*{PART}"):
        match = OWNER.fullmatch(part.name)
        if match and match["host"] == socket.gethostname() and not _runs(int(match["process"])):
            part.unlink(missing_ok=True)


def _runs(process: int) -> bool:
    """Whether a process of this machine is there."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # there, but somebody else's
        return True
    return True
