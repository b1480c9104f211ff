"""What a job leaves in its folder beside its results: how long it took, and why it failed."""

import json
from pathlib import Path

from lidnet_mm.whole_file import write_whole

FAILED = "failed"
"""File with the end of the log of a job that crashed."""

SECONDS = "seconds.json"
"""File with the time that a job has taken, over all its resumes."""

TAIL = 15
"""Lines of a log that say why a job failed."""


def log_tail(log: Path) -> str:
    """Last lines of a log; empty where there is none."""
    if not log.is_file():
        return ""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(lines[-TAIL:])


def note_failure(folder: Path, reason: str) -> None:
    """Note why a job failed."""
    write_whole(folder / FAILED, f"{reason}\n".encode())


def forget_failure(folder: Path) -> None:
    """Forget a failure, as the job is tried again."""
    (folder / FAILED).unlink(missing_ok=True)


def failure_of(folder: Path) -> str | None:
    """Why the job of a folder failed; None where it did not."""
    note = folder / FAILED
    return note.read_text(encoding="utf-8").strip() if note.is_file() else None


def failed_at(folder: Path) -> float:
    """When the job of a folder failed, seconds since the epoch; 0 where it did not."""
    note = folder / FAILED
    return note.stat().st_mtime if note.is_file() else 0.0


def add_seconds(folder: Path, seconds: float) -> None:
    """Add to the time that the job of a folder has taken."""
    total = (seconds_of(folder) or 0.0) + seconds
    write_whole(folder / SECONDS, json.dumps({"seconds": round(total, 3)}).encode())


def seconds_of(folder: Path) -> float | None:
    """Time that the job of a folder has taken; None where nobody measured."""
    note = folder / SECONDS
    return json.loads(note.read_text(encoding="utf-8"))["seconds"] if note.is_file() else None
