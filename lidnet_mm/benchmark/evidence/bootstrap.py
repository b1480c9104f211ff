"""How sure a difference of two methods is: a paired bootstrap over patients.

Slices of one patient are alike, so patients are resampled, with all their slices (Rutter, Academic
Radiology 7, 2000); each resample holds the same patients for both methods, so what makes a patient
hard cancels. The interval is the expanded percentile interval (Hesterberg, American Statistician
69, 2015): the plain one is too short where patients are few.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from lidnet_mm.evaluation.patient_counts import all_once, patient_of_slices
from lidnet_mm.evaluation.record_metrics import RECORD_METRICS, weighted_metric
from lidnet_mm.evaluation.slice_record import SliceRecord, check_identities, slice_name

CONFIDENCE = 0.95

RESAMPLES_AT_A_TIME = 256
"""Few enough that the arrays of a metric stay in the processor's cache."""

Seeds = Sequence[Sequence[SliceRecord]]
"""Records of one method: a test run for each seed of its training."""


@dataclass(frozen=True)
class Difference:
    """Second method less first in one metric, and its interval.

    Attributes:
        metric (str): One of ``RECORD_METRICS``.
        estimate (float): Difference of the means over seeds, on all patients.
        low (float): Lower end of the 95 % interval.
        high (float): Upper end.
        num_patients (int): Patients in the test.
        num_seeds (tuple[int, int]): Trainings of the first and of the second method.
        resamples (int): Resamples that the interval rests on: those drawn, less those in which the
            metric is undefined, as without a lesion.
    """

    metric: str
    estimate: float
    low: float
    high: float
    num_patients: int
    num_seeds: tuple[int, int]
    resamples: int

    @property
    def is_inside(self) -> bool:
        """Whether the interval contains 0, so that the difference may be chance."""
        return self.low <= 0 <= self.high


def paired_differences(
    first: Seeds,
    second: Seeds,
    metrics: Sequence[str] = tuple(RECORD_METRICS),
    resamples: int = 10_000,
    seed: int = 0,
    resample_seeds: bool = False,
    shares: tuple[Sequence[float], Sequence[float]] | None = None,
) -> dict[str, Difference | None]:
    """Differences of two methods with their 95 % intervals.

    Each metric is computed on each resample as it is on the whole test, then averaged over a
    method's seeds. By default the trained networks are given: an interval says how the difference
    of *these* networks would vary over other patients, not how it would vary over other trainings.

    ``resample_seeds`` draws trainings, too, for each method by itself: n − 1 of its n seeds with
    replacement, as n of n would understate the variance of the mean by the factor (n − 1) / n,
    a third for three seeds (Rao and Wu, JASA 83, 1988). A method of one seed keeps it: what other
    seeds would do is then unknown, unless nothing was trained. With three seeds the interval's ends
    remain too near (normal against t of few degrees of freedom), so it is a lower bound.

    A resample in which a metric is undefined for either method is dropped, which is the same as
    drawing until it is defined; how many remain is told.

    Args:
        first (Seeds): Records of the method to compare with, a list for each seed.
        second (Seeds): Records of the other method; it may have another number of seeds.
        metrics (Sequence[str]): Names of ``RECORD_METRICS``. Defaults to all.
        resamples (int): How many to draw, at least 1. Defaults to 10,000.
        seed (int): Seed of the draws: the same numbers give the same intervals. Defaults to 0.
        resample_seeds (bool): Whether trainings are drawn, too. Defaults to False.
        shares (tuple[Sequence[float], Sequence[float]], optional): What part of its method's mean
            each run is, adding up to 1. Defaults to equal parts.

    Returns:
        dict[str, Difference | None]: By metric; None where one of the methods has no such value, as
            PSNR of NDCT against itself, or texture where all lesions are too small.

    Raises:
        ValueError: If the slices or lesions of the test runs differ, there are fewer than two
            patients, a metric is unknown, no resample has a value, shares do not fit the runs, or
            runs of unequal shares are to be drawn.
    """
    first, second = _same_slices(first, second)
    num_patients = int(patient_of_slices(first[0]).max(initial=-1)) + 1
    if num_patients < 2:
        raise ValueError(f"a bootstrap needs at least two patients, the test has {num_patients}")
    weights = patient_draws(num_patients, resamples, seed)
    generator = np.random.default_rng([seed, 1])  # another stream: the patients stay the same
    methods = (first, second)
    shares = _checked_shares(methods, shares, resample_seeds)
    counts = shares
    if resample_seeds:
        counts = [_seed_draws(len(runs), resamples, generator) for runs in methods]
    found = {}
    for metric in metrics:
        values = [_values(metric, runs, weights) for runs in methods]
        found[metric] = _difference(metric, values, shares, counts, num_patients)
    return found


def percentile_tail(num_patients: int) -> float:
    """Part of the resamples beyond each end of an expanded percentile interval.

    Resamples of n patients vary by (n − 1) / n of what means of n patients do, and their standard
    error is itself an estimate: the ends move out by √(n / (n − 1)) and from the normal to the t
    distribution, on the scale of the normal one (Hesterberg 2015). For a normal mean
    that is the t interval, but for the chance of the draws.

    Args:
        num_patients (int): At least 2.

    Returns:
        float: 0.025 for infinitely many, 0.007 for 9 and 0.002 for 6.
    """
    end = stats.t.ppf((1 + CONFIDENCE) / 2, num_patients - 1)
    return float(stats.norm.cdf(-end * math.sqrt(num_patients / (num_patients - 1))))


