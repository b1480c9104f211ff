"""From the folders of a matrix to ``results.json`` and the reports."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from lidnet_mm.benchmark.cases.case import Case
from lidnet_mm.benchmark.cases.case_file import read_case
from lidnet_mm.benchmark.cases.region_file import RegionTrack, find_regions
from lidnet_mm.benchmark.evidence.evidence import (
    Evidence,
    LineKey,
    LineMinutes,
    line_key,
    write_evidence,
)
from lidnet_mm.benchmark.evidence.gather_evidence import gather_evidence
from lidnet_mm.benchmark.evidence.judged_curves import JUDGED_CURVES, write_judged_curves
from lidnet_mm.benchmark.evidence.line_physics import (
    PHYSICS,
    PHYSICS_LINES,
    Physics,
    gather_physics,
    write_physics_lines,
)
from lidnet_mm.benchmark.evidence.training_log import Curves, read_training_log
from lidnet_mm.benchmark.jobs.cell_state import failure_of_scoring
from lidnet_mm.benchmark.jobs.job_list import JobList
from lidnet_mm.benchmark.jobs.job_notes import processes_of, seconds_of
from lidnet_mm.benchmark.matrix.comparison import Comparison
from lidnet_mm.benchmark.matrix.matrix import Matrix
from lidnet_mm.benchmark.matrix.stage import Scoring, Training
from lidnet_mm.benchmark.matrix.training_commits import commits_of
from lidnet_mm.benchmark.note_file import DamagedFileError
from lidnet_mm.benchmark.report.failed_cell import FailedCell
from lidnet_mm.benchmark.report.report import write_report
from lidnet_mm.benchmark.report.table_provenance import table_provenance
from lidnet_mm.benchmark.scores.details import read_lesion_counts
from lidnet_mm.benchmark.scores.results import ResultRow, read_results, write_results
from lidnet_mm.benchmark.scores.row_titles import row_key, row_titles
from lidnet_mm.benchmark.scores.same_source import (
    MIXTURES,
    RowSource,
    check_commits,
    check_trainings,
    check_windows,
    training_mixtures,
    write_mixtures,
)
from lidnet_mm.evaluation.slice_record import read_records

RESULTS = "results.json"
EVIDENCE = "evidence.json"


@dataclass(frozen=True)
class CollectedTable:
    """What there is of a table.

    Attributes:
        table (Comparison): The table.
        rows (dict[Scoring, ResultRow]): Rows in its order.
        failed (list[FailedCell]): Rows that are missing.
        along (dict[Scoring, ResultRow]): Scores of checkpoints along trainings.
    """

    table: Comparison
    rows: dict[Scoring, ResultRow]
    failed: list[FailedCell]
    along: dict[Scoring, ResultRow]

    @property
    def sources(self) -> list[RowSource]:
        """All rows with what they rest on."""
        rows = {**self.rows, **self.along}
        return [_source(scoring, row) for scoring, row in rows.items()]


def collect(matrix: Matrix, allow_mixed: bool = False) -> list[CollectedTable]:
    """Gather all rows into ``results.json`` of each table, and of the matrix.

    Beside it, ``mixtures.json`` tells what :func:`training_mixtures` finds.

    Args:
        matrix (Matrix): A matrix of which something has run.
        allow_mixed (bool): Put rows of several commits or HU windows beside each other, those
            trained and scored at different commits, and trainings of different numbers of
            processes. Defaults to False.

    Returns:
        list[CollectedTable]: Rows in the order of the tables, and those that are missing.

    Raises:
        FileNotFoundError: If there is no row at all.
        MixedResultsError: If rows are of several commits, were scored at another commit than they
            or their judge were trained, those of a table are of several windows, or its
            trainings ran as different numbers of processes.
    """
    jobs = JobList(matrix)
    tables = [_collected(table, jobs) for table in matrix.tables]
    rows = [row for table in tables for row in table.rows.values()]
    if not rows:
        raise FileNotFoundError(f"there is no row in {matrix.work_dir}: run the comparison first")
    if not allow_mixed:
        check_commits([*rows, *(row for table in tables for row in table.along.values())])
        check_trainings(source for table in tables for source in table.sources)
        for table in tables:
            check_windows(table.rows.values())
    for each in tables:
        write_results(each.rows.values(), each.table.work_dir / RESULTS)
        write_mixtures(training_mixtures(each.sources), each.table.work_dir / MIXTURES)
    write_results(rows, matrix.work_dir / RESULTS)
    sources = [source for table in tables for source in table.sources]
    write_mixtures(training_mixtures(sources), matrix.work_dir / MIXTURES)
    return tables


def _collected(table: Comparison, jobs: JobList) -> CollectedTable:
    """Rows of a table, and what is missing."""
    scored, failed = {}, []
    for scoring in [*table.scorings, *table.along]:
        if scoring.result.is_file():
            scored[scoring] = _row(scoring, table)
        else:
            label = scoring.label + ("" if scoring.is_main else f" by {scoring.judge_name}")
            failed.append(FailedCell(label, failure_of_scoring(scoring, jobs)))
    along = {scoring: scored.pop(scoring) for scoring in table.along if scoring in scored}
    return CollectedTable(table, scored, failed, along)


def _source(scoring: Scoring, row: ResultRow) -> RowSource:
    """A row with the trainings that its score rests on, by what each is called."""
    judge = {f"judge {scoring.judge_name}": commits_of(scoring.judge).own}
    if scoring.training is None:
        return RowSource(row, judge)
    own, pretraining = commits_of(scoring.training)
    trainings = {"training": own, "T1": pretraining, **judge}
    return RowSource(row, trainings, processes_of(scoring.training.folder))


def _row(scoring: Scoring, table: Comparison) -> ResultRow:
    """Row of a scoring under the names that the comparison gives denoiser, judge and dataset.

    Names are not part of the score, so others need no new score.
    """
    try:
        (row,) = read_results(scoring.result)
    except ValueError as error:
        raise DamagedFileError(scoring.result, error) from error
    return replace(
        row,
        denoiser=scoring.entry.denoiser or row.denoiser,
        judge=scoring.judge_name,
        dataset=table.name or row.dataset,
    )


def report(matrix: Matrix, allow_mixed: bool = False) -> list[Path]:
    """Write results, evidence, physics and the report of each table that has rows.

    Beside the report of each table lie ``results.json``, ``evidence.json``, ``physics_lines.json``
    and ``judged_curves.json``; those of the work dir hold all tables.

    Args:
        matrix (Matrix): A matrix of which something has run.
        allow_mixed (bool): As of :func:`collect`.

    Returns:
        list[Path]: The HTML pages.

    Raises:
        FileNotFoundError: If there is no row at all.
        MixedResultsError: As of :func:`collect`.
    """
    tables = [found for found in collect(matrix, allow_mixed) if found.rows]
    evidence = [_evidence(found) for found in tables]
    physics = [_physics(found) for found in tables]
    curves = [_curves(found) for found in tables]
    pages = [_report(*parts) for parts in zip(tables, evidence, physics, curves, strict=True)]
    differences = tuple(entry for part in evidence for entry in part.differences)
    detections = tuple(entry for part in evidence for entry in part.detections)
    minutes = tuple(entry for part in evidence for entry in part.minutes)
    write_evidence(Evidence(differences, detections, minutes), matrix.work_dir / EVIDENCE)
    lines = [line for part in physics for line in part.lines]
    write_physics_lines(lines, matrix.work_dir / PHYSICS_LINES)
    trainings = [training for part in curves for training in part]
    write_judged_curves(trainings, matrix.work_dir / JUDGED_CURVES)
    return pages


def _report(
    found: CollectedTable, evidence: Evidence, physics: Physics, curves: list[Curves]
) -> Path:
    """The report of one table, and what lies beside it."""
    table, rows = found.table, list(found.rows.values())
    provenance = table_provenance(table, found.rows)
    titles = row_titles(rows)
    titled = {s: titles[row_key(row)] for s, row in found.rows.items() if s.is_main}
    write_evidence(evidence, table.work_dir / EVIDENCE)
    write_physics_lines(physics.lines, table.work_dir / PHYSICS_LINES)
    write_judged_curves(curves, table.work_dir / JUDGED_CURVES)
    return write_report(
        rows,
        table.work_dir / "report",
        curves,
        _cases(table, titled),
        provenance,
        f"{table.title}: {table.name}" if table.name else table.title,
        _lesions(titled),
        found.failed,
        evidence,
        [track for training in table.trainings for track in _regions(training)],
        physics,
        training_mixtures(found.sources),
    )


def _evidence(found: CollectedTable) -> Evidence:
    """What the records of a table tell; a score of an older version has none."""
    paths = {scoring: scoring.folder / "records.json" for scoring in found.rows}
    told = gather_evidence(
        (row, read_records(paths[scoring]))
        for scoring, row in found.rows.items()
        if paths[scoring].is_file()
    )
    return replace(told, minutes=_minutes(found))


def _minutes(found: CollectedTable) -> tuple[LineMinutes, ...]:
    """How long the trainings took that are done."""
    minutes: dict[LineKey, list[float]] = {}
    for scoring, row in found.rows.items():
        seconds = seconds_of(scoring.training.folder) if scoring.training else None
        if seconds is not None:
            minutes.setdefault(line_key(row), []).append(round(seconds / 60, 1))
    return tuple(LineMinutes(key, tuple(own)) for key, own in minutes.items())


def _physics(found: CollectedTable) -> Physics:
    """Noise and sharpness by the main judge's tests: images are the same for all judges."""
    return gather_physics(
        (scoring.label, row, scoring.folder / PHYSICS)
        for scoring, row in found.rows.items()
        if scoring.is_main
    )


