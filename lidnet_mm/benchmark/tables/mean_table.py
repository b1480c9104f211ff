"""Means over denoisers: what a method is worth whichever denoiser it is given."""

import statistics
from collections.abc import Iterable, Sequence

from lidnet_mm.benchmark.scores.results import ResultRow
from lidnet_mm.benchmark.scores.row_titles import METHOD_TITLES, ablated
from lidnet_mm.benchmark.tables.metric_columns import DETECTION, KNOWN, TEXTURE, WHOLE, titled
from lidnet_mm.benchmark.tables.paper_table import Cell, PaperTable
from lidnet_mm.benchmark.tables.paper_tables import PAIRED
from lidnet_mm.benchmark.tables.results_table import NO_VALUE, format_value, metric_text


def mean_tables(rows: Iterable[ResultRow]) -> list[PaperTable]:
    """A table a data set: LDCT, each trained method over all denoisers, NDCT.

    Args:
        rows (Iterable[ResultRow]): Rows of ``results.json``.

    Returns:
        list[PaperTable]: None of a data set where fewer than two denoisers were trained by all of
            its methods and scored by all of its judges. Ablations do not count.
    """
    datasets: dict[str, list[ResultRow]] = {}
    for row in rows:
        datasets.setdefault(row.dataset, []).append(row)
    found = [_mean_table(dataset, own) for dataset, own in datasets.items()]
    return [table for table in found if table is not None]


def _mean_table(dataset: str, rows: Sequence[ResultRow]) -> PaperTable | None:
    """The table of one data set."""
    judges = list(dict.fromkeys(row.judge for row in rows))
    methods = [method for method in PAIRED if any(row.method == method for row in rows)]
    denoisers = _denoisers(rows, judges, methods)
    if len(denoisers) < 2:
        return None
    lines = []
    for method in ("ldct", *methods, "ndct"):
        names = denoisers if method in methods else ["none"]
        by_judge = [
            [[r for r in rows if (r.judge, r.method, r.denoiser) == (judge, method, n)]
             for n in names]
            for judge in judges
        ]  # fmt: skip
        if not all(own for of_judge in by_judge for own in of_judge):
            continue
        cells = [_cell(of_judge, name) for of_judge in by_judge for name in DETECTION]
        # Images are the same for all judges.
        cells += [_cell(by_judge[0], name) for name in (*WHOLE, *TEXTURE)]
        lines.append(((METHOD_TITLES[method],), cells))
    groups = (
        *((f"By {judge}", tuple(map(titled, DETECTION))) for judge in judges),
        ("Whole slice", tuple(map(titled, WHOLE))),
        ("Lesions", tuple(map(titled, TEXTURE))),
    )
    caption = f"Means over {', '.join(denoisers)}; of each the mean over its trainings."
    title = f"Mean of {len(denoisers)} denoisers, {dataset}"
    return PaperTable(title, caption, ("Method",), groups, lines)


def _denoisers(
    rows: Sequence[ResultRow], judges: Sequence[str], methods: Sequence[str]
) -> list[str]:
    """Denoisers, no ablations, that have a row of each method by each judge."""
    present = {(row.judge, row.method, row.denoiser) for row in rows}
    names = list(dict.fromkeys(row.denoiser for row in rows if row.method in methods))
    return [
        name
        for name in names
        if (ablated(name) == name or ablated(name) not in names)
        and all((judge, method, name) in present for judge in judges for method in methods)
    ]


def _cell(rows: Sequence[Sequence[ResultRow]], name: str) -> Cell:
    """Mean over groups of rows of their means; a single group as it is."""
    if len(rows) == 1:
        return Cell(metric_text(rows[0], KNOWN[name]))
    values = [[row.metrics[name] for row in own] for own in rows]
    if any(value is None for own in values for value in own):
        return Cell(NO_VALUE)
    mean = statistics.fmean(statistics.fmean(own) for own in values)
    return Cell(format_value([mean], KNOWN[name].decimals))
