"""``results.json``: one row a method, seed and judge. Scripts outside depend on its form."""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from lidnet_mm.atomic_write import write_whole
from lidnet_mm.hu_window import HUWindow

METHODS = (
    "ldct",
    "classical",
    "baseline",
    "matched",
    "joint",
    "lidnet",
    "lidnet_gan",
    "ndct",
)
"""Values of ``method``, in the order of a table: the floor, the denoisers, the ceiling."""

METRIC_RANGES = {
    "AP50": (0.0, 100.0),
    "AP75": (0.0, 100.0),
    "PSNR": (-math.inf, math.inf),
    "SSIM": (-1.0, 1.0),
    "RMSE": (0.0, 1.0),
    "correlation": (0.0, 2.0),
    "homogeneity": (0.0, 1.0),
    "energy": (0.0, 1.0),
}
"""Names and possible values: AP in percent, PSNR in dB, SSIM and RMSE on [0, 1] of the window,
mean absolute differences of texture."""

EVALUATOR_NAMES = {
    "AP50": "coco/bbox_mAP_50",
    "AP75": "coco/bbox_mAP_75",
    "PSNR": "image/PSNR",
    "SSIM": "image/SSIM",
    "RMSE": "image/RMSE",
    "correlation": "radiomics/correlation",
    "homogeneity": "radiomics/homogeneity",
    "energy": "radiomics/energy",
}
"""Where each metric stands in the results of a test run."""

EVALUATORS = {
    "coco": "mmdet.CocoMetric(metric='bbox')",
    "image": "lidnet_mm.ImageQualityMetric",
    "radiomics": "lidnet_mm.RadiomicsMetric",
}


@dataclass(frozen=True)
class ResultRow:
    """Scores of one method on one data set by one judge.

    Attributes:
        dataset (str): Data set and its dose.
        denoiser (str): Generator, such as ``CPCE``; ``none`` for LDCT and NDCT.
        method (str): One of :data:`METHODS`.
        detector (str): Detector that guided the denoiser; ``none`` where there was none.
        judge (str): Detector that scored.
        seed (int): Seed of the training, not negative.
        metrics (dict[str, float | None]): The names of :data:`METRIC_RANGES`. None, ``null`` in the
            file, is a value that does not exist: AP without annotations, texture without a lesion
            large enough, and the infinite PSNR of an image against itself, as JSON has no infinity.
        window_hu (tuple[float, float]): HU window of PSNR, SSIM and RMSE.
        commit (str): Commit of the code; ``unknown`` outside a checkout.

    Raises:
        ValueError: If a field does not hold what is said here; the message names the field.
    """

    dataset: str
    denoiser: str
    method: str
    detector: str
    judge: str
    seed: int
    metrics: dict[str, float | None]
    window_hu: tuple[float, float]
    commit: str

    def __post_init__(self) -> None:
        for name in ("dataset", "denoiser", "method", "detector", "judge", "commit"):
            if not isinstance(getattr(self, name), str) or not getattr(self, name):
                raise ValueError(f"'{name}' must be a text, got {getattr(self, name)!r}")
        if self.method not in METHODS:
            raise ValueError(f"'method' must be one of {', '.join(METHODS)}, got {self.method!r}")
        if not isinstance(self.seed, int) or isinstance(self.seed, bool) or self.seed < 0:
            raise ValueError(f"'seed' must be a whole number from 0, got {self.seed!r}")
        object.__setattr__(self, "metrics", _checked_metrics(self.metrics))
        object.__setattr__(self, "window_hu", _checked_window(self.window_hu))

    @classmethod
    def from_dict(cls, row: Any) -> "ResultRow":
        """Check and take over one entry of ``results.json``.

        Raises:
            ValueError: If a field is missing, unknown or wrong; the message names it.
        """
        if not isinstance(row, Mapping):
            raise ValueError(f"a row must be an object, got {type(row).__name__}")
        _check_names("field", row, [entry.name for entry in fields(cls)])
        return cls(**row)

    def to_dict(self) -> dict[str, Any]:
        """The row as it stands in ``results.json``."""
        return {**asdict(self), "window_hu": list(self.window_hu)}


