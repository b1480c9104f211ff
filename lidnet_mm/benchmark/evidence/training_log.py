"""Loss curves from the log that MMEngine writes beside a training."""

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.logging import print_log

SCALARS = "vis_data/scalars.json"
COUNTS = ("iter", "step", "phase")
"""Whole numbers of an entry."""


class NothingLoggedError(ValueError):
    """A training logged no loss, as one that is shorter than the interval of its log."""


@dataclass(frozen=True)
class Curves:
    """What one training logged.

    Attributes:
        label (str): Name in a report, such as ``LIDnet, seed 0``.
        iterations (np.ndarray): (n,) logged iterations, increasing.
        phases (np.ndarray): (n,) number of the phase (1 to 3) each belongs to, 0 where the training
            has no phases.
        losses (dict[str, np.ndarray]): (n,) each, those of a critic and its Wasserstein estimate
            among them, NaN where an iteration did not log it.
        validation (dict[str, tuple[np.ndarray, np.ndarray]]): Iterations and values of each metric.
        method (str): Method that it trains, such as ``lidnet``; empty where it is none of a table.
        group (str): What it is drawn together with in figure 3, such as data set and denoiser.
        judged (dict[str, tuple[np.ndarray, np.ndarray]]): Iterations and per cent of ``AP50`` and
            ``AP75`` by the frozen judge on the test set, where checkpoints were scored.
        seed (int | None): Of a training of a table; None elsewhere.
    """

    label: str
    iterations: np.ndarray
    phases: np.ndarray
    losses: dict[str, np.ndarray]
    validation: dict[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    method: str = ""
    group: str = ""
    judged: dict[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    seed: int | None = None


def read_training_log(path: str | Path, label: str) -> Curves:
    """Read the curves of a training, over all its resumes.

    Args:
        path (str | Path): A ``scalars.json``, or a work folder with ``*/vis_data/scalars.json``.
            Where runs overlap, as after a resume, the later run counts.
        label (str): Name of the training in a report.

    Returns:
        Curves: Losses over iterations, and validation metrics.

    Raises:
        FileNotFoundError: If there is no such folder or file.
        NothingLoggedError: If it has no log, or one without a loss.
        ValueError: If a line is no JSON object of a training (other than a last line cut short).
    """
    training: dict[int, dict] = {}
    validation: dict[int, dict] = {}
    for entry in (entry for file in _log_files(Path(path)) for entry in _entries(file)):
        if "iter" in entry:
            training[entry["iter"]] = entry
        elif "step" in entry:
            validation[entry["step"]] = entry
    if not any("loss" in name for entry in training.values() for name in entry):
        raise NothingLoggedError(
            f"{path} logs no loss; is it the log of a training, and one of more iterations than "
            "default_hooks.logger.interval?"
        )
    iterations = sorted(training)
    rows = [training[iteration] for iteration in iterations]
    names = [name for name in _names(rows) if "loss" in name or name.startswith("critic.")]
    return Curves(
        label,
        np.array(iterations),
        np.array([row.get("phase", 0) for row in rows], dtype=int),
        {name: _column(rows, name) for name in names},
        _validation_curves(validation),
    )


def _log_files(path: Path) -> list[Path]:
    """Logs of a work folder, oldest run first: their folders are named by time."""
    if path.is_file():
        return [path]
    files = sorted(path.glob(f"*/{SCALARS}")) or sorted(path.glob(SCALARS))
    if not files and not path.is_dir():
        raise FileNotFoundError(f"there is no {path}: give the work dir of a training")
    if not files:
        raise NothingLoggedError(
            f"no {SCALARS} in {path} or its run folders; was it trained, for more iterations than "
            "default_hooks.logger.interval?"
        )
    return files


def _entries(file: Path) -> Iterable[dict]:
    """Entries of one log; a last line that a killed run cut short is left out."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{file} is no log of a training ({error}): give the work dir of a training"
        ) from error
    for number, line in enumerate(lines, start=1):
        try:
            entry = json.loads(line)
            if not isinstance(entry, dict):
                raise ValueError("not an object")
            for name in COUNTS:
                if not isinstance(entry.get(name, 0), int):
                    raise ValueError(f"{name} is no whole number")
        except (ValueError, RecursionError) as error:
            if number == len(lines) and not line.endswith("\n"):
                print_log(f"{file}: last line is cut short, left out", "current", logging.WARNING)
                return
            raise ValueError(f"{file}, line {number} is no JSON object: {error}") from error
        yield entry


def _names(rows: Iterable[dict]) -> list[str]:
    """Names of numbers in any of the rows, in order of appearance."""
    found: dict[str, None] = {}
    for row in rows:
        found.update({name: None for name, value in row.items() if _is_number(value)})
    return [name for name in found if name not in ("iter", "step", "epoch")]


def _column(rows: list[dict], name: str) -> np.ndarray:
    """One scalar over the rows, NaN where it is absent."""
    values = [row.get(name, np.nan) for row in rows]
    return np.array([value if _is_number(value) else np.nan for value in values], dtype=float)


def _validation_curves(entries: dict[int, dict]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Each validation metric with the iterations that measured it."""
    steps = np.array(sorted(entries))
    rows = [entries[step] for step in steps]
    columns = {name: _column(rows, name) for name in _names(rows)}
    return {
        name: (steps[~np.isnan(values)], values[~np.isnan(values)])
        for name, values in columns.items()
    }


def _is_number(value: Any) -> bool:
    """Whether a logged value is a scalar."""
    return isinstance(value, int | float) and not isinstance(value, bool)
