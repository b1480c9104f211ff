"""What a job leaves in its folder beside its results: how long it took, and why it failed."""

import json
from pathlib import Path
from typing import NamedTuple

from lidnet_mm.atomic_write import write_whole
from lidnet_mm.benchmark.note_file import read_note

FAILED = "failed"
"""File with the end of the log of a job that crashed. It stays in the work dir: a log may name
patients."""

FAILURE = "failure.json"
"""File with the exit status of a job that crashed, and the name of its log."""

PROCESSES = "processes.json"
"""File beside it: numbers of processes that a training ran as."""

SECONDS = "seconds.json"
"""File with the time that a job has taken, over all its resumes."""

TAIL = 15
"""Lines of a log that say why a job failed."""


class Failure(NamedTuple):
    """How a job failed, without a word of its log.

    Attributes:
        status (int | None): Exit status of its command; None where no command failed.
        log (str): Name of the file in its folder that says why.
    """

    status: int | None = None
    log: str = FAILED


def log_tail(log: Path) -> str:
    """Last lines of a log; empty where there is none."""
    if not log.is_file():
        return ""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(lines[-TAIL:])


def note_failure(folder: Path, reason: str, failure: Failure | None = None) -> None:
    """Note that a job failed: why, for its user, and how, for a report."""
    write_whole(folder / FAILURE, json.dumps((failure or Failure())._asdict()).encode())
    write_whole(folder / FAILED, f"{reason}\n".encode())


def forget_failure(folder: Path) -> None:
    """Forget a failure, as the job is tried again."""
    (folder / FAILED).unlink(missing_ok=True)
    (folder / FAILURE).unlink(missing_ok=True)


def failure_of(folder: Path) -> str | None:
    """Why the job of a folder failed; None where it did not."""
    note = folder / FAILED
    return note.read_text(encoding="utf-8").strip() if note.is_file() else None


def how_failed(folder: Path) -> Failure | None:
    """How the job of a folder failed; None where it did not."""
    if not (folder / FAILED).is_file():
        return None
    note = folder / FAILURE  # A work dir of an older version has none.
    return read_note(note, lambda content: Failure(**content)) or Failure()


def failed_at(folder: Path) -> float:
    """When the job of a folder failed, seconds since the epoch; 0 where it did not."""
    note = folder / FAILED
    return note.stat().st_mtime if note.is_file() else 0.0


def note_processes(folder: Path, processes: int) -> None:
    """Note that a training, or a part of one, runs as so many processes."""
    numbers = dict.fromkeys([*processes_of(folder), processes])
    write_whole(folder / PROCESSES, json.dumps(list(numbers)).encode())


def forget_processes(folder: Path) -> None:
    """Forget those of a training that begins anew."""
    (folder / PROCESSES).unlink(missing_ok=True)


def processes_of(folder: Path) -> tuple[int, ...]:
    """Numbers of processes that a training ran as, each once; none where nobody noted them."""
    return read_note(folder / PROCESSES, lambda numbers: tuple(map(int, numbers))) or ()


def add_seconds(folder: Path, seconds: float) -> None:
    """Add to the time that the job of a folder has taken."""
    total = (seconds_of(folder) or 0.0) + seconds
    write_whole(folder / SECONDS, json.dumps({"seconds": round(total, 3)}).encode())


def seconds_of(folder: Path) -> float | None:
    """Time that the job of a folder has taken; None where nobody measured."""
    return read_note(folder / SECONDS, lambda note: float(note["seconds"]))
