"""The report of a benchmark: one HTML page that needs no network, and its table in Markdown."""

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lidnet_mm.benchmark.case import Case, case_pictures
from lidnet_mm.benchmark.failed_cell import FailedCell
from lidnet_mm.benchmark.loss_figure import PHASE_TITLES, drawn_phases, loss_panels
from lidnet_mm.benchmark.provenance import Provenance
from lidnet_mm.benchmark.results import METHODS, ResultRow
from lidnet_mm.benchmark.results_table import COLUMNS, markdown, result_tables
from lidnet_mm.benchmark.row_titles import METHOD_MEANINGS, METHOD_TITLES
from lidnet_mm.benchmark.training_log import Curves
from lidnet_mm.visualization.html_page import template_environment
from lidnet_mm.visualization.slice_figure import DETECTION_COLOUR, TRUTH_COLOUR
from lidnet_mm.whole_file import write_whole

TEMPLATE = "report.html.j2"
MOST_COLUMNS = 6
"""Pictures side by side on a wide screen."""


def write_report(
    rows: list[ResultRow],
    out_dir: Path,
    curves: list[Curves],
    cases: list[Case],
    provenance: Provenance,
    title: str,
    lesions: Mapping[str, str] | None = None,
    failed: Sequence[FailedCell] = (),
) -> Path:
    """Write ``index.html`` and ``report.md``, both whole or not at all.

    The page holds its pictures and style itself. Numbers of one method, denoiser, data set, judge
    and window are averaged over seeds.

    Args:
        rows (list[ResultRow]): Scores, at least one.
        out_dir (Path): Folder of the report; created where absent.
        curves (list[Curves]): Trainings whose losses to draw; may be empty.
        cases (list[Case]): Example slices; may be empty.
        provenance (Provenance): Where the numbers come from.
        title (str): Heading of the page.
        lesions (Mapping[str, str], optional): Lesions measured, skipped and flattened by
            title of the line.
        failed (Sequence[FailedCell]): Rows without a score. Defaults to none.

    Returns:
        Path: The HTML page.

    Raises:
        ValueError: If there is no row, or a line of the table has two rows of one seed.
    """
    if not rows:
        raise ValueError("a report needs at least one row of results; score a method first")
    tables = result_tables(rows)
    page = Path(out_dir) / "index.html"
    content = (
        template_environment("lidnet_mm.benchmark")
        .get_template(TEMPLATE)
        .render(
            title=title,
            provenance=provenance,
            tables=tables,
            lesions=lesions or {},
            failed=failed,
            columns=COLUMNS,
            column_groups=_column_groups(),
            methods=_methods_of(rows),
            cases=[_example(case) for case in cases],
            trainings=_trainings(curves),
            phases=_phases_of(curves),
            has_critic=any("critic.wasserstein" in training.losses for training in curves),
            truth_colour=TRUTH_COLOUR,
            detection_colour=DETECTION_COLOUR,
        )
    )
    write_whole(page, content.encode())
    text = _markdown_page(title, tables, provenance, lesions or {}, failed)
    write_whole(page.with_name("report.md"), text.encode())
    return page


def _column_groups() -> list[tuple[str, int]]:
    """Headings above the columns and how many columns each spans."""
    groups: dict[str, int] = {}
    for column in COLUMNS:
        groups[column.group] = groups.get(column.group, 0) + 1
    return list(groups.items())


def _methods_of(rows: Iterable[ResultRow]) -> list[tuple[str, str]]:
    """Title and meaning of the methods that occur, from floor to ceiling."""
    present = {row.method for row in rows}
    return [(METHOD_TITLES[m], METHOD_MEANINGS[m]) for m in METHODS if m in present]


def _example(case: Case) -> dict[str, Any]:
    """A slice with its pictures, in rows of about equal length."""
    pictures = case_pictures(case)
    num_rows = math.ceil(len(pictures) / MOST_COLUMNS)
    return {"case": case, "pictures": pictures, "columns": math.ceil(len(pictures) / num_rows)}


def _trainings(curves: Sequence[Curves]) -> list[dict[str, Any]]:
    """Label and pictures of each training."""
    return [
        {"label": training.label, "panels": loss_panels(training, f"training-{index}")}
        for index, training in enumerate(curves)
    ]


def _phases_of(curves: Iterable[Curves]) -> list[tuple[int, str]]:
    """Number and title of the phases to explain."""
    present = sorted({phase for training in curves for phase in drawn_phases(training)})
    return [(phase, PHASE_TITLES[phase]) for phase in present]


def _markdown_page(
    title: str,
    tables: list,
    provenance: Provenance,
    lesions: Mapping[str, str],
    failed: Sequence[FailedCell],
) -> str:
    """The table in Markdown with where it comes from."""
    counts = "".join(f"- {method}: {found}\n" for method, found in lesions.items())
    counts = f"Lesions measured / skipped / flattened:\n\n{counts}\n" if counts else ""
    configs = ", ".join(f"{what}: {name}" for what, name in provenance.configs.items())
    source = (
        f"Dose: {provenance.dose}. {provenance.date}, commit {provenance.commit}, "
        f"{provenance.machine}. Configs: {configs}."
    )
    missing = "".join(f"- {cell.label}: {cell.reason.splitlines()[0]}\n" for cell in failed)
    missing = f"Rows that failed or were not run:\n\n{missing}\n" if missing else ""
    return f"# {title}\n\n{markdown(tables)}\n{missing}{counts}{source}\n"
