"""Metrics of a whole test computed from its records, with patients weighted."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from lidnet_mm.evaluation.average_precision import AveragePrecision
from lidnet_mm.evaluation.froc import FROC
from lidnet_mm.evaluation.patient_counts import all_once, patient_of_slices
from lidnet_mm.evaluation.slice_record import SliceRecord

WeightedMetric = Callable[[np.ndarray], np.ndarray]
"""From weights (b, patients), how often each patient counts, to values (b,); NaN: undefined."""


class WeightedMean:
    """Mean over slices or lesions, with patients weighted.

    Args:
        values (Iterable[float | None]): One a slice or lesion; those that are None or not finite
            are left out.
        patients (np.ndarray): The patient of each.
        num_patients (int): How many patients there are.
    """

    def __init__(
        self, values: Iterable[float | None], patients: np.ndarray, num_patients: int
    ) -> None:
        known = np.array([np.nan if value is None else value for value in values], np.float64)
        exists = np.isfinite(known)
        self._sums = np.bincount(patients[exists], known[exists], num_patients)
        self._counts = np.bincount(patients[exists], minlength=num_patients).astype(np.float64)

    def __call__(self, weights: np.ndarray) -> np.ndarray:
        """Means of resamples.

        Args:
            weights (np.ndarray): (b, num_patients), how often each patient counts.

        Returns:
            np.ndarray: float64 (b,); NaN where no value counts.
        """
        with np.errstate(invalid="ignore"):
            return (weights @ self._sums) / (weights @ self._counts)


def _precision(iou: float) -> Callable[[Sequence[SliceRecord]], WeightedMetric]:
    """AP in percent at an IoU."""

    def build(records: Sequence[SliceRecord]) -> WeightedMetric:
        metric = AveragePrecision(records, iou)
        return lambda weights: 100 * metric(weights)

    return build


def _of_slices(name: str) -> Callable[[Sequence[SliceRecord]], WeightedMetric]:
    """Mean of a field over slices."""

    def build(records: Sequence[SliceRecord]) -> WeightedMetric:
        patients = patient_of_slices(records)
        values = [getattr(record, name) for record in records]
        return WeightedMean(values, patients, _number(patients))

    return build


def _of_lesions(name: str) -> Callable[[Sequence[SliceRecord]], WeightedMetric]:
    """Mean of a field over lesions."""

    def build(records: Sequence[SliceRecord]) -> WeightedMetric:
        patients = patient_of_slices(records)
        owners = np.repeat(patients, [len(record.lesions) for record in records])
        values = [getattr(lesion, name) for record in records for lesion in record.lesions]
        return WeightedMean(values, owners, _number(patients))

    return build


def _number(patients: np.ndarray) -> int:
    """How many patients there are."""
    return int(patients.max(initial=-1)) + 1


RECORD_METRICS: dict[str, Callable[[Sequence[SliceRecord]], WeightedMetric]] = {
    "AP50": _precision(0.5),
    "AP75": _precision(0.75),
    "CPM": lambda records: FROC(records).cpm,
    "PSNR": _of_slices("psnr"),
    "SSIM": _of_slices("ssim"),
    "RMSE": _of_slices("rmse"),
    "lesion_PSNR": _of_lesions("psnr"),
    "lesion_RMSE": _of_lesions("rmse"),
    "correlation": _of_lesions("correlation"),
    "homogeneity": _of_lesions("homogeneity"),
    "energy": _of_lesions("energy"),
}
"""Metrics by the name that they have in ``results.json``: AP in percent, CPM in [0, 1] (false
positives a slice, IoU 0.5), PSNR in dB over the slices or lesions where it is finite, SSIM, RMSE on
[0, 1] of the window, ``lesion_RMSE`` in HU, absolute errors of texture."""


def metric_of_records(name: str, records: Sequence[SliceRecord]) -> float:
    """One metric of a test run.

    Args:
        name (str): One of :data:`RECORD_METRICS`.
        records (Sequence[SliceRecord]): The slices, in the order of image ids.

    Returns:
        float: NaN where it does not exist: detection and texture without a lesion, PSNR where all
            images equal NDCT.

    Raises:
        ValueError: If there is no such metric.
    """
    num_patients = _number(patient_of_slices(records))
    return float(weighted_metric(name, records)(all_once(num_patients))[0])


def weighted_metric(name: str, records: Sequence[SliceRecord]) -> WeightedMetric:
    """A metric of a test run, ready for resamples of its patients.

    Args:
        name (str): One of :data:`RECORD_METRICS`.
        records (Sequence[SliceRecord]): The slices, in the order of image ids.

    Returns:
        WeightedMetric: From weights of patients, in the order of their first slices, to values.

    Raises:
        ValueError: If there is no such metric.
    """
    if name not in RECORD_METRICS:
        raise ValueError(f"no metric {name!r} in records; there are {', '.join(RECORD_METRICS)}")
    return RECORD_METRICS[name](records)
