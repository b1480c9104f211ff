"""A table with grouped columns, as HTML (by a template), Markdown and LaTeX."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from lidnet_mm.benchmark.tables.latex_text import escape_latex
from lidnet_mm.benchmark.tables.markdown_text import markdown_text


class Cell(NamedTuple):
    """One cell.

    Attributes:
        text (str): What stands in it.
        note (str): What stands below it, smaller.
        sure (bool): Whether to emphasise it: its lead lies outside of the interval.
    """

    text: str
    note: str = ""
    sure: bool = False

    @property
    def words(self) -> str:
        """Text and note in one line."""
        return f"{self.text} {self.note}".strip()


Row = tuple[tuple[str, ...], list[Cell]]

PAPER_NUMBER = re.compile(r"^Table (?P<number>\d+): (?P<letter>.)(?P<what>[^,]*)(?P<rest>.*)$")
"""Title of a table that the paper has, too."""


@dataclass(frozen=True)
class PaperTable:
    """A table.

    Attributes:
        title (str): Its heading.
        caption (str): What it shows and how to read it.
        stubs (tuple[str, ...]): Headings of the columns of names, at the left.
        groups (tuple[tuple[str, tuple[str, ...]], ...]): Columns of values: headings that span
            others, and those below.
        rows (list[tuple[tuple[str, ...], list[Cell]]]): Names, an empty one where it is that of
            the row above, and values.
        small (bool): Whether it is for experts and closed at first. Defaults to False.
    """

    title: str
    caption: str
    stubs: tuple[str, ...]
    groups: tuple[tuple[str, tuple[str, ...]], ...]
    rows: list[Row]
    small: bool = field(default=False)

    def __post_init__(self) -> None:
        width = len(self.columns)
        for names, cells in self.rows:
            if len(names) != len(self.stubs) or len(cells) != width:
                raise ValueError(
                    f"'{self.title}': a row has {len(names)} + {len(cells)} cells, not "
                    f"{len(self.stubs)} + {width}"
                )

    @property
    def columns(self) -> list[str]:
        """Headings of the columns of values."""
        return [column for _, columns in self.groups for column in columns]


def markdown_table(table: PaperTable, level: int = 2) -> str:
    """A table in Markdown under its heading.

    Args:
        table (PaperTable): The table.
        level (int): Of the heading. Defaults to 2.

    Returns:
        str: Ends with a newline.
    """
    heads = [
        f"{group}, {column}" if group else column
        for group, columns in table.groups
        for column in columns
    ]
    rules = ["---"] * len(table.stubs) + ["---:"] * len(heads)
    lines = [[*map(markdown_text, (*table.stubs, *heads))], rules]
    names: tuple[str, ...] = ()
    for own, cells in table.rows:
        # Each line says all its names: Markdown joins no cells.
        names = _all_names(own, names)
        lines.append([*map(markdown_text, names), *map(_for_markdown, cells)])
    body = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    title, caption = markdown_text(table.title), markdown_text(table.caption)
    return f"{'#' * level} {title}\n\n{caption}\n\n{body}\n"


MOST_ROWS = 30
"""Of a part of a LaTeX table: a float does not break, and rows below the page's end are lost."""

FITTED = r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%"
"""Makes what is wider than the text as wide as that, and leaves the rest as it is."""


def latex_table(table: PaperTable, label: str) -> str:
    """A table in LaTeX, which needs the packages booktabs and graphicx.

    Args:
        table (PaperTable): The table.
        label (str): Of the float.

    Returns:
        str: A ``table*`` environment, or several under one number where there are more than
        :data:`MOST_ROWS` rows. One that is wider than the text is made smaller.
    """
    title = escape_latex(PAPER_NUMBER.sub(_beside_latex_number, table.title))
    caption = f"{title}. {escape_latex(table.caption)}"
    again = [r"\addtocounter{table}{-1}", rf"\caption{{{title} (continued)}}"]
    first, *others = _parts(table.rows)
    return "\n\n".join(
        [
            _latex_float(table, first, [rf"\caption{{{caption}}}", rf"\label{{{label}}}"]),
            *(_latex_float(table, rows, again) for rows in others),
        ]
    )