def metrics_from_evaluator(scores: Mapping[str, float]) -> dict[str, float | None]:
    """The eight metrics of a row from the results of a test run.

    CocoMetric counts AP as a fraction, and -1 where there is no annotation.

    Args:
        scores (Mapping[str, float]): Results of ``Runner.test()`` with CocoMetric,
            ImageQualityMetric and RadiomicsMetric under their own prefixes.

    Returns:
        dict[str, float | None]: See :class:`ResultRow`.

    Raises:
        KeyError: If a metric was not evaluated; the message names it and the evaluator to add.
    """
    metrics: dict[str, float | None] = {}
    for name, key in EVALUATOR_NAMES.items():
        if key not in scores:
            evaluator = EVALUATORS[key.split("/")[0]]
            raise KeyError(f"no '{key}' in the test results; add {evaluator} to test_evaluator")
        value = float(scores[key])
        exists = math.isfinite(value) and not (name.startswith("AP") and value < 0)
        scale = 100.0 if name.startswith("AP") else 1.0
        metrics[name] = round(value * scale, 9) if exists else None
    return metrics


def read_results(path: str | Path) -> list[ResultRow]:
    """Read and check a ``results.json``.

    Args:
        path (str | Path): The file.

    Returns:
        list[ResultRow]: Its rows, in their order.

    Raises:
        ValueError: If it is no list of rows; the message names file, row and field.
    """
    try:
        rows = json.loads(Path(path).read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not valid JSON: {error}") from error
    if not isinstance(rows, list):
        raise ValueError(f"{path}: results are a list of rows, got {type(rows).__name__}")
    return [_checked_row(row, f"{path}, row {index}") for index, row in enumerate(rows)]


def write_results(rows: Iterable[ResultRow], path: str | Path) -> None:
    """Write ``results.json``, whole or not at all.

    Args:
        rows (Iterable[ResultRow]): Rows, in the order to be kept.
        path (str | Path): The file; its folder is created.
    """
    text = json.dumps([row.to_dict() for row in rows], indent=2, allow_nan=False)
    write_whole(Path(path), (text + "\n").encode())


def _checked_row(row: Any, where: str) -> ResultRow:
    """A row of a file, or an error that says which one is wrong."""
    try:
        return ResultRow.from_dict(row)
    except (ArithmeticError, ValueError) as error:
        raise ValueError(f"{where}: {error}") from error


def _checked_metrics(metrics: Any) -> dict[str, float | None]:
    """The metrics in their order, each in its range."""
    if not isinstance(metrics, Mapping):
        raise ValueError(f"'metrics' must be an object, got {type(metrics).__name__}")
    _check_names("metric", metrics, list(METRIC_RANGES))
    return {name: _checked_value(name, metrics[name]) for name in METRIC_RANGES}


def _checked_value(name: str, value: Any) -> float | None:
    """One metric: a finite number in its range, or None."""
    if value is None:
        return None
    low, high = METRIC_RANGES[name]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or not low <= value <= high:
        raise ValueError(f"'metrics.{name}' must be null or a number in {low:g}..{high:g}: {value}")
    return float(value)


def _checked_window(window: Any) -> tuple[float, float]:
    """The HU window as a pair."""
    try:
        return tuple(HUWindow.parse(window))
    except (TypeError, ValueError) as error:
        raise ValueError(f"'window_hu': {error}") from error


def _check_names(kind: str, found: Mapping, expected: list[str]) -> None:
    """Refuse missing and unknown names."""
    missing = [name for name in expected if name not in found]
    unknown = [str(name) for name in found if name not in expected]
    if missing or unknown:
        parts = [("missing", missing), ("unknown", unknown)]
        listed = "; ".join(f"{word} {kind} {', '.join(names)}" for word, names in parts if names)
        raise ValueError(listed)
