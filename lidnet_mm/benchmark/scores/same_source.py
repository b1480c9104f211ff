"""Refuses to put rows beside each other that were not made alike."""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from lidnet_mm.atomic_write import write_whole
from lidnet_mm.benchmark.note_file import read_note
from lidnet_mm.benchmark.scores.results import ResultRow
from lidnet_mm.benchmark.scores.run_environment import UNKNOWN

MIXTURES = "mixtures.json"
"""File beside ``results.json`` that tells what :func:`training_mixtures` found, if anything."""

MIXED = "--allow-mixed"
COLLECT_AGAIN = "collect the results again"
"""Option that allows it."""


MOST_NAMES = 3
"""Rows that a message names of those that are alike."""


class MixedResultsError(ValueError):
    """Rows are of several commits of the code or of several HU windows."""


class RowSource(NamedTuple):
    """A row and the commits of what it rests on.

    Attributes:
        row (ResultRow): The row, with the commit that scored it.
        trainings (dict[str, tuple[str, ...]]): Commits of its training, T1 and judge, by what each
            is called.
        processes (tuple[int, ...]): Numbers of processes that its training ran as; none where
            they are not known, or where nothing was trained.
    """

    row: ResultRow
    trainings: dict[str, tuple[str, ...]]
    processes: tuple[int, ...] = ()


def check_commits(rows: Iterable[ResultRow]) -> None:
    """Refuse rows that were scored by several versions of the code.

    Args:
        rows (Iterable[ResultRow]): Rows of a matrix.

    Raises:
        MixedResultsError: If they are; the message names the rows of each commit.
    """
    _check(rows, lambda row: row.commit, "commits of the code")


def check_trainings(sources: Iterable[RowSource]) -> None:
    """Refuse rows not trained by the version of the code that scored them, or not all alike.

    Args:
        sources (Iterable[RowSource]): Rows of a matrix with what they rest on.

    Raises:
        MixedResultsError: If there are any; the message names them, and the commits.
    """
    if found := training_mixtures(sources):
        raise MixedResultsError(
            f"{'. '.join(found)}. Delete the folders of those that are to be made anew, or give "
            f"{MIXED} to take them as they are"
        )


def training_mixtures(sources: Iterable[RowSource]) -> list[str]:
    """What was trained at another commit than it was scored, or as other numbers of processes.

    A process has a batch of its own: twice the processes train with twice the batch.

    Args:
        sources (Iterable[RowSource]): Rows with what they rest on. An unknown commit of a training
            is no other one, nor is an unknown number of processes.

    Returns:
        list[str]: At most a text for the commits and one for each data set whose trainings differ
        in processes, without a full stop; each names some of the rows.
    """
    sources = list(sources)
    return [*_other_commits(sources), *_other_processes(sources)]


def _other_commits(sources: Sequence[RowSource]) -> list[str]:
    """What was trained at another commit than it was scored: one text, or none."""
    found: dict[str, dict[str, None]] = {}
    for row, trainings, _ in sources:
        for what, commits in trainings.items():
            if set(commits) - {row.commit, UNKNOWN}:
                key = f"{what} at {' and '.join(commits)}, score at {row.commit}"
                found.setdefault(key, {})[_name(row)] = None
    parts = [f"{key} ({_listed(list(names))})" for key, names in found.items()]
    what = "Trained and scored at different commits of the code"
    return [f"{what}: {'; '.join(parts)}"] if parts else []


def _other_processes(sources: Sequence[RowSource]) -> list[str]:
    """A text for each data set whose trainings did not all run as so many processes."""
    found: dict[str, dict[tuple[int, ...], dict[str, None]]] = {}
    for row, _, processes in sources:
        if processes:
            found.setdefault(row.dataset, {}).setdefault(processes, {})[_name(row)] = None
    return [
        "Trained as different numbers of processes, each with a batch of its own: "
        + "; ".join(
            f"{' and '.join(map(str, processes))} ({_listed(list(names))})"
            for processes, names in groups.items()
        )
        for groups in found.values()
        if len(groups) > 1 or any(len(processes) > 1 for processes in groups)
    ]


def write_mixtures(mixtures: Sequence[str], path: Path) -> None:
    """Write what :func:`training_mixtures` found; where it is nothing, there is no file."""
    if mixtures:
        write_whole(path, (json.dumps(mixtures, indent=2) + "\n").encode())
    else:
        path.unlink(missing_ok=True)


def read_mixtures(path: Path) -> list[str]:
    """What :func:`write_mixtures` wrote; nothing where there is no file."""
    return read_note(path, _texts, COLLECT_AGAIN) or []


def _texts(found: Any) -> list[str]:
    """A list of texts."""
    if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
        raise ValueError("it is no list of texts")
    return found


def check_windows(rows: Iterable[ResultRow]) -> None:
    """Refuse rows whose PSNR, SSIM and RMSE are of different HU windows.

    Args:
        rows (Iterable[ResultRow]): Rows of one table.

    Raises:
        MixedResultsError: If they are; the message names the rows of each window.
    """
    _check(rows, lambda row: f"{row.window_hu} HU", "HU windows")


def _check(rows: Iterable[ResultRow], value_of: Callable[[ResultRow], str], what: str) -> None:
    """Refuse several values."""
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(value_of(row), []).append(_name(row))
    if len(found) > 1:
        parts = [f"{value} ({_listed(names)})" for value, names in found.items()]
        raise MixedResultsError(
            f"the rows are of {len(found)} {what}: {'; '.join(parts)}. Delete the folders of the "
            f"older scores to make them anew, or give {MIXED} to put them beside each other"
        )


def _name(row: ResultRow) -> str:
    """A row in a message."""
    return f"{row.dataset}: {row.method} {row.denoiser} seed {row.seed}"


def _listed(names: list[str]) -> str:
    """The first of some rows."""
    return ", ".join(names[:MOST_NAMES]) + (", ..." if len(names) > MOST_NAMES else "")
