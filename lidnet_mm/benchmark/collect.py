"""From the folders of a matrix to ``results.json`` and the reports."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from lidnet_mm.benchmark.case import Case
from lidnet_mm.benchmark.cell_state import failure_of_scoring
from lidnet_mm.benchmark.comparison import Comparison
from lidnet_mm.benchmark.details import read_lesion_counts
from lidnet_mm.benchmark.failed_cell import FailedCell
from lidnet_mm.benchmark.job_list import JobList
from lidnet_mm.benchmark.matrix import Matrix
from lidnet_mm.benchmark.provenance import gather_provenance
from lidnet_mm.benchmark.report import write_report
from lidnet_mm.benchmark.results import ResultRow, read_results, write_results
from lidnet_mm.benchmark.row_titles import row_key, row_titles
from lidnet_mm.benchmark.same_source import check_commits, check_windows
from lidnet_mm.benchmark.stage import Scoring
from lidnet_mm.benchmark.training_log import read_training_log

RESULTS = "results.json"


@dataclass(frozen=True)
class CollectedTable:
    """What there is of a table.

    Attributes:
        table (Comparison): The table.
        rows (dict[Scoring, ResultRow]): Rows in its order.
        failed (list[FailedCell]): Rows that are missing.
    """

    table: Comparison
    rows: dict[Scoring, ResultRow]
    failed: list[FailedCell]


def collect(matrix: Matrix, allow_mixed: bool = False) -> list[CollectedTable]:
    """Gather all rows into ``results.json`` of each table, and of the matrix.

    Args:
        matrix (Matrix): A matrix of which something has run.
        allow_mixed (bool): Put rows of several commits or HU windows beside each other. Defaults
            to False.

    Returns:
        list[CollectedTable]: Rows in the order of the tables, and those that are missing.

    Raises:
        FileNotFoundError: If there is no row at all.
        MixedResultsError: If rows are of several commits, or those of a table of several windows.
    """
    jobs = JobList(matrix)
    tables = [_collected(table, jobs) for table in matrix.tables]
    rows = [row for table in tables for row in table.rows.values()]
    if not rows:
        raise FileNotFoundError(f"there is no row in {matrix.work_dir}: run the comparison first")
    if not allow_mixed:
        check_commits(rows)
        for table in tables:
            check_windows(table.rows.values())
    for each in tables:
        write_results(each.rows.values(), each.table.work_dir / RESULTS)
    write_results(rows, matrix.work_dir / RESULTS)
    return tables


def _collected(table: Comparison, jobs: JobList) -> CollectedTable:
    """Rows of a table, and what is missing."""
    rows, failed = {}, []
    for scoring in table.scorings:
        if scoring.result.is_file():
            rows[scoring] = _row(scoring, table)
        else:
            label = f"{scoring.entry.label} seed {scoring.seed}"
            label += "" if scoring.is_main else f" by {scoring.judge_name}"
            failed.append(FailedCell(label, failure_of_scoring(scoring, jobs)))
    return CollectedTable(table, rows, failed)


def _row(scoring: Scoring, table: Comparison) -> ResultRow:
    """Row of a scoring under the names that the comparison gives denoiser, judge and dataset.

    Names are not part of the score, so others need no new score.
    """
    (row,) = read_results(scoring.result)
    return replace(
        row,
        denoiser=scoring.entry.denoiser or row.denoiser,
        judge=scoring.judge_name,
        dataset=table.name or row.dataset,
    )


def report(matrix: Matrix, allow_mixed: bool = False) -> list[Path]:
    """Write ``results.json`` and the report of each table that has rows.

    Args:
        matrix (Matrix): A matrix of which something has run.
        allow_mixed (bool): As of :func:`collect`.

    Returns:
        list[Path]: The HTML pages.

    Raises:
        FileNotFoundError: If there is no row at all.
        MixedResultsError: As of :func:`collect`.
    """
    return [_report(found) for found in collect(matrix, allow_mixed) if found.rows]


def _report(found: CollectedTable) -> Path:
    """The report of one table."""
    table, rows = found.table, list(found.rows.values())
    scored = {scoring.training for scoring in found.rows}
    trainings = [*table.judges, *table.pretrainings, *table.trainings]
    curves = [
        read_training_log(training.folder, training.name)
        for training in trainings
        if training.is_done or training in scored or training == table.judge
    ]
    configs = {"judge": table.judge.config.stem}
    configs.update({s.entry.label: s.config.stem for s in found.rows if not s.entry.is_untouched})
    provenance = gather_provenance(configs, rows[0].window_hu, table.dose, table.notes)
    titles = row_titles(rows)
    titled = {s: titles[row_key(row)] for s, row in found.rows.items() if s.is_main}
    title = f"{table.title}: {table.name}" if table.name else table.title
    folder, cases = table.work_dir / "report", _cases(table, titled)
    return write_report(
        rows, folder, curves, cases, provenance, title, _lesions(titled), found.failed
    )


def _lesions(titled: Mapping[Scoring, str]) -> dict[str, str]:
    """Counts of lesions by title of the line, those of several seeds side by side."""
    found: dict[str, list[str]] = {}
    for scoring, title in titled.items():
        counts = read_lesion_counts(scoring.details)
        if counts is not None:
            found.setdefault(title, []).append(str(counts))
    return {title: ", ".join(counts) for title, counts in found.items()}


def _cases(comparison: Comparison, titled: Mapping[Scoring, str]) -> list[Case]:
    """Example slices as the first seed of each line shows them."""
    first: dict[str, Scoring] = {}
    for scoring, title in titled.items():
        first.setdefault(title, scoring)
    numbers = range(comparison.num_cases)
    return [c for n in numbers if (c := _case(first, f"{n:03d}.npz", comparison.case_window))]


def _case(scorings: Mapping[str, Scoring], file: str, window: tuple[float, float]) -> Case | None:
    """One slice from the recordings of all lines; None where there are fewer slices."""
    images, detections, name, truth = {}, {}, "", np.zeros((0, 4))
    for title, scoring in scorings.items():
        path = scoring.folder / "cases" / file
        if not path.is_file():
            return None
        with np.load(path) as kept:
            images[title] = kept["image"]
            detections[title] = (kept["boxes"], kept["scores"])
            name, truth = str(kept["name"]), kept["ground_truth"]
    return Case(name, images, truth, detections, window)