def patient_draws(num_patients: int, resamples: int, seed: int) -> np.ndarray:
    """How often each patient is in each resample of as many patients, drawn with replacement.

    Args:
        num_patients (int): Patients in the test.
        resamples (int): How many to draw.
        seed (int): Seed of the draws.

    Returns:
        np.ndarray: float64 (resamples, num_patients), whole numbers; each row adds up to
            ``num_patients``.
    """
    chances = np.full(num_patients, 1 / num_patients)
    generator = np.random.default_rng(seed)
    return generator.multinomial(num_patients, chances, size=resamples).astype(np.float64)


def _checked_shares(
    methods: Sequence[Seeds],
    shares: tuple[Sequence[float], Sequence[float]] | None,
    resample_seeds: bool,
) -> list[np.ndarray]:
    """Part of each run in the mean of its method, (1, seeds)."""
    if shares is None:
        return [np.full((1, len(runs)), 1 / len(runs)) for runs in methods]
    if resample_seeds:
        raise ValueError("seeds are drawn with equal shares: give no shares, or do not draw them")
    for runs, own in zip(methods, shares, strict=True):
        if len(own) != len(runs) or not math.isclose(sum(own), 1):
            raise ValueError(f"{len(runs)} runs need as many shares that add up to 1, got {own}")
    return [np.array([own], dtype=float) for own in shares]


def _seed_draws(num_seeds: int, resamples: int, generator: np.random.Generator) -> np.ndarray:
    """Weights of a method's seeds, adding up to 1: (resamples, seeds), one row of one seed."""
    if num_seeds == 1:
        return np.full((1, num_seeds), 1 / num_seeds)
    drawn = num_seeds - 1
    return generator.multinomial(drawn, np.full(num_seeds, 1 / num_seeds), size=resamples) / drawn


def _values(metric: str, runs: Seeds, weights: np.ndarray) -> np.ndarray:
    """A metric on all patients (first row) and on each resample, for each seed: (1 + b, seeds)."""
    rows = np.concatenate([all_once(weights.shape[1]), weights])
    columns = []
    for records in runs:
        compute = weighted_metric(metric, records)
        starts = range(0, len(rows), RESAMPLES_AT_A_TIME)
        parts = [compute(rows[start : start + RESAMPLES_AT_A_TIME]) for start in starts]
        columns.append(np.concatenate(parts))
    return np.stack(columns, axis=1)


def _difference(
    metric: str,
    values: list[np.ndarray],
    shares: list[np.ndarray],
    counts: list[np.ndarray],
    num_patients: int,
) -> Difference | None:
    """Estimate and interval from the values of both methods."""
    known = [float((v[0] * share).sum()) for v, share in zip(values, shares, strict=True)]
    estimate = known[1] - known[0]
    if not np.isfinite(estimate):
        return None
    means = [(found[1:] * count).sum(axis=1) for found, count in zip(values, counts, strict=True)]
    differences = means[1] - means[0]
    defined = differences[np.isfinite(differences)]
    if not len(defined):
        raise ValueError(f"{metric} is undefined in all {len(differences)} resamples; draw more")
    tail = percentile_tail(num_patients)
    low, high = np.quantile(defined, [tail, 1 - tail])
    return Difference(
        metric=metric,
        estimate=estimate,
        low=float(low),
        high=float(high),
        num_patients=num_patients,
        num_seeds=(values[0].shape[1], values[1].shape[1]),
        resamples=len(defined),
    )


def _same_slices(first: Seeds, second: Seeds) -> tuple[Seeds, Seeds]:
    """All test runs in the order of the first, checked to be of the same slices and lesions."""
    if not first or not second:
        raise ValueError("each of the two methods needs the records of at least one test run")
    reference = list(first[0])
    check_identities(reference, "first method, run 0")
    methods = []
    for title, runs in (("first", first), ("second", second)):
        methods.append(
            [_as_ordered(run, reference, f"{title} method, run {n}") for n, run in enumerate(runs)]
        )
    return methods[0], methods[1]


def _as_ordered(
    records: Sequence[SliceRecord], reference: Sequence[SliceRecord], where: str
) -> list[SliceRecord]:
    """Records in the order of others of the same test."""
    check_identities(records, where)
    known = {record.identity: record for record in records}
    expected = {record.identity for record in reference}
    for problem, slices in (("lacks", expected - set(known)), ("adds", set(known) - expected)):
        if slices:
            raise ValueError(
                f"{where} {problem} {len(slices)} slices, such as {slice_name(min(slices))}: a "
                "paired comparison needs the same slices; score all methods on the same data"
            )
    ordered = [known[record.identity] for record in reference]
    for own, other in zip(ordered, reference, strict=True):
        if not np.array_equal(own.lesion_boxes, other.lesion_boxes):
            raise ValueError(
                f"{where} has other lesions on {slice_name(own.identity)} than the first run: the "
                "annotations have changed between the tests; score again"
            )
    return ordered
