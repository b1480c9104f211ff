"""Which commits of the code a training was made by: one a part, where it was resumed."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from lidnet_mm.atomic_write import write_whole
from lidnet_mm.benchmark.matrix.stage import Training
from lidnet_mm.benchmark.note_file import read_note
from lidnet_mm.benchmark.scores.run_environment import UNKNOWN

COMMITS = "commits.json"
"""File beside the done mark of a training; those of an older version have none."""


class TrainingCommits(NamedTuple):
    """Commits of a training.

    Attributes:
        own (tuple[str, ...]): Of its parts, each once, in their order.
        pretraining (tuple[str, ...]): Of the shared T1 that it began after, whose folder may be
            gone; empty where there is none.
    """

    own: tuple[str, ...]
    pretraining: tuple[str, ...] = ()


def note_part(training: Training, commit: str) -> None:
    """Note the commit of a part of a training, before it begins.

    Args:
        training (Training): The training. Where it has no checkpoint it begins anew, and what was
            noted is forgotten.
        commit (str): Commit of the code that runs.
    """
    noted = _read(training.folder) if training.checkpoint is not None else None
    if noted is None:
        before = () if training.checkpoint is None else (UNKNOWN,)
        shared = training.pretraining
        noted = TrainingCommits(before, commits_of(shared).own if shared else ())
    own = list(dict.fromkeys([*noted.own, commit]))
    content = {"commits": own, "pretraining": list(noted.pretraining)}
    write_whole(training.folder / COMMITS, (json.dumps(content) + "\n").encode())


def commits_of(training: Training) -> TrainingCommits:
    """Commits of a training.

    Args:
        training (Training): A training, whose folder may be gone.

    Returns:
        TrainingCommits: ``unknown`` where nothing is noted.
    """
    return _read(training.folder) or TrainingCommits((UNKNOWN,))


def _read(folder: Path) -> TrainingCommits | None:
    """What is noted in a folder, if anything."""
    return read_note(folder / COMMITS, _commits)


def _commits(content: Mapping[str, list[str]]) -> TrainingCommits:
    """Commits from what the file holds."""
    own, shared = content["commits"], content["pretraining"]
    return TrainingCommits(tuple(map(str, own)), tuple(map(str, shared)))
