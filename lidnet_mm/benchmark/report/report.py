"""The report of a benchmark: one HTML page that needs no network; tables in Markdown and LaTeX."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from lidnet_mm.atomic_write import write_together
from lidnet_mm.benchmark.cases.case import Case
from lidnet_mm.benchmark.cases.case_viewer import NO_CASES, case_view
from lidnet_mm.benchmark.cases.region_view import region_views
from lidnet_mm.benchmark.evidence.evidence import Evidence
from lidnet_mm.benchmark.evidence.line_physics import Physics
from lidnet_mm.benchmark.evidence.training_log import Curves
from lidnet_mm.benchmark.figures.froc_figure import froc_panels
from lidnet_mm.benchmark.figures.loss_figure import PHASE_TITLES, drawn_phases, loss_panels
from lidnet_mm.benchmark.figures.method_figure import (
    MethodPanel,
    panel_svg,
)
from lidnet_mm.benchmark.figures.physics_figure import physics_panels
from lidnet_mm.benchmark.figures.training_figure import by_judge, training_panels
from lidnet_mm.benchmark.public_text import PublicNames, without_folders
from lidnet_mm.benchmark.report.failed_cell import FailedCell
from lidnet_mm.benchmark.report.report_flags import mixture_flags
from lidnet_mm.benchmark.report.same_score_flags import same_score_flags
from lidnet_mm.benchmark.scores.provenance import Provenance
from lidnet_mm.benchmark.scores.results import METHODS, ResultRow
from lidnet_mm.benchmark.scores.row_titles import METHOD_MEANINGS, METHOD_TITLES
from lidnet_mm.benchmark.tables.count_table import count_tables
from lidnet_mm.benchmark.tables.evidence_tables import detection_tables, difference_tables
from lidnet_mm.benchmark.tables.markdown_text import markdown_text
from lidnet_mm.benchmark.tables.mean_table import mean_tables
from lidnet_mm.benchmark.tables.metric_columns import COLUMNS
from lidnet_mm.benchmark.tables.paper_table import latex_page, markdown_table
from lidnet_mm.benchmark.tables.paper_tables import paper_tables
from lidnet_mm.benchmark.tables.physics_table import physics_tables
from lidnet_mm.benchmark.tables.results_table import markdown, result_tables
from lidnet_mm.evaluation.region_track import RegionTrack
from lidnet_mm.visualization import hu_viewer
from lidnet_mm.visualization.html_page import as_it_is, template_environment
from lidnet_mm.visualization.slice_figure import DETECTION_COLOUR, TRUTH_COLOUR

PACKAGE = "lidnet_mm.benchmark"
TEMPLATE = "report.html.j2"
MOST_BYTES = 29.5e6
"""Of the page, which is passed on by mail."""
SCRIPTS = (  # in this order: each uses those before it
    *hu_viewer.SCRIPTS,
    (PACKAGE, "case_shown.js"),
    (PACKAGE, "case_drawing.js"),
    (PACKAGE, "case_words.js"),
    (PACKAGE, "case_strip.js"),
    (PACKAGE, "case_settings.js"),
    (PACKAGE, "case_pointer.js"),
    (PACKAGE, "case_keys.js"),
    (PACKAGE, "case_form.js"),
    (PACKAGE, "case_viewer.js"),
)


def write_report(
    rows: list[ResultRow],
    out_dir: Path,
    curves: list[Curves],
    cases: list[Case],
    provenance: Provenance,
    title: str,
    lesions: Mapping[str, str] | None = None,
    failed: Sequence[FailedCell] = (),
    evidence: Evidence | None = None,
    regions: Sequence[RegionTrack] = (),
    physics: Physics | None = None,
    mixtures: Sequence[str] = (),
) -> Path:
    """Write ``index.html``, ``report.md`` and ``report.tex``, all or none.

    The page holds its pictures, style and script itself. Numbers of one method, denoiser, data
    set, judge and window are averaged over seeds. Names of patients that are no pseudonyms become
    numbers, and paths file names.

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
        evidence (Evidence, optional): Differences with intervals, FROC, sizes.
        regions (Sequence[RegionTrack]): Regions along trainings. Defaults to none.
        physics (Physics, optional): Noise and sharpness.
        mixtures (Sequence[str]): Of :func:`training_mixtures`. Defaults to none.

    Returns:
        Path: The HTML page.

    Raises:
        ValueError: If there is no row, a line of the table has two rows of one seed, or the page
            would be too large to be passed on.
    """
    if not rows:
        raise ValueError("a report needs at least one row of results; score a method first")
    tables, names = result_tables(rows), PublicNames()
    failed = [FailedCell(cell.label, without_folders(cell.reason)) for cell in failed]
    evidence, provenance = evidence or Evidence(), _public(provenance)
    paper = [*mean_tables(rows), *paper_tables(rows, evidence)]
    differences = [*count_tables(evidence), *difference_tables(evidence)]
    detections = detection_tables(evidence)
    physics = physics or Physics()
    measured = physics_tables(physics)
    along = training_panels(curves)
    tracks = region_views(regions, rows[0].window_hu, names)
    page = Path(out_dir) / "index.html"
    draw = partial(
        template_environment(PACKAGE).get_template(TEMPLATE).render,
        title=title,
        provenance=provenance,
        tables=tables,
        lesions=lesions or {},
        columns=COLUMNS,
        column_groups=_column_groups(),
        methods=_methods_of(rows),
        flags=[*mixture_flags(rows, mixtures), *same_score_flags(rows)],
        failed=failed,
        paper=paper,
        differences=differences,
        detections=detections,
        froc=_drawn(froc_panels(evidence), "froc"),
        along=_drawn(along, "along"),
        along_shows={"judge" if by_judge(panel) else "validations" for panel in along},
        physics=measured,
        physics_panels=_drawn(physics_panels(physics), "physics"),
        regions=tracks,
        trainings=_trainings(curves),
        phases=_phases_of(curves),
        has_critic=any("critic.wasserstein" in training.losses for training in curves),
        truth_colour=TRUTH_COLOUR,
        detection_colour=DETECTION_COLOUR,
        style=as_it_is(PACKAGE, "report.css"),
        script=_script(bool(cases), bool(tracks)),
    )
    printed = [*paper, *differences, *detections, *measured]
    text = _markdown_page(title, tables, provenance, lesions or {}, failed)
    more = "".join(f"\n{markdown_table(table)}" for table in printed)
    write_together(
        {
            page: _with_cases(draw, cases, names, rows),
            page.with_name("report.md"): _encoded(text + more),
            page.with_name("report.tex"): _encoded(latex_page(printed, title)),
        }
    )
    return page


def _encoded(text: str) -> bytes:
    """UTF-8; what is no text in it, such as a byte of a file's name, is spelled out."""
    return text.encode(errors="backslashreplace")


