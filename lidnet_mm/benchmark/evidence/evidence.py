"""How sure results are: differences with intervals, FROC, lesions by size. Kept beside results."""

import json
import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lidnet_mm.benchmark.evidence.bootstrap import Difference, paired_differences
from lidnet_mm.benchmark.scores.results import ResultRow
from lidnet_mm.benchmark.scores.row_titles import RowKey, ablated, row_key
from lidnet_mm.evaluation.froc import FALSE_POSITIVES, FROC
from lidnet_mm.evaluation.record_metrics import metric_of_records
from lidnet_mm.evaluation.sensitivity_by_size import sensitivity_by_size
from lidnet_mm.evaluation.slice_record import SliceRecord
from lidnet_mm.whole_file import write_whole

AGAINST = ("baseline", "matched")
"""What LIDnet is compared with: the published baseline, and the same generator with the same
reconstruction loss and steps."""

COMPARED = ("lidnet", "lidnet_gan", "joint")
TOGETHER = "mean of {} denoisers"
"""What a line stands for that no denoiser has alone."""

LESION_METRICS = ("lesion_PSNR", "lesion_RMSE")
RATES = tuple(float(rate) for rate in np.geomspace(0.05, 8, 45))
"""False positives a slice at which curves are drawn."""


Runs = list[Sequence[SliceRecord]]
"""Records of tests, one a seed."""


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
        against (str): One of :data:`AGAINST`.
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
class Evidence:
    """All of a report.

    Attributes:
        differences (tuple[LineDifference, ...]): In the order of lines and metrics.
        detections (tuple[LineDetection, ...]): One a line.
    """

    differences: tuple[LineDifference, ...] = field(default=())
    detections: tuple[LineDetection, ...] = field(default=())

    def differences_of(self, key: LineKey, metric: str) -> list[LineDifference]:
        """Those of one line in one metric."""
        return [d for d in self.differences if d.key == key and d.difference.metric == metric]

    def detection_of(self, key: LineKey) -> LineDetection | None:
        """What is known of a line."""
        return next((d for d in self.detections if d.key == key), None)


def line_key(row: ResultRow) -> LineKey:
    """Key of the line that a row belongs to."""
    return LineKey(row.dataset, row.judge, *row_key(row))


def gather_evidence(
    scored: Iterable[tuple[ResultRow, Sequence[SliceRecord]]], resamples: int = 10_000
) -> Evidence:
    """Work out what records tell.

    Args:
        scored (Iterable[tuple[ResultRow, Sequence[SliceRecord]]]): Rows with their records. Rows
            without records are left out by the caller.
        resamples (int): Of the bootstrap. Defaults to 10,000.

    Returns:
        Evidence: Differences of each LIDnet from both its baselines where these were scored, and
            of all of them together, whose means are over denoisers and seeds; none where the test
            has a single patient, which tells nothing of others.

    Raises:
        ValueError: If the records of a line and its baseline are not of the same slices.
    """
    runs: dict[LineKey, list[Sequence[SliceRecord]]] = {}
    for row, records in scored:
        runs.setdefault(line_key(row), []).append(records)
    return Evidence(
        differences=tuple(_differences(runs, resamples)),
        detections=tuple(
            _detection(key, seeds)
            for key, seeds in runs.items()
            if any(record.lesions for record in seeds[0])
        ),
    )


def write_evidence(evidence: Evidence, path: str | Path) -> None:
    """Write evidence, whole or not at all.

    Args:
        evidence (Evidence): The evidence.
        path (str | Path): A json file, such as ``evidence.json`` beside ``results.json``.
    """
    content = {
        "differences": [asdict(entry) for entry in evidence.differences],
        "detections": [asdict(entry) for entry in evidence.detections],
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
    if not Path(path).is_file():
        return Evidence()
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        return Evidence(
            tuple(_read_difference(entry) for entry in content["differences"]),
            tuple(_read_detection(entry) for entry in content["detections"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path} holds no evidence ({error}): collect the results again"
        ) from error


def _differences(
    runs: dict[LineKey, list[Sequence[SliceRecord]]], resamples: int
) -> Iterable[LineDifference]:
    """Of each line that has a baseline."""
    together: dict[tuple[LineKey, str], list[tuple[LineKey, LineKey]]] = {}
    for key, seeds in runs.items():
        if key.method not in COMPARED or len({record.patient for record in seeds[0]}) < 2:
            continue
        for against in AGAINST:
            for other in _baselines(runs, key, against):
                yield from _difference(key, against, runs[other], seeds, resamples)
                if other.denoiser == key.denoiser:
                    whole = key._replace(denoiser="", detector="none")
                    together.setdefault((whole, against), []).append((other, key))
    for (whole, against), pairs in together.items():
        if len(pairs) > 1:
            key = whole._replace(denoiser=TOGETHER.format(len(pairs)))
            first = [records for other, _ in pairs for records in runs[other]]
            second = [records for _, own in pairs for records in runs[own]]
            yield from _difference(key, against, first, second, resamples)


def _difference(
    key: LineKey, against: str, first: Runs, second: Runs, resamples: int
) -> Iterable[LineDifference]:
    """Of all metrics that both have."""
    found = paired_differences(first, second, resamples=resamples)
    for difference in found.values():
        if difference is not None:
            yield LineDifference(key, against, difference)


def _baselines(runs: Iterable[LineKey], key: LineKey, against: str) -> list[LineKey]:
    """The baseline of a line: of its own detector where there are several.

    An ablation without a baseline of its own is compared with that of its denoiser.
    """
    same: list[LineKey] = []
    for denoiser in dict.fromkeys((key.denoiser, ablated(key.denoiser))):
        wanted = (key.dataset, key.judge, denoiser, against)
        same = same or [
            other
            for other in runs
            if (other.dataset, other.judge, other.denoiser, other.method) == wanted
        ]
    return [other for other in same if other.detector == key.detector][:1] or same[:1]


def _detection(key: LineKey, seeds: list[Sequence[SliceRecord]]) -> LineDetection:
    """Means over the seeds of a line."""
    curves = [FROC(records) for records in seeds]
    drawn = np.mean([curve.sensitivity(RATES)[0] for curve in curves], axis=0)
    points = np.mean([curve.sensitivity(FALSE_POSITIVES)[0] for curve in curves], axis=0)
    by_size = [sensitivity_by_size(records) for records in seeds]
    sizes = []
    for found in zip(*by_size, strict=True):
        known = [entry.sensitivity for entry in found if entry.sensitivity is not None]
        mean = statistics.fmean(known) if known else None
        sizes.append((found[0].low_mm, found[0].high_mm, found[0].num_lesions, mean))
    return LineDetection(
        key=key,
        rates=RATES,
        sensitivity=tuple(map(float, drawn)),
        points=tuple(map(float, points)),
        cpm=tuple(float(curve.cpm()[0]) for curve in curves),
        sizes=tuple(sizes),
        metrics={name: _mean_metric(name, seeds) for name in LESION_METRICS},
    )


def _mean_metric(name: str, seeds: list[Sequence[SliceRecord]]) -> float | None:
    """Mean of a metric over seeds; None where one of them has none."""
    value = statistics.fmean(metric_of_records(name, records) for records in seeds)
    return value if math.isfinite(value) else None


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
