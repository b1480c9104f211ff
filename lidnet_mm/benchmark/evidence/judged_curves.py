"""AP by the frozen judge along trainings (figure 3), as it is kept beside ``results.json``."""

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from lidnet_mm.atomic_write import write_whole
from lidnet_mm.benchmark.evidence.training_log import Curves
from lidnet_mm.damaged_file import damage_told

JUDGED_CURVES = "judged_curves.json"


def write_judged_curves(curves: Iterable[Curves], path: Path) -> None:
    """Write what the judge said along trainings, without their losses, whole or not at all.

    Args:
        curves (Iterable[Curves]): Trainings; those of which no checkpoint was scored are left out.
        path (Path): A json file, such as ``judged_curves.json`` beside ``results.json``.
    """
    content = [
        {
            "label": training.label,
            "method": training.method,
            "group": training.group,
            "seed": training.seed,
            "judged": {
                name: {"iterations": steps.tolist(), "per_cent": values.tolist()}
                for name, (steps, values) in training.judged.items()
            },
        }
        for training in curves
        if training.judged
    ]
    write_whole(path, (json.dumps(content, indent=1, allow_nan=False) + "\n").encode())


def read_judged_curves(path: Path) -> list[Curves]:
    """Read it back.

    Args:
        path (Path): The file.

    Returns:
        list[Curves]: Trainings without losses; none where there is no such file.

    Raises:
        ValueError: If the file holds something else; the message names it.
    """
    if not path.is_file():
        return []
    with damage_told(path, "collect the results again", "holds no AP along trainings"):
        return [_curves(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]


def _curves(
    label: str, method: str, group: str, seed: int | None, judged: dict[str, dict[str, list]]
) -> Curves:
    """A training of which nothing but the judge's scores is known."""
    nothing = np.array([], dtype=int)
    points = {
        name: (np.array(found["iterations"]), np.array(found["per_cent"], dtype=float))
        for name, found in judged.items()
    }
    return Curves(label, nothing, nothing, {}, method=method, group=group, judged=points, seed=seed)
