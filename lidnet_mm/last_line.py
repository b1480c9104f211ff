"""The one line that matters where a tool fails, also below the traceback of ``mim``.

``mim`` starts a tool as a process of its own. Where that ends with an error, ``mim`` adds some
twenty lines about itself, which nobody needs. What it adds cannot be kept from the terminal, so
the line is written at once, and again when ``mim`` has ended.
"""

import os
import select
import sys
from pathlib import Path

PATIENCE = 10
"""Seconds to wait for the end of ``mim``."""

MOST_ANCESTORS = 4
"""``mim`` is the parent of a tool, or of the launcher that starts it."""


def say_error(error: Exception | str) -> None:
    """Write ``error: ...`` as the last line of a tool, which has to end afterwards.

    Args:
        error (Exception | str): What was wrong, where, and what to do.
    """
    line = f"error: {error}\n"
    sys.stdout.flush()
    sys.stderr.write(line)
    sys.stderr.flush()
    caller = _mim()
    if caller is not None:
        _write_after(caller, line.encode())


def _mim() -> int | None:
    """Process of the ``mim`` that started this one; None where it was started otherwise."""
    process = os.getppid()
    for _ in range(MOST_ANCESTORS):
        try:
            words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
            status = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
        except OSError:  # not Linux, or gone
            return None
        if any(Path(os.fsdecode(word)).name == "mim" for word in words[:3]):
            return process
        process = int(status.rpartition(")")[2].split()[1])
    return None


def _write_after(process: int, line: bytes) -> None:
    """Leave a process behind that writes a line when another has ended."""
    try:
        handle = os.pidfd_open(process)
    except OSError:  # gone, or an old kernel
        return
    if os.fork() == 0:
        try:  # system calls alone: other threads of this process are not here
            select.select([handle], [], [], PATIENCE)
            os.write(2, line)
        finally:
            os._exit(0)
    os.close(handle)
