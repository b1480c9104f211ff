"""From scores and their records to evidence."""

import math
import statistics
from collections.abc import Iterable, Sequence

import numpy as np

from lidnet_mm.benchmark.evidence.bootstrap import paired_differences
from lidnet_mm.benchmark.evidence.evidence import (
    AGAINST,
    LESION_METRICS,
    RATES,
    UNCHANGED,
    Evidence,
    LineDetection,
    LineDifference,
    LineKey,
    line_key,
)
from lidnet_mm.benchmark.scores.results import ResultRow
from lidnet_mm.benchmark.scores.row_titles import ablation_parts, ablation_title
from lidnet_mm.evaluation.froc import FALSE_POSITIVES, FROC
from lidnet_mm.evaluation.record_metrics import metric_of_records
from lidnet_mm.evaluation.sensitivity_by_size import sensitivity_by_size
from lidnet_mm.evaluation.slice_record import SliceRecord

COMPARED = {
    "matched": ("baseline",),
    "lidnet": AGAINST,
    "lidnet_gan": (*AGAINST, UNCHANGED),
    "joint": (*AGAINST, UNCHANGED),
}
"""What each method is compared with; ablations of LIDnet also with what they change."""
TOGETHER = "mean of {} denoisers"
"""What a line stands for that no denoiser has alone."""

Runs = list[Sequence[SliceRecord]]
"""Records of tests, one a seed."""


def gather_evidence(
    scored: Iterable[tuple[ResultRow, Sequence[SliceRecord]]], resamples: int = 10_000
) -> Evidence:
    """Work out what records tell.

    Args:
        scored (Iterable[tuple[ResultRow, Sequence[SliceRecord]]]): Rows with their records. Rows
            without records are left out by the caller.
        resamples (int): Of the bootstrap. Defaults to 10,000.

    Returns:
        Evidence: Differences of each LIDnet from both its baselines where these were scored, of
            ablations, joint training and the GAN form from the LIDnet that they change as well, of
            the matched baseline from the baseline, and of all denoisers together: the mean
            over denoisers of means over seeds. None where the test has a single patient, which
            tells nothing of others.

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


def _differences(
    runs: dict[LineKey, list[Sequence[SliceRecord]]], resamples: int
) -> Iterable[LineDifference]:
    """Of each line that has a baseline, and of all denoisers together."""
    together: dict[tuple[LineKey, str, str], list[tuple[LineKey, LineKey]]] = {}
    denoisers = {key.denoiser for key in runs}
    several = len({key.detector for key in runs} - {"none"}) > 1
    for key, seeds in runs.items():
        if key.method not in COMPARED or len({record.patient for record in seeds[0]}) < 2:
            continue
        denoiser, name = ablation_parts(key.denoiser, denoisers)
        whole = key._replace(denoiser="", detector=key.detector if several else "none")
        compared = COMPARED[key.method]
        for against in (*compared, UNCHANGED) if name and key.method == UNCHANGED else compared:
            own = [] if against == key.method else [key.denoiser]
            for other in _baselines(runs, key, [*own, *changed(denoiser, name)], against):
                yield from _difference(key, against, [runs[other]], [seeds], resamples)
                together.setdefault((whole, name, against), []).append((other, key))
    for (whole, name, against), pairs in together.items():
        if len(pairs) > 1:
            title = TOGETHER.format(len(pairs))
            key = whole._replace(denoiser=ablation_title(title, name) if name else title)
            first = [runs[other] for other, _ in pairs]
            second = [runs[own] for _, own in pairs]
            yield from _difference(key, against, first, second, resamples)


def changed(denoiser: str, name: str) -> list[str]:
    """Denoisers that an ablation changes, the nearest first.

    Args:
        denoiser (str): Such as ``CPCE``.
        name (str): Of the ablation; ``a-b`` changes ``a``, where there is such an entry.

    Returns:
        list[str]: ``CPCE (a)`` and ``CPCE`` of ``a-b``; ``CPCE`` of ``a`` and of no name.
    """
    parts = name.split("-")[:-1]
    starts = ["-".join(parts[:length]) for length in range(len(parts), 0, -1)]
    return [*(ablation_title(denoiser, start) for start in starts), denoiser]


def _difference(
    key: LineKey,
    against: str,
    first: Sequence[Runs],
    second: Sequence[Runs],
    resamples: int,
) -> Iterable[LineDifference]:
    """Of all metrics that both have; of the runs of each denoiser."""
    shares = tuple(_equal_shares(denoisers) for denoisers in (first, second))
    every = [[records for runs in denoisers for records in runs] for denoisers in (first, second)]
    found = paired_differences(*every, resamples=resamples, shares=shares)
    for difference in found.values():
        if difference is not None:
            yield LineDifference(key, against, difference)


def _equal_shares(denoisers: Sequence[Runs]) -> list[float]:
    """Part of each run in the mean over denoisers of means over seeds."""
    return [1 / (len(denoisers) * len(runs)) for runs in denoisers for _ in runs]


def _baselines(
    runs: Iterable[LineKey], key: LineKey, denoisers: Iterable[str], against: str
) -> list[LineKey]:
    """The baseline of a line: of its own detector where there are several.

    It is that of the first of the denoisers that has one: of an ablation its own, else what it
    changes.
    """
    same: list[LineKey] = []
    for denoiser in dict.fromkeys(denoisers):
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
