"""LaTeX of long and wide tables: no row is lost below the end of a page, or beside it."""

import re
import shutil
import subprocess

import pytest

from lidnet_mm.benchmark.tables.paper_table import MOST_ROWS, Cell, PaperTable, latex_page

CELLS = re.compile(r"(?<!\\)&")
ENVIRONMENTS = re.compile(r"\\(begin|end)\{([\w*]+)\}")


def table_of(sets, width=4):
    """Rows of data sets, named at the first row of each alone; every row has a text of its own."""
    rows = [
        (
            (f"set {n}" if at == 0 else "", f"line {n}.{at}"),
            [Cell(f"{n}.{at}.{column}") for column in range(width)],
        )
        for n, count in enumerate(sets)
        for at in range(count)
    ]
    heads = tuple(f"c{c}" for c in range(width))
    groups = (("left", heads[: width // 2]), ("right", heads[width // 2 :]))
    return PaperTable("Differences", "What they are", ("Data set", "Method"), groups, rows)


def floats_of(text):
    """Floats, each environment of which is closed by its own end and nothing else."""
    opened = []
    for what, name in ENVIRONMENTS.findall(text):
        if what == "begin":
            opened.append(name)
        else:
            assert opened.pop() == name
    assert opened == [] and text.count("{") == text.count("}")
    return re.findall(r"\\begin\{table\*\}.*?\\end\{table\*\}", text, re.S)


def rows_of(part):
    """Cells of the rows below the heads; all lines have as many as the table has columns."""
    spec = re.search(r"\\begin\{tabular\}\{([lr]+)\}", part)[1]
    lines = [line for line in part.splitlines() if line.endswith(r"\\")]
    for line in lines:
        spans = [int(span) - 1 for span in re.findall(r"\\multicolumn\{(\d+)\}", line)]
        assert len(CELLS.findall(line)) + 1 + sum(spans) == len(spec)
    assert part.index(r"\toprule") < part.index(r"\midrule") < part.index(r"\bottomrule")
    return [CELLS.split(line.removesuffix(r" \\")) for line in lines[2:]]


@pytest.mark.parametrize("sets", [(56,), (20, 20, 16), (30,), (31,), (1,) * 95, (70, 3)])
def test_long_tables_come_in_parts_that_fit_on_a_page(sets):
    table = table_of(sets)
    parts = floats_of(latex_page([table], "x"))
    rows = [rows_of(part) for part in parts]
    assert max(map(len, rows)) <= MOST_ROWS
    assert len(parts) <= -(-len(table.rows) // MOST_ROWS) + 1
    assert min(map(len, rows)) >= min(len(table.rows), MOST_ROWS // 3)
    found = [[cell.strip() for cell in row] for part in rows for row in part]
    assert [row[1:] for row in found] == [
        [names[1], *(cell.text for cell in cells)] for names, cells in table.rows
    ]
    for part in rows:  # A part is read without the one before it.
        number = part[0][1].split()[1].split(".")[0]
        assert part[0][0].strip() == f"set {number}"


def test_parts_say_that_they_go_on_under_one_number():
    first, second = floats_of(latex_page([table_of((56,))], "x"))
    assert r"\caption{Differences. What they are}" in first and r"\label{tab:1}" in first
    assert r"\caption{Differences (continued)}" in second and r"\label" not in second
    assert second.index(r"\addtocounter{table}{-1}") < second.index(r"\caption")
    head = re.compile(r"\\toprule.*?\\midrule", re.S)
    assert head.search(first)[0] == head.search(second)[0]


def test_parts_end_where_a_data_set_does():
    parts = floats_of(latex_page([table_of((20, 20, 16))], "x"))
    assert [rows_of(part)[0][1].strip() for part in parts] == ["line 0.0", "line 1.0", "line 2.0"]


def test_a_wide_table_is_made_as_wide_as_the_text():
    """Nothing says how wide a column is set, so that all are measured by LaTeX."""
    text = latex_page([table_of((2,), width=18), table_of((2,), width=2)], "x")
    wide, narrow = floats_of(text)
    for part in (wide, narrow):
        assert re.search(
            r"\\resizebox\{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi\}\{!\}\{%\n"
            r"\\begin\{tabular\}.*\\end\{tabular\}\}\n",
            part,
            re.S,
        )
    assert r"\begin{tabular}{ll" + 18 * "r" + "}" in wide
    assert r"\usepackage{graphicx}" in text and r"\usepackage[margin=15mm]{geometry}" in text
    assert text.count(r"\clearpage") == 1  # LaTeX holds back 52 floats at the most


def test_it_compiles(tmp_path):
    """Names of the user hold what LaTeX reads as its own, and letters that it does not know."""
    latex = shutil.which("pdflatex")
    if latex is None:
        pytest.skip("needs pdflatex")
    names = r"50 % & $x_1^2$ {a} #3 ~b \foo <c> [d] | ' ± ≥ λ₁ ∞ 肺 "
    names += " ".join(map(chr, [*range(0xA0, 0x180), 0x2212]))
    rows = [((names, names), [Cell(names, sure=True), Cell("[1, ∞]")])] * 40
    table = PaperTable(names, names, (names, names), ((names, (names, names)),), rows)
    (tmp_path / "page.tex").write_text(latex_page([table], names), encoding="utf-8")
    command = [latex, "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    made = subprocess.run(command, cwd=tmp_path, stdout=subprocess.PIPE, check=False)
    assert made.returncode == 0, made.stdout.decode("utf-8", "replace")[-1500:]
    assert (tmp_path / "page.pdf").stat().st_size > 5000
