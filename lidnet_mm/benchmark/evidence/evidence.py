"""How sure results are: differences with intervals, FROC, lesions by size, kept beside results."""

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lidnet_mm.atomic_write import write_whole
from lidnet_mm.benchmark.evidence.bootstrap import Difference
from lidnet_mm.benchmark.scores.results import ResultRow
from lidnet_mm.benchmark.scores.row_titles import RowKey, row_key
from lidnet_mm.damaged_file import damage_told

EVIDENCE = "evidence.json"

AGAINST = ("baseline", "matched")
"""What LIDnet is compared with: the baseline, and the same generator with the same
reconstruction loss and steps."""

UNCHANGED = "lidnet"
"""What ablations, joint training and LIDnet's GAN form are compared with, too."""

LESION_METRICS = ("lesion_PSNR", "lesion_RMSE")
RATES = tuple(float(rate) for rate in np.geomspace(0.05, 8, 45))
"""False positives a slice at which curves are drawn."""


class LineKey(NamedTuple):
    """A line of a report: rows that differ only in seed.

    Attributes:
        dataset (str): Data set and dose.
        judge (str): Scoring detector.
        method (str): Method.
        denoiser (str): Denoiser.
        detector (str): Guiding detector.
    """

    dataset: str
    judge: str
    method: str
    denoiser: str
    detector: str

    @property
    def row_key(self) -> RowKey:
        """Its key within a table."""
        return RowKey(*self[2:])


@dataclass(frozen=True)
class LineDifference:
    """A method less its baseline in one metric.

    Attributes:
        key (LineKey): The method.
        against (str): One of :data:`AGAINST`, or :data:`UNCHANGED`.
        difference (Difference): With its interval.
    """

    key: LineKey
    against: str
    difference: Difference


@dataclass(frozen=True)
class LineDetection:
    """What records tell of a line beyond its row: means over seeds.

    Attributes:
        key (LineKey): The line.
        rates (tuple[float, ...]): False positives a slice, rising.
        sensitivity (tuple[float, ...]): In [0, 1], at each of ``rates``.
        points (tuple[float, ...]): The same at LUNA16's operating points.
        cpm (tuple[float, ...]): Mean of the operating points, one a seed.
        sizes (tuple[tuple[float, float, int, float | None], ...]): Smallest size in mm, size above,
            number of lesions and sensitivity at one false positive a slice.
        metrics (dict[str, float | None]): Of :data:`LESION_METRICS`.
    """

    key: LineKey
    rates: tuple[float, ...]
    sensitivity: tuple[float, ...]
    points: tuple[float, ...]
    cpm: tuple[float, ...]
    sizes: tuple[tuple[float, float, int, float | None], ...]
    metrics: dict[str, float | None]


@dataclass(frozen=True)
class LineMinutes:
    """How long the trainings of a line took.

    Attributes:
        key (LineKey): The line.
        minutes (tuple[float, ...]): Wall clock, one a seed, without judge and T1, which are shared.
    """

    key: LineKey
    minutes: tuple[float, ...]


@dataclass(frozen=True)
class Evidence:
    """All of a report.

    Attributes:
        differences (tuple[LineDifference, ...]): In the order of lines and metrics.
        detections (tuple[LineDetection, ...]): One a line.
        minutes (tuple[LineMinutes, ...]): Lines whose trainings were timed.
    """

    differences: tuple[LineDifference, ...] = field(default=())
    detections: tuple[LineDetection, ...] = field(default=())
    minutes: tuple[LineMinutes, ...] = field(default=())

    def differences_of(self, key: LineKey, metric: str) -> list[LineDifference]:
        """Those of one line in one metric."""
        return [d for d in self.differences if d.key == key and d.difference.metric == metric]

    def detection_of(self, key: LineKey) -> LineDetection | None:
        """What is known of a line."""
        return next((d for d in self.detections if d.key == key), None)

    def minutes_of(self, key: LineKey) -> tuple[float, ...]:
        """How long the trainings of a line took; empty where that is unknown."""
        return next((timed.minutes for timed in self.minutes if timed.key == key), ())


def line_key(row: ResultRow) -> LineKey:
    """Key of the line that a row belongs to."""
    return LineKey(row.dataset, row.judge, *row_key(row))


def main_judges(keys: Iterable[LineKey]) -> dict[str, str]:
    """The first judge of each data set, whose lines stand for images: these are the same for all.

    Args:
        keys (Iterable[LineKey]): Lines, those of a data set's main judge in front.

    Returns:
        dict[str, str]: By data set.
    """
    found: dict[str, str] = {}
    for key in keys:
        found.setdefault(key.dataset, key.judge)
    return found


def write_evidence(evidence: Evidence, path: str | Path) -> None:
    """Write evidence, whole or not at all.

    Args:
        evidence (Evidence): The evidence.
        path (str | Path): A json file, such as ``evidence.json`` beside ``results.json``.
    """
    content = {
        "differences": [asdict(entry) for entry in evidence.differences],
        "detections": [asdict(entry) for entry in evidence.detections],
        "minutes": [asdict(entry) for entry in evidence.minutes],
    }
    text = json.dumps(_plain(content), indent=1, allow_nan=False)
    write_whole(Path(path), (text + "\n").encode())


def read_evidence(path: str | Path) -> Evidence:
    """Read evidence.

    Args:
        path (str | Path): The file.

    Returns:
        Evidence: Nothing where there is no such file.

    Raises:
        ValueError: If the file holds something else; the message names it.
    """
    path = Path(path)
    if not path.is_file():
        return Evidence()
    with damage_told(path, "collect the results again", "holds no evidence"):
        content = json.loads(path.read_text(encoding="utf-8"))
        return Evidence(
            tuple(_read_difference(entry) for entry in content["differences"]),
            tuple(_read_detection(entry) for entry in content["detections"]),
            tuple(_read_minutes(entry) for entry in content.get("minutes", ())),
        )


def _plain(content: Any) -> Any:
    """Content for json: no infinity, which a size without upper limit has."""
    if isinstance(content, dict):
        return {name: _plain(value) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [_plain(value) for value in content]
    return None if content == math.inf else content


def _read_difference(entry: dict) -> LineDifference:
    """A difference from its entry."""
    difference = dict(entry["difference"])
    difference["num_seeds"] = tuple(difference["num_seeds"])
    return LineDifference(LineKey(*entry["key"]), entry["against"], Difference(**difference))


def _read_detection(entry: dict) -> LineDetection:
    """A line from its entry."""
    sizes = tuple(
        (low, math.inf if high is None else high, *rest) for low, high, *rest in entry["sizes"]
    )
    parts = {name: tuple(entry[name]) for name in ("rates", "sensitivity", "points", "cpm")}
    return LineDetection(LineKey(*entry["key"]), sizes=sizes, metrics=entry["metrics"], **parts)


def _read_minutes(entry: dict) -> LineMinutes:
    """A timed line from its entry; files of earlier versions have none."""
    return LineMinutes(LineKey(*entry["key"]), tuple(entry["minutes"]))
