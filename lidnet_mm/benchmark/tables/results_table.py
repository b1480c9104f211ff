"""Tables of results: what each column means, rows averaged over seeds."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lidnet_mm.benchmark.scores.results import METHODS, ResultRow
from lidnet_mm.benchmark.scores.row_titles import (
    METHOD_TITLES,
    UNTRAINED,
    RowKey,
    row_key,
    row_titles,
)
from lidnet_mm.benchmark.tables.markdown_text import markdown_text
from lidnet_mm.benchmark.tables.metric_columns import COLUMNS, DETECTION, MetricColumn

NO_VALUE = "\u2013"
"""Cell of a value that does not exist: an en dash."""

SAME = 1e-6
"""Error below which an image equals its reference but for float32 rounding."""


@dataclass(frozen=True)
class TableLine:
    """One method of a table.

    Attributes:
        title (str): What no other line of the table is called; see :func:`row_titles`.
        method (str): Method.
        denoiser (str): Generator.
        detector (str): Guiding detector.
        num_seeds (int): Trainings averaged.
        cells (tuple[str, ...]): Text in the order of :data:`COLUMNS`.
    """

    title: str
    method: str
    denoiser: str
    detector: str
    num_seeds: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class ResultTable:
    """Methods that compare: one data set, judge and window.

    Attributes:
        dataset (str): Data set and dose.
        judge (str): Scoring detector.
        window_hu (tuple[float, float]): HU window of the image metrics.
        groups (tuple[tuple[str, tuple[TableLine, ...]], ...]): Lines from floor to ceiling, those
            of one trained denoiser together under its name; the name is empty for the others, and
            where there is only one.
    """

    dataset: str
    judge: str
    window_hu: tuple[float, float]
    groups: tuple[tuple[str, tuple[TableLine, ...]], ...]

    @property
    def lines(self) -> tuple[TableLine, ...]:
        """All lines."""
        return tuple(line for _, lines in self.groups for line in lines)

    @property
    def has_detectors(self) -> bool:
        """Whether denoisers were guided by different detectors."""
        return len({line.detector for line in self.lines} - {"none"}) > 1

    @property
    def has_seeds(self) -> bool:
        """Whether a line averages several trainings."""
        return any(line.num_seeds > 1 for line in self.lines)


def result_tables(rows: Iterable[ResultRow]) -> list[ResultTable]:
    """Group rows that compare and average them over seeds.

    Args:
        rows (Iterable[ResultRow]): Rows of ``results.json``.

    Returns:
        list[ResultTable]: One a data set, judge and window, in the order of the rows.

    Raises:
        ValueError: If a method has two rows of one seed.
    """
    tables: dict[tuple, list[ResultRow]] = {}
    for row in rows:
        tables.setdefault((row.dataset, row.judge, row.window_hu), []).append(row)
    return [ResultTable(*table, _groups(rows)) for table, rows in tables.items()]


def markdown(tables: Sequence[ResultTable]) -> str:
    """The tables in Markdown, with the numbers of the HTML page.

    Args:
        tables (Sequence[ResultTable]): Tables.

    Returns:
        str: One Markdown table each, under a line that says what was compared.
    """
    return "\n\n".join(_markdown_table(table) for table in tables) + "\n"


def format_value(values: Sequence[float | None], decimals: int) -> str:
    """Text of a cell: mean ± sample standard deviation over seeds.

    Args:
        values (Sequence[float | None]): One a seed; None does not exist.
        decimals (int): Digits after the point.

    Returns:
        str: ``57.9`` of one seed, ``57.9 ± 1.2`` of several, with ``(n = 2)`` where not all seeds
        have a value, and ``–`` where none has.
    """
    known = [value for value in values if value is not None]
    if not known:
        return NO_VALUE
    text = f"{statistics.fmean(known):.{decimals}f}"
    if len(known) > 1:
        text += f" ± {statistics.stdev(known):.{decimals}f}"
    return text if len(known) == len(values) else f"{text} (n = {len(known)})"


def metric_text(rows: Sequence[ResultRow], column: MetricColumn) -> str:
    """Text of one metric of one method.

    Args:
        rows (Sequence[ResultRow]): One a seed.
        column (MetricColumn): The metric.

    Returns:
        str: As of :func:`format_value`; ``∞``, ``1`` and ``0`` of NDCT against itself.
    """
    if all(_equals_reference(row) for row in rows) and column.key not in DETECTION:
        return {"PSNR": "∞", "SSIM": "1"}.get(column.key) or _exact_or_text(rows, column)
    return format_value([row.metrics[column.key] for row in rows], column.decimals)


def _groups(rows: Sequence[ResultRow]) -> tuple[tuple[str, tuple[TableLine, ...]], ...]:
    """Lines of a table: the floor, filters, trained denoisers in the order of rows, the ceiling."""
    titles = row_titles(rows)
    trained = list(dict.fromkeys(row.denoiser for row in rows if row.method not in UNTRAINED))
    by_key: dict[RowKey, list[ResultRow]] = {}
    for row in rows:
        by_key.setdefault(row_key(row), []).append(row)

    def group_of(key: RowKey) -> tuple[int, str]:
        if len(trained) < 2:
            return 0, ""
        if key.method in UNTRAINED:
            return (len(trained) if key.method == "ndct" else -1), ""
        return trained.index(key.denoiser), key.denoiser

    groups: dict[tuple[int, str], list[TableLine]] = {}
    for key in sorted(by_key, key=lambda key: (group_of(key), METHODS.index(key.method), key)):
        groups.setdefault(group_of(key), []).append(_line(titles[key], by_key[key]))
    return tuple((name, tuple(lines)) for (_, name), lines in groups.items())


def _line(title: str, rows: Sequence[ResultRow]) -> TableLine:
    """Average of the rows of one method and denoiser."""
    seeds = [row.seed for row in rows]
    if len(set(seeds)) != len(seeds):
        raise ValueError(
            f"'{rows[0].method}' of '{rows[0].denoiser}' on '{rows[0].dataset}' has several rows "
            f"of one seed ({seeds}); keep one a training, or give denoisers names of their own"
        )
    cells = tuple(metric_text(rows, column) for column in COLUMNS)
    first = rows[0]
    method = METHOD_TITLES[first.method]
    return TableLine(title, method, first.denoiser, first.detector, len(rows), cells)


def _exact_or_text(rows: Sequence[ResultRow], column: MetricColumn) -> str:
    """``0`` where an error of the reference is the zero it is by definition."""
    values = [row.metrics[column.key] for row in rows]
    is_zero = all(value is not None and value < SAME for value in values)
    return "0" if is_zero else format_value(values, column.decimals)


def _equals_reference(row: ResultRow) -> bool:
    """Whether a missing PSNR is the infinite one of an image against itself."""
    rmse = row.metrics["RMSE"]
    return row.metrics["PSNR"] is None and rmse is not None and rmse < SAME


def _markdown_table(table: ResultTable) -> str:
    """One table with its heading line."""
    low, high = table.window_hu
    names = ["Method", "Denoiser", *(["Detector"] if table.has_detectors else [])]
    titles = [*names, "Seeds", *(f"{column.title} {column.arrow}" for column in COLUMNS)]
    rows = [
        [
            *(markdown_text(getattr(line, name.lower())) for name in names),
            str(line.num_seeds),
            *line.cells,
        ]
        for line in table.lines
    ]
    rules = [*["---"] * len(names), *["---:"] * (len(titles) - len(names))]
    heading = (
        f"{markdown_text(table.dataset)}; judge {markdown_text(table.judge)}; "
        f"PSNR, SSIM and RMSE on the HU window [{low:g}, {high:g}] with data range 1; "
        "texture errors are mean absolute differences from NDCT"
    )
    return "\n".join(
        [heading, "", *("| " + " | ".join(row) + " |" for row in (titles, rules, *rows))]
    )
