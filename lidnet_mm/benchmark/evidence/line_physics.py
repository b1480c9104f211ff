"""Noise and sharpness of the lines of a report, from what each test left in ``physics.json``."""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from lidnet_mm.atomic_write import write_whole
from lidnet_mm.benchmark.evidence.evidence import LineKey, line_key
from lidnet_mm.benchmark.scores.results import ResultRow
from lidnet_mm.damaged_file import damage_told
from lidnet_mm.evaluation.physics_file import read_physics

PHYSICS = "physics.json"
"""What a test leaves beside its score."""

PHYSICS_LINES = "physics_lines.json"
"""Values of all lines, beside ``results.json``."""

NOISE, SOFT, AIR = "noise", "soft", "air"
"""Names of curves: noise power spectrum, transfer functions of both kinds of edges."""


@dataclass(frozen=True)
class LinePhysics:
    """What the tests of a line measured.

    Attributes:
        key (LineKey): The line.
        values (dict[str, tuple[float | None, ...]]): Results of ``PhysicsMetric`` without prefix,
            one a seed; None is not known.
        curves (dict[str, tuple[np.ndarray, np.ndarray]]): Frequencies (K,) in cycles/mm and curve
            (K,) of x̂, mean over seeds, NaN where no seed knows it: ``noise`` in HU² mm², ``soft``
            and ``air`` 1 at frequency 0.
    """

    key: LineKey
    values: dict[str, tuple[float | None, ...]]
    curves: dict[str, tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Physics:
    """All of a report.

    Attributes:
        lines (tuple[LinePhysics, ...]): One a line, in the order of the rows.
        missing (tuple[str, ...]): Rows whose test left nothing.
    """

    lines: tuple[LinePhysics, ...] = field(default=())
    missing: tuple[str, ...] = field(default=())


def gather_physics(scored: Iterable[tuple[str, ResultRow, Path]]) -> Physics:
    """Read what tests left.

    Args:
        scored (Iterable[tuple[str, ResultRow, Path]]): Label, row and file of each score. A test
            of an older version has left no file.

    Returns:
        Physics: Means over seeds.

    Raises:
        ValueError: If a file holds something else, or the seeds of a line have been measured at
            different frequencies.
    """
    runs: dict[LineKey, list[dict[str, Any]]] = {}
    missing = []
    for label, row, path in scored:
        if path.is_file():
            runs.setdefault(line_key(row), []).append(read_physics(path))
        else:
            missing.append(label)
    return Physics(tuple(_line(key, found) for key, found in runs.items()), tuple(missing))


def write_physics_lines(lines: Iterable[LinePhysics], path: Path) -> None:
    """Write the values of lines, without their curves, whole or not at all.

    Args:
        lines (Iterable[LinePhysics]): The lines.
        path (Path): A json file, such as ``physics_lines.json`` beside ``results.json``.
    """
    content = [{"key": line.key, "values": line.values} for line in lines]
    write_whole(path, (json.dumps(content, indent=1, allow_nan=False) + "\n").encode())


def read_physics_lines(path: Path) -> Physics:
    """Read them back.

    Args:
        path (Path): The file.

    Returns:
        Physics: Nothing where there is no such file.

    Raises:
        ValueError: If the file holds something else; the message names it.
    """
    if not path.is_file():
        return Physics()
    with damage_told(path, "collect the results again", "holds no noise and sharpness"):
        content = json.loads(path.read_text(encoding="utf-8"))
        lines = [
            LinePhysics(
                LineKey(*entry["key"]),
                {name: tuple(values) for name, values in entry["values"].items()},
                {},
            )
            for entry in content
        ]
    return Physics(tuple(lines))


def _line(key: LineKey, seeds: Sequence[dict[str, Any]]) -> LinePhysics:
    """Seeds of a line together."""
    names = dict.fromkeys(name for found in seeds for name in found["values"])
    values = {name: tuple(_known(found["values"].get(name)) for found in seeds) for name in names}
    parts = {NOISE: [found["noise"] for found in seeds]}
    parts |= {kind: [found["edges"][kind] for found in seeds] for kind in (SOFT, AIR)}
    return LinePhysics(key, values, {name: _mean(key, found) for name, found in parts.items()})


def _known(value: float | None) -> float | None:
    """A value, None for NaN."""
    return value if value is not None and math.isfinite(value) else None


def _mean(key: LineKey, curves: Sequence[dict[str, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies and mean over those seeds that know the curve there."""
    frequency = curves[0]["frequency"]
    if any(not np.array_equal(curve["frequency"], frequency) for curve in curves):
        raise ValueError(
            f"the seeds of {key.method}, {key.denoiser} have been measured at different "
            "frequencies: score them again with one patch_mm of PhysicsMetric"
        )
    values = np.stack([curve["denoised"] for curve in curves])
    known = np.isfinite(values)
    count = known.sum(axis=0)
    total = np.where(known, values, 0).sum(axis=0)
    return frequency, np.where(count > 0, total / np.maximum(count, 1), math.nan)
