"""From scores to a report: ``results.json``, loss curves, tables and example slices."""

from lidnet_mm.benchmark.cases.case import Case
from lidnet_mm.benchmark.evidence.training_log import Curves, read_training_log
from lidnet_mm.benchmark.report.report import write_report
from lidnet_mm.benchmark.scores.provenance import Provenance, gather_provenance
from lidnet_mm.benchmark.scores.results import (
    ResultRow,
    metrics_from_evaluator,
    read_results,
    write_results,
)

__all__ = [
    "Case",
    "Curves",
    "Provenance",
    "ResultRow",
    "gather_provenance",
    "metrics_from_evaluator",
    "read_results",
    "read_training_log",
    "write_report",
    "write_results",
]