def _curves(found: CollectedTable) -> list[Curves]:
    """Logs of the trainings, with what they are drawn together with."""
    table = found.table
    rows = {s.training: row for s, row in found.rows.items() if s.training is not None}
    curves = []
    for training in [*table.judges, *table.pretrainings, *table.trainings]:
        if training.is_done or training in rows or training == table.judge:
            log = read_training_log(training.folder, training.name)
            if row := rows.get(training):
                judged = _judged(found, training)
                group = f"{row.denoiser}, {row.dataset}"
                known = {"method": row.method, "group": group, "seed": row.seed}
                log = replace(log, judged=judged, **known)
            curves.append(log)
    return curves


def _judged(found: CollectedTable, training: Training) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """AP by the main judge along a training, its row's at the end; empty without such scores."""
    points = [(s.iteration, row) for s, row in found.along.items() if s.training == training]
    if not points:
        return {}
    points += [
        (training.last_iteration, row)
        for s, row in found.rows.items()
        if s.training == training and s.is_main
    ]
    judged = {}
    for name in ("AP50", "AP75"):
        known = [(n, row.metrics[name]) for n, row in points if row.metrics[name] is not None]
        judged[name] = (np.array([n for n, _ in known]), np.array([value for _, value in known]))
    return judged


def _regions(training: Training) -> list[RegionTrack]:
    """Regions that a training recorded."""
    return find_regions(training.folder, training.name)


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
    folders = {title: scoring.folder / "cases" for title, scoring in first.items()}
    cases = (read_case(folders, n, comparison.case_window) for n in range(comparison.num_cases))
    return [case for case in cases if case is not None]
