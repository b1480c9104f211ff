"""``details.json``: all values of a test run, beyond the eight of its row in ``results.json``."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from lidnet_mm.atomic_write import write_whole
from lidnet_mm.benchmark.note_file import read_note


class LesionCounts(NamedTuple):
    """On how many lesions texture differences rest.

    Attributes:
        measured (int): Lesions measured.
        skipped (int): Lesions left out: too small, or of a single grey level.
        flattened (int): Part of the skipped: texture in NDCT that the denoiser wiped out.
    """

    measured: int
    skipped: int
    flattened: int

    def __str__(self) -> str:
        return f"{self.measured} / {self.skipped} / {self.flattened}"


def write_details(scores: Mapping[str, float | str], path: Path) -> None:
    """Write all values of a test run, whole or not at all.

    Args:
        scores (Mapping[str, float | str]): Results of ``Runner.test()``; numbers that are not
            finite become ``null``, as JSON knows none.
        path (Path): The file; its folder is created.
    """
    known = {name: _json_value(value) for name, value in scores.items()}
    write_whole(path, (json.dumps(known, indent=2, allow_nan=False) + "\n").encode())


def _json_value(value: float | str) -> float | str | None:
    """A text as it is; a number, None where it is not finite."""
    if isinstance(value, str):
        return value
    return float(value) if math.isfinite(value) else None


def read_lesion_counts(path: Path) -> LesionCounts | None:
    """Lesion counts in a ``details.json``.

    Args:
        path (Path): The file.

    Returns:
        LesionCounts | None: None where there is no such file, or no counts in it.
    """
    return read_note(path, _counts)


def _counts(values: Mapping[str, float | str | None]) -> LesionCounts | None:
    """The counts among all values."""
    names = ("radiomics/num_rois", "radiomics/num_skipped", "radiomics/num_flattened")
    if any(values.get(name) is None for name in names):
        return None
    return LesionCounts(*(int(values[name]) for name in names))
