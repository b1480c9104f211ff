"""Tables of what records tell: differences with intervals, operating points, sizes."""

import itertools
import math
from collections.abc import Sequence

from lidnet_mm.benchmark.evidence.bootstrap import Difference
from lidnet_mm.benchmark.evidence.evidence import (
    UNCHANGED,
    Evidence,
    LineDifference,
    LineKey,
    main_judges,
)
from lidnet_mm.benchmark.scores.row_titles import METHOD_TITLES
from lidnet_mm.benchmark.tables.metric_columns import (
    DETECTION,
    KNOWN,
    LESION,
    TEXTURE,
    WHOLE,
    titled,
)
from lidnet_mm.benchmark.tables.paper_table import Cell, PaperTable
from lidnet_mm.benchmark.tables.paper_tables import MINUS
from lidnet_mm.benchmark.tables.results_table import NO_VALUE, format_value
from lidnet_mm.evaluation.froc import FALSE_POSITIVES

AGAINST_TITLES = {
    "baseline": "baseline",
    "matched": "matched baseline",
    UNCHANGED: "LIDnet itself",
}
KINDS = (
    ("Lesion detection", (*DETECTION, "CPM")),
    ("Whole slice", WHOLE),
    ("Lesions", (*LESION, *TEXTURE)),
)
"""Metrics of a table each."""
MOST_DIGITS = 6
"""No more digits than these, however close to 0 an interval ends."""


def difference_tables(evidence: Evidence) -> list[PaperTable]:
    """Differences of LIDnet from both its baselines.

    Args:
        evidence (Evidence): The evidence.

    Returns:
        list[PaperTable]: One of detection for each judge, then one for each other kind of metric,
            as images are the same for all judges.
    """
    found = evidence.differences
    main = main_judges(entry.key for entry in found)
    of_images = [entry for entry in found if entry.key.judge == main[entry.key.dataset]]
    tables = []
    (kind, names), *others = KINDS
    for judge in dict.fromkeys(entry.key.judge for entry in found):
        own = [entry for entry in found if entry.key.judge == judge]
        tables.append(_difference_table(own, f"{kind}, judge {judge}", kind, names))
    tables += [_difference_table(of_images, kind, kind, names) for kind, names in others]
    return [table for table in tables if table.rows]


def detection_tables(evidence: Evidence) -> list[PaperTable]:
    """Operating points and sensitivity by size.

    Args:
        evidence (Evidence): The evidence.

    Returns:
        list[PaperTable]: Two a judge.
    """
    judges = dict.fromkeys(entry.key.judge for entry in evidence.detections)
    makers = (_froc_table, _size_table)
    return [make(evidence, judge) for judge in judges for make in makers]


def _difference_table(
    found: Sequence[LineDifference], what: str, kind: str, names: tuple[str, ...]
) -> PaperTable:
    """Differences in a few metrics."""
    rows = []
    for (key, against), group in itertools.groupby(found, lambda e: (e.key, e.against)):
        by_name = {entry.difference.metric: entry for entry in group}
        if not set(names) & set(by_name):
            continue
        first = next(iter(by_name.values())).difference
        line = f"{key.dataset}: {METHOD_TITLES[key.method]}, {key.denoiser}"
        line += f", {key.detector}" if key.detector != "none" else ""
        cells = [_difference_cell(by_name.get(name)) for name in names]
        seeds = " / ".join(map(str, first.num_seeds[::-1]))
        numbers = [Cell(seeds), Cell(str(first.num_patients))]
        rows.append(((line, AGAINST_TITLES[against]), [*cells, *numbers]))
    resamples = f"{found[0].difference.resamples:,} " if found else ""
    caption = (
        "Difference with its 95 % interval (paired bootstrap over patients, "
        f"{resamples}resamples). 'Inside the interval': the interval contains 0, so the difference "
        "may be chance. How far another training would lie is not in it. Trainings: of the first / "
        "of the second."
    )
    groups = ((kind, tuple(map(titled, names))), ("Number of", ("trainings", "patients")))
    title = f"LIDnet less its baselines: {what[0].lower()}{what[1:]}"
    return PaperTable(title, caption, ("Method", "less the"), groups, joined_rows(rows))


