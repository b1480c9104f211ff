"""From the folders of a comparison to ``results.json`` and the report."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from lidnet_mm.benchmark.case import Case
from lidnet_mm.benchmark.case_file import read_case
from lidnet_mm.benchmark.comparison import Comparison, Scoring
from lidnet_mm.benchmark.details import read_lesion_counts
from lidnet_mm.benchmark.provenance import gather_provenance
from lidnet_mm.benchmark.report import write_report
from lidnet_mm.benchmark.results import ResultRow, read_results, write_results
from lidnet_mm.benchmark.row_titles import row_key, row_titles
from lidnet_mm.benchmark.training_log import read_training_log


def collect(comparison: Comparison) -> list[ResultRow]:
    """Gather all rows into ``WORK_DIR/results.json``.

    Args:
        comparison (Comparison): A comparison that has run.

    Returns:
        list[ResultRow]: The rows, in the order of the table.

    Raises:
        FileNotFoundError: If a row is missing; the message says how to make it.
    """
    missing = [s.result for s in comparison.scorings if not s.result.is_file()]
    if missing:
        raise FileNotFoundError(
            f"{len(missing)} rows are missing, the first {missing[0]}: run the comparison first"
        )
    rows = [_row(scoring) for scoring in comparison.scorings]
    write_results(rows, comparison.work_dir / "results.json")
    return rows


def _row(scoring: Scoring) -> ResultRow:
    """Row of a scoring, its denoiser under the name that the comparison gives it.

    The name is not part of the score, so another one needs no new score.
    """
    (row,) = read_results(scoring.result)
    return replace(row, denoiser=scoring.entry.denoiser or row.denoiser)


def report(comparison: Comparison) -> Path:
    """Write ``results.json`` and the report of a comparison that has run.

    Args:
        comparison (Comparison): The comparison.

    Returns:
        Path: The report's HTML page.
    """
    rows = collect(comparison)
    curves = [
        read_training_log(training.folder, training.name)
        for training in [comparison.judge, *comparison.trainings]
    ]
    configs = {"judge": comparison.judge.config.stem}
    configs.update(
        {s.entry.label: s.config.stem for s in comparison.scorings if not s.entry.is_untouched}
    )
    provenance = gather_provenance(configs, rows[0].window_hu, comparison.dose, comparison.notes)
    titles = row_titles(rows)
    titled = {
        scoring: titles[row_key(row)]
        for scoring, row in zip(comparison.scorings, rows, strict=True)
    }
    folder, cases = comparison.work_dir / "report", _cases(comparison, titled)
    return write_report(rows, folder, curves, cases, provenance, comparison.title, _lesions(titled))


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