def _with_cases(
    draw: Callable[..., str], cases: Sequence[Case], names: PublicNames, rows: Sequence[ResultRow]
) -> bytes:
    """The page: its cases have the room that tables and curves leave."""
    others = len(_encoded(draw(view=NO_CASES if cases else None)))
    room = MOST_BYTES - others
    if room < 0:
        raise ValueError(
            f"tables, curves and regions take {others / 1e6:.1f} MB of the page, which may have "
            f"{MOST_BYTES / 1e6:g}: compare fewer methods or seeds in one table"
        )
    page = _encoded(draw(view=case_view(cases, names, rows, room) if cases else None))
    if len(page) > MOST_BYTES:
        raise ValueError(
            f"the page would have {len(page) / 1e6:.1f} MB, more than {MOST_BYTES / 1e6:g}: set "
            "'num_cases' lower and write the report again"
        )
    return page


def _public(provenance: Provenance) -> Provenance:
    """Provenance without folders."""
    return replace(
        provenance,
        configs={what: without_folders(name) for what, name in provenance.configs.items()},
        notes={what: without_folders(text) for what, text in provenance.notes.items()},
        dose=without_folders(provenance.dose),
        low_dose=tuple(without_folders(text) for text in provenance.low_dose),
    )


def _script(has_cases: bool, has_regions: bool) -> str:
    """What the page runs."""
    parts = [*(SCRIPTS if has_cases else ()), *([(PACKAGE, "regions.js")] if has_regions else ())]
    return "\n".join(as_it_is(package, name) for package, name in parts)


def _drawn(panels: Sequence[MethodPanel], prefix: str) -> list[dict[str, str]]:
    """Panels with their pictures."""
    return [
        {
            "title": panel.title,
            "description": panel.description,
            "svg": panel_svg(panel, f"{prefix}-{index}"),
        }
        for index, panel in enumerate(panels)
    ]


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
    counts = "".join(
        f"- {markdown_text(f'{method}: {found}')}\n" for method, found in lesions.items()
    )
    counts = f"Lesions measured / skipped / flattened:\n\n{counts}\n" if counts else ""
    configs = ", ".join(f"{what}: {name}" for what, name in provenance.configs.items())
    dose = f"Dose: {provenance.dose}. " if provenance.dose else ""
    source = (
        f"{dose}{provenance.date}, commit {provenance.commit}, "
        f"{provenance.machine}. Configs: {configs}."
    )
    source += "".join(f" Low dose: {text}." for text in provenance.low_dose)
    source += f" Texture measured by {provenance.texture}."
    source += "".join(f" Judge {name}: SHA-256 {sha}." for name, sha in provenance.judges.items())
    first = [f"{cell.label}: {(cell.reason.splitlines() or [''])[0]}" for cell in failed]
    missing = "".join(f"- {markdown_text(line)}\n" for line in first)
    missing = f"Rows that failed or were not run:\n\n{missing}\n" if missing else ""
    heading = markdown_text(title)
    return f"# {heading}\n\n{markdown(tables)}\n{missing}{counts}{markdown_text(source)}\n"