def _beside_latex_number(title: re.Match) -> str:
    """LaTeX numbers tables itself, so that the paper's number stands behind."""
    number, rest = title["number"], title["rest"]
    return f"{title['letter'].upper()}{title['what']} (table {number} of the paper){rest}"


def latex_page(tables: Sequence[PaperTable], title: str) -> str:
    """A document that compiles, with all tables, each on a page of its own.

    Args:
        tables (Sequence[PaperTable]): The tables.
        title (str): Of the report, as a comment.

    Returns:
        str: LaTeX; single tables can be copied from it.
    """
    found = [latex_table(table, f"tab:{n}") for n, table in enumerate(tables, start=1)]
    body = "\n\n\\clearpage\n\n".join(found)
    comment = "".join(c if c.isprintable() else "?" for c in " ".join(title.split()))
    packages = ("[T1]{fontenc}", "[utf8]{inputenc}", "{booktabs}", "{graphicx}",
                "[margin=15mm]{geometry}")  # fmt: skip
    used = "\n".join(rf"\usepackage{package}" for package in packages)
    return (
        f"% {comment}\n\\documentclass[a4paper,landscape]{{article}}\n{used}\n"
        f"\\begin{{document}}\n\n{body}\n\n\\end{{document}}\n"
    )


def _latex_float(table: PaperTable, rows: Sequence[Row], caption: Sequence[str]) -> str:
    """A part of a table under the table's head."""
    columns = "l" * len(table.stubs) + "r" * len(table.columns)
    lines = []
    for number, (names, cells) in enumerate(rows):
        if number and names[0] and len(names) > 1:
            lines.append(r"\addlinespace")
        lines.append(_latex_row([*map(escape_latex, names), *map(_for_latex, cells)]))
    return "\n".join(
        [
            r"\begin{table*}",
            r"\centering\footnotesize\setlength{\tabcolsep}{3pt}",
            *caption,
            FITTED,
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            *_latex_head(table),
            r"\midrule",
            *lines,
            r"\bottomrule",
            r"\end{tabular}}",
            r"\end{table*}",
        ]
    )


def _latex_head(table: PaperTable) -> list[str]:
    """Headings, and those that span them above."""
    first, second, rules = [""] * len(table.stubs), [*table.stubs], []
    at = len(table.stubs) + 1
    for group, below in table.groups:
        first.append(rf"\multicolumn{{{len(below)}}}{{c}}{{{escape_latex(group)}}}")
        if group:
            rules.append(rf"\cmidrule(lr){{{at}-{at + len(below) - 1}}}")
        second += below
        at += len(below)
    head = [_latex_row(map(escape_latex, second))]
    if rules:
        head = [_latex_row(first), " ".join(rules), *head]
    return head


def _parts(rows: Sequence[Row]) -> list[list[Row]]:
    """Rows in parts of about one length, cut before a row with a first name where one is near."""
    rest, parts = list(rows), []
    names: tuple[str, ...] = ()
    while len(rest) > MOST_ROWS:
        size = math.ceil(len(rest) / math.ceil(len(rest) / MOST_ROWS))
        near = [at for at in range(size * 2 // 3, MOST_ROWS + 1) if rest[at][0][0]]
        cut = min(near, key=lambda at, size=size: abs(at - size), default=size)
        parts.append(rest[:cut])
        for own, _ in rest[:cut]:
            names = _all_names(own, names)
        rest = rest[cut:]
        # The first row of a part says all its names.
        rest[0] = (_all_names(rest[0][0], names), rest[0][1])
    return [*parts, rest]


def _all_names(own: tuple[str, ...], above: tuple[str, ...]) -> tuple[str, ...]:
    """Names of a row, those that it shares with the row above among them."""
    return tuple(new or old for new, old in zip(own, above or own, strict=True))


def _latex_row(cells: object) -> str:
    """A line of a tabular."""
    return " & ".join(cells) + r" \\"


def _for_latex(cell: Cell) -> str:
    """A value, bold where it is sure."""
    text = escape_latex(cell.words)
    return rf"\textbf{{{text}}}" if cell.sure else text


def _for_markdown(cell: Cell) -> str:
    """A value, bold where it is sure."""
    text, note = markdown_text(cell.text), markdown_text(cell.note)
    return f"**{text}** {note}".strip() if cell.sure else f"{text} {note}".strip()
