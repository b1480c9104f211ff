"""Unfinished files of processes that were killed."""

import os
import re
import socket
from pathlib import Path

from lidnet_mm.atomic_write import PART

OWNER = re.compile(rf".+\.(?P<host>[^/]+)-(?P<process>\d+){re.escape(PART)}")
"""Name of an unfinished file of ``written_whole``; it tells the process that writes it."""


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
