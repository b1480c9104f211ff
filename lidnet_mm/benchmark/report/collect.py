"""From the folders of a matrix to ``results.json``."""

from dataclasses import dataclass, replace

from lidnet_mm.benchmark.jobs.cell_state import failure_of_scoring
from lidnet_mm.benchmark.jobs.job_list import JobList
from lidnet_mm.benchmark.jobs.job_notes import processes_of
from lidnet_mm.benchmark.matrix.comparison import Comparison
from lidnet_mm.benchmark.matrix.matrix import Matrix
from lidnet_mm.benchmark.matrix.stage import Scoring
from lidnet_mm.benchmark.matrix.training_commits import commits_of
from lidnet_mm.benchmark.report.failed_cell import FailedCell
from lidnet_mm.benchmark.scores.results import ResultRow, read_results, write_results
from lidnet_mm.benchmark.scores.same_source import (
    MIXTURES,
    RowSource,
    check_commits,
    check_trainings,
    check_windows,
    training_mixtures,
    write_mixtures,
)
from lidnet_mm.damaged_file import damage_told

RESULTS = "results.json"


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
    with damage_told(scoring.result):
        (row,) = read_results(scoring.result)
    return replace(
        row,
        denoiser=scoring.entry.denoiser or row.denoiser,
        judge=scoring.judge_name,
        dataset=table.name or row.dataset,
    )
