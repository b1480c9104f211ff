"""Signals to a process and all that it started."""

import contextlib
import os
import signal
from pathlib import Path
from typing import NamedTuple

PROCESSES = Path("/proc")
"""Where the system lists its processes; without it those in groups of their own are not found."""


class _Listed(NamedTuple):
    """A process of the system."""

    number: int
    parent: int
    group: int


def signal_group(group: int, number: int) -> None:
    """Send a signal to a group of processes, unless all have ended.

    SIGKILL also goes to the groups of what they started: torchrun gives each process of a training
    one of its own, and a killed torchrun cannot end them.

    Args:
        group (int): The group.
        number (int): The signal.
    """
    groups = [group, *(_groups_below(group) if number == signal.SIGKILL else ())]
    for each in groups:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(each, number)


def _groups_below(group: int) -> set[int]:
    """Other groups of the processes that a group started, and those started."""
    listed = [found for path in PROCESSES.glob("[0-9]*/stat") if (found := _read(path))]
    family = {process.number for process in listed if process.group == group}
    while more := {p.number for p in listed if p.parent in family} - family:
        family |= more
    return {process.group for process in listed if process.number in family} - {group}


def _read(path: Path) -> _Listed | None:
    """A process; None where it has ended meanwhile."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    _, parent, group = text.rpartition(")")[2].split()[:3]  # behind its name: state, parent, group
    return _Listed(int(path.parent.name), int(parent), int(group))
