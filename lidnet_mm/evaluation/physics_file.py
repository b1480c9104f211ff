"""``physics.json``: noise power spectra and task transfer functions of a scoring, to be drawn."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lidnet_mm.atomic_write import write_whole
from lidnet_mm.damaged_file import damage_told

UNITS = {"frequency": "cycles/mm", "noise": "HU^2 mm^2", "edges": "1 at frequency 0"}


def write_physics(
    path: Path,
    values: Mapping[str, float],
    noise: Mapping[str, np.ndarray],
    edges: Mapping[str, Mapping[str, np.ndarray]],
) -> None:
    """Write curves and values, whole or not at all.

    Args:
        path (Path): The file; its folder is created.
        values (Mapping[str, float]): Results of ``PhysicsMetric`` without their prefix.
        noise (Mapping[str, np.ndarray]): ``frequency`` (K,) in cycles/mm, and the noise power
            spectra (K,) of ``denoised`` and ``ldct`` in HU² mm².
        edges (Mapping[str, Mapping[str, np.ndarray]]): For each kind of edge, ``soft`` and ``air``,
            ``frequency`` (F,) and the task transfer functions (F,) of ``denoised``, ``ldct`` and
            ``ndct``.

    Raises:
        OSError: If it cannot be written.
    """
    content = {
        "units": UNITS,
        "values": {name: _number(value) for name, value in values.items()},
        "noise": _lists(noise),
        "edges": {kind: _lists(curves) for kind, curves in edges.items()},
    }
    write_whole(path, (json.dumps(content, allow_nan=False) + "\n").encode())


def read_physics(path: Path) -> dict[str, Any]:
    """Read the file back.

    Args:
        path (Path): A file of :func:`write_physics`.

    Returns:
        dict[str, Any]: ``values``, ``noise`` and ``edges`` as they were given to it, NaN where
            something is not known.

    Raises:
        DamagedFileError: If it holds something else.
    """
    with damage_told(path, "score it again", "holds no noise and edges"):
        content = json.loads(path.read_text(encoding="utf-8"))
        return {
            "values": {n: math.nan if v is None else v for n, v in content["values"].items()},
            "noise": _arrays(content["noise"]),
            "edges": {kind: _arrays(curves) for kind, curves in content["edges"].items()},
        }


def _number(value: float) -> float | None:
    """A number as JSON has it, which knows no NaN."""
    return value if math.isfinite(value) else None


def _lists(curves: Mapping[str, np.ndarray]) -> dict[str, list[float | None]]:
    """Curves as lists, seven digits long."""
    return {
        name: [_number(float(f"{value:.7g}")) for value in curve] for name, curve in curves.items()
    }


def _arrays(curves: Mapping[str, list[float | None]]) -> dict[str, np.ndarray]:
    """Lists as curves, NaN for null."""
    return {name: np.array(curve, dtype=np.float64) for name, curve in curves.items()}
