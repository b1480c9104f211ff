"""Means over denoisers: what a method is worth whichever denoiser it is given."""

import statistics
from collections.abc import Iterable, Sequence

from lidnet_mm.benchmark.scores.results import ResultRow
from lidnet_mm.benchmark.scores.row_titles import METHOD_TITLES, ablation_parts, ablation_title
from lidnet_mm.benchmark.tables.metric_columns import DETECTION, KNOWN, TEXTURE, WHOLE, titled
from lidnet_mm.benchmark.tables.paper_table import Cell, PaperTable
from lidnet_mm.benchmark.tables.paper_tables import PAIRED
from lidnet_mm.benchmark.tables.results_table import NO_VALUE, format_value, metric_text

Found = dict[tuple[str, str, str], list[ResultRow]]
"""Rows by judge, method and denoiser."""


def mean_tables(rows: Iterable[ResultRow]) -> list[PaperTable]:
    """A table a data set: LDCT, each trained method over all denoisers, NDCT.

    Args:
        rows (Iterable[ResultRow]): Rows of ``results.json``.

    Returns:
        list[PaperTable]: None of a data set where fewer than two denoisers were trained by all of
            its methods and scored by all of its judges. An ablation has a line of its own where
            all of them have it.
    """
    datasets: dict[str, list[ResultRow]] = {}
    for row in rows:
        datasets.setdefault(row.dataset, []).append(row)
    found = [_mean_table(dataset, own) for dataset, own in datasets.items()]
    return [table for table in found if table is not None]


def _mean_table(dataset: str, rows: Sequence[ResultRow]) -> PaperTable | None:
    """The table of one data set."""
    judges = list(dict.fromkeys(row.judge for row in rows))
    found: Found = {}
    for row in rows:
        found.setdefault((row.judge, row.method, row.denoiser), []).append(row)
    methods = [method for method in PAIRED if any(key[1] == method for key in found)]
    names = list(dict.fromkeys(row.denoiser for row in rows if row.method in methods))
    parts = [ablation_parts(name, names) for name in names]
    denoisers = [
        name
        for name, ablation in parts
        if not ablation and all((j, m, name) in found for j in judges for m in methods)
    ]
    if len(denoisers) < 2:
        return None
    ablations = dict.fromkeys(ablation for _, ablation in parts if ablation)
    lines = [("LDCT", "ldct", ["none"])]
    lines += [(METHOD_TITLES[method], method, denoisers) for method in methods]
    lines += [
        (ablation_title(METHOD_TITLES["lidnet"], ablation), "lidnet",
         [ablation_title(name, ablation) for name in denoisers])
        for ablation in ablations
    ]  # fmt: skip
    lines += [("NDCT", "ndct", ["none"])]
    groups = (
        *((f"By {judge}", tuple(map(titled, DETECTION))) for judge in judges),
        ("Whole slice", tuple(map(titled, WHOLE))),
        ("Lesions", tuple(map(titled, TEXTURE))),
    )
    caption = f"Means over {', '.join(denoisers)}; of each the mean over its trainings."
    return PaperTable(
        f"Mean of {len(denoisers)} denoisers, {dataset}", caption, ("Method",), groups,
        [
            ((title,), _cells(found, judges, method, own))
            for title, method, own in lines
            if all((judge, method, name) in found for judge in judges for name in own)
        ],
    )  # fmt: skip


def _cells(
    found: Found, judges: Sequence[str], method: str, denoisers: Sequence[str]
) -> list[Cell]:
    """Detection by each judge; the images once, as they are the same for all."""
    by_judge = [[found[judge, method, name] for name in denoisers] for judge in judges]
    cells = [_cell(of_judge, name) for of_judge in by_judge for name in DETECTION]
    return cells + [_cell(by_judge[0], name) for name in (*WHOLE, *TEXTURE)]


def _cell(rows: Sequence[Sequence[ResultRow]], name: str) -> Cell:
    """Mean over groups of rows of their means; a single group as it is."""
    if len(rows) == 1:
        return Cell(metric_text(rows[0], KNOWN[name]))
    values = [[row.metrics[name] for row in own] for own in rows]
    if any(value is None for own in values for value in own):
        return Cell(NO_VALUE)
    mean = statistics.fmean(statistics.fmean(own) for own in values)
    return Cell(format_value([mean], KNOWN[name].decimals))
