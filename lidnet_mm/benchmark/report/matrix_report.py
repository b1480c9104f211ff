"""The reports of a matrix, one of each table, and what lies beside them."""

from pathlib import Path

from lidnet_mm.benchmark.evidence.evidence import EVIDENCE, Evidence, write_evidence
from lidnet_mm.benchmark.evidence.judged_curves import JUDGED_CURVES, write_judged_curves
from lidnet_mm.benchmark.evidence.line_physics import (
    PHYSICS_LINES,
    Physics,
    write_physics_lines,
)
from lidnet_mm.benchmark.evidence.training_log import Curves
from lidnet_mm.benchmark.matrix.matrix import Matrix
from lidnet_mm.benchmark.report.collect import CollectedTable, collect
from lidnet_mm.benchmark.report.report import write_report
from lidnet_mm.benchmark.report.table_parts import (
    cases_of,
    curves_of,
    evidence_of,
    lesions_of,
    physics_of,
    regions_of,
)
from lidnet_mm.benchmark.report.table_provenance import table_provenance
from lidnet_mm.benchmark.scores.row_titles import row_key, row_titles
from lidnet_mm.benchmark.scores.same_source import training_mixtures


def report_matrix(matrix: Matrix, allow_mixed: bool = False) -> list[Path]:
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
    evidence = [evidence_of(found) for found in tables]
    physics = [physics_of(found) for found in tables]
    curves = [curves_of(found) for found in tables]
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
        cases_of(table, titled),
        provenance,
        f"{table.title}: {table.name}" if table.name else table.title,
        lesions_of(titled),
        found.failed,
        evidence,
        regions_of(table),
        physics,
        training_mixtures(found.sources),
    )