def _froc_table(evidence: Evidence, judge: str) -> PaperTable:
    """Sensitivity at LUNA16's operating points."""
    rows = [
        (line_names(entry.key), [Cell(f"{value:.3f}") for value in entry.points]
         + [Cell(format_value(entry.cpm, 3))])
        for entry in evidence.detections
        if entry.key.judge == judge
    ]  # fmt: skip
    points = tuple(f"{rate:g}" for rate in FALSE_POSITIVES)
    groups = (("Sensitivity at so many false positives a slice", points), ("", ("CPM",)))
    caption = f"Judge: {judge}. A box with an IoU of at least 0.5 finds a lesion. Mean over seeds."
    stubs = ("Data set", "Method")
    return PaperTable(f"FROC, judge {judge}", caption, stubs, groups, joined_rows(rows))


def _size_table(evidence: Evidence, judge: str) -> PaperTable:
    """Sensitivity by size of the lesion."""
    own = [entry for entry in evidence.detections if entry.key.judge == judge]
    rows = []
    ranges = [(low, high) for low, high, *_ in own[0].sizes]
    for dataset, entries in itertools.groupby(own, lambda entry: entry.key.dataset):
        group = list(entries)
        counts = [Cell(str(number)) for *_, number, _ in group[0].sizes]
        rows.append(((dataset, "number of lesions"), counts))
        for entry in group:
            cells = [Cell(NO_VALUE if s is None else f"{s:.3f}") for *_, s in entry.sizes]
            rows.append((line_names(entry.key), cells))
    titles = tuple(_range_words(low, high) for low, high in ranges)
    caption = (
        f"Judge: {judge}. Sensitivity at one false positive a slice, by the larger side of the "
        "lesion on its slice. Mean over seeds."
    )
    groups = (("Size", titles),)
    title = f"Sensitivity by lesion size, judge {judge}"
    return PaperTable(title, caption, ("Data set", "Method"), groups, joined_rows(rows))


def _difference_cell(entry: LineDifference | None) -> Cell:
    """A difference with its interval, and what it tells."""
    if entry is None:
        return Cell(NO_VALUE)
    found, column = entry.difference, KNOWN[entry.difference.metric]
    digits = column.decimals
    # An interval that excludes 0 must not read as one that ends there.
    while not found.is_inside and digits < MOST_DIGITS and 0 in _rounded(found, digits):
        digits += 1
    low, high = (_signed(edge, digits, plus="") for edge in (found.low, found.high))
    text = f"{_signed(found.estimate, digits)} [{low}, {high}]"
    if found.is_inside:
        return Cell(text, "inside the interval")
    better = (found.estimate > 0) == column.higher_is_better
    return Cell(text, "better" if better else "worse", sure=True)


def _rounded(found: Difference, digits: int) -> tuple[float, float]:
    """The ends of an interval as they are printed."""
    return round(found.low, digits), round(found.high, digits)


def _signed(value: float, decimals: int, plus: str = "+") -> str:
    """A number with its sign, a true minus."""
    text = f"{abs(value):.{decimals}f}"
    if float(text) == 0:
        return text
    return (MINUS if value < 0 else plus) + text


def line_names(key: LineKey) -> tuple[str, str]:
    """Data set and method of a line in words.

    Args:
        key (LineKey): The line.

    Returns:
        tuple[str, str]: The method with denoiser and detector, where it has them.
    """
    parts = [METHOD_TITLES[key.method], key.denoiser, key.detector]
    return key.dataset, ", ".join(part for part in parts if part != "none")


def joined_rows(rows: list[tuple[tuple[str, ...], list[Cell]]]) -> list:
    """Rows without the first name where it is that of the row above.

    Args:
        rows (list[tuple[tuple[str, ...], list[Cell]]]): Names and cells of each row.

    Returns:
        list[tuple[tuple[str, ...], list[Cell]]]: For a ``PaperTable``.
    """
    joined, before = [], None
    for names, cells in rows:
        joined.append((("" if names[0] == before else names[0], *names[1:]), cells))
        before = names[0]
    return joined


def _range_words(low: float, high: float) -> str:
    """Sizes in mm in words."""
    if not low:
        return f"< {high:g} mm"
    return f"≥ {low:g} mm" if math.isinf(high) else f"{low:g} to {high:g} mm"
