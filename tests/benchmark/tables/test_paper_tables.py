"""Layout of the paper's tables, and what is emphasised in them."""

import re

import pytest

from lidnet_mm.benchmark.evidence.bootstrap import Difference
from lidnet_mm.benchmark.evidence.evidence import (
    Evidence,
    LineDetection,
    LineDifference,
    LineMinutes,
    line_key,
)
from lidnet_mm.benchmark.tables.evidence_tables import detection_tables, difference_tables
from lidnet_mm.benchmark.tables.paper_table import (
    Cell,
    PaperTable,
    escape_latex,
    latex_page,
    markdown_table,
)
from lidnet_mm.benchmark.tables.paper_tables import paper_tables


def difference(row, against, metric, low, high):
    found = Difference(metric, (low + high) / 2, low, high, 12, (3, 2), 10_000)
    return LineDifference(line_key(row), against, found)


@pytest.fixture
def rows(make_row):
    return [
        make_row("ldct", denoiser="none"),
        *[make_row("baseline", denoiser=name, AP50=40.0) for name in ("CPCE", "REDCNN")],
        *[make_row("matched", denoiser=name, AP50=44.0) for name in ("CPCE",)],
        *[
            make_row("lidnet", denoiser=name, detector="R18", AP50=48.0, RMSE=0.02)
            for name in ("CPCE", "REDCNN")
        ],
        make_row("lidnet_gan", detector="R18", AP50=47.0),
    ]


def ours(rows, denoiser="CPCE"):
    return next(row for row in rows if (row.method, row.denoiser) == ("lidnet", denoiser))


def row_of(table, *names):
    return next(cells for found, cells in table.rows if found == names)


def test_table_2_has_data_sets_down_and_denoisers_across(rows):
    table = paper_tables(rows, Evidence())[0]
    assert table.groups == (("CPCE", ("Baseline", "Matched", "LIDnet")),
                            ("REDCNN", ("Baseline", "LIDnet")))  # fmt: skip
    assert [names for names, _ in table.rows] == [
        ("STS, 60 HU noise", "AP50 (%) ↑"),
        ("", "AP75 (%) ↑"),
    ]
    assert [cell.text for cell in table.rows[0][1]] == ["40.0", "44.0", "48.0", "40.0", "48.0"]


def test_ablations_have_no_column(rows, make_row):
    rows = [*rows, make_row("lidnet", denoiser="CPCE (k1)", detector="R18")]
    rows += [make_row("lidnet", denoiser="RED-CNN (32 channels)", detector="R18")]
    table = paper_tables(rows, Evidence())[0]
    assert [title for title, _ in table.groups] == ["CPCE", "REDCNN", "RED-CNN (32 channels)"]


def test_table_3_has_methods_down_and_lesions_before_the_whole_slice(rows):
    table = next(t for t in paper_tables(rows, Evidence()) if t.title.startswith("Table 3"))
    assert [group for group, _ in table.groups] == ["Lesions", "Whole slice"]
    assert table.groups[1][1] == ("PSNR (dB) ↑", "SSIM ↑", "RMSE ↓")
    assert [names for names, _ in table.rows] == [
        ("CPCE", "Baseline"), ("", "Matched"), ("", "LIDnet"),
        ("REDCNN", "Baseline"), ("", "LIDnet"),
    ]  # fmt: skip
    assert row_of(table, "CPCE", "Baseline")[-1].text == "0.0387"


def test_table_4_compares_both_forms_where_there_are_both(rows):
    table = next(t for t in paper_tables(rows, Evidence()) if t.title.startswith("Table 4"))
    assert [names for names, _ in table.rows] == [("STS, 60 HU noise, CPCE", "CNN"), ("", "GAN")]
    assert [cells[0].text for _, cells in table.rows] == ["48.0", "47.0"]
    assert table.groups[-1] == ("Training", ("Time (min)",))
    timed = Evidence(minutes=(LineMinutes(line_key(rows[-1]), (3.0, 5.0)),))
    table = next(t for t in paper_tables(rows, timed) if t.title.startswith("Table 4"))
    assert [cells[-1].text for _, cells in table.rows] == ["\u2013", "4.0 ± 1.4"]
    without = [row for row in rows if row.method != "lidnet_gan"]
    assert not any(t.title.startswith("Table 4") for t in paper_tables(without, Evidence()))


def test_table_4_has_both_forms_of_an_ablation(rows, make_row):
    """Such as a CNN form with the GAN form's batch; a GAN form without a CNN form has no line."""
    named = make_row("lidnet_gan", denoiser="CPCE (short)", detector="R18", AP50=45.0)
    both = [*rows[:-1], make_row("lidnet", denoiser="CPCE (short)", detector="R18"), named]
    table = next(t for t in paper_tables(both, Evidence()) if t.title.startswith("Table 4"))
    assert [names[0] for names, _ in table.rows] == ["STS, 60 HU noise, CPCE (short)", ""]
    alone = paper_tables([*rows[:-1], named], Evidence())
    assert not any(t.title.startswith("Table 4") for t in alone)


def test_images_are_shown_once_and_detection_by_each_judge(rows, make_row):
    other = [make_row(r.method, denoiser=r.denoiser, detector=r.detector, judge="z") for r in rows]
    titles = [table.title for table in paper_tables([*rows, *other], Evidence())]
    assert [title.split(":")[0] for title in titles] == ["Table 2", "Table 2", "Table 3", "Table 4"]
    assert titles[0] != titles[1]


def test_latex_numbers_tables_itself(rows):
    """And the paper's number stands behind."""
    found = latex_page(paper_tables(rows, Evidence()), "x")
    assert r"\caption{Lesion detection (table 2 of the paper), judge" in found
    assert r"\caption{CNN against GAN (table 4 of the paper). LIDnet" in found
    assert "Table" not in found


def sure_cells(rows, differences):
    table = paper_tables(rows, Evidence(tuple(differences)))[0]
    return [cell.sure for cell in table.rows[0][1]]


def test_nothing_is_bold_without_an_interval(rows):
    assert not any(sure_cells(rows, []))


def test_bold_needs_intervals_without_0_from_all_that_stand_beside_it(rows):
    """CPCE has two baselines, REDCNN one."""
    certain = difference(ours(rows), "baseline", "AP50", 1.0, 9.0)
    assert sure_cells(rows, [certain]) == [False] * 5
    chance = difference(ours(rows), "matched", "AP50", -1.0, 9.0)
    assert sure_cells(rows, [certain, chance]) == [False] * 5
    both = [certain, difference(ours(rows), "matched", "AP50", 0.5, 9.0)]
    assert sure_cells(rows, both) == [False, False, True, False, False]
    one = difference(ours(rows, "REDCNN"), "baseline", "AP50", 0.5, 9.0)
    assert sure_cells(rows, [one]) == [False, False, False, False, True]


def test_a_baseline_that_is_surely_better_is_bold(rows):
    worse = difference(ours(rows, "REDCNN"), "baseline", "AP50", -9.0, -1.0)
    assert sure_cells(rows, [worse]) == [False, False, False, True, False]


def test_a_baseline_must_surely_beat_the_other_baseline_too(rows):
    """SSIM of the matched baseline is better than LIDnet's and than the published one's."""
    matched = next(row for row in rows if row.method == "matched")
    worse = difference(ours(rows), "matched", "AP50", -9.0, -1.0)
    assert sure_cells(rows, [worse]) == [False] * 5
    best = difference(matched, "baseline", "AP50", 0.5, 9.0)
    assert sure_cells(rows, [worse, best]) == [False, True, False, False, False]


def test_each_data_set_has_its_images_by_its_own_first_judge(rows, make_row):
    """Judges of one data set score no other."""
    other = [
        make_row(r.method, denoiser=r.denoiser, detector=r.detector, judge=judge, dataset="chest")
        for judge in ("chest judge", "second chest judge")
        for r in rows
    ]
    rows = [*rows, *other]
    titles = [table.title for table in paper_tables(rows, Evidence())]
    quality = ["Table 3: denoising, STS, 60 HU noise", "Table 3: denoising, chest"]
    assert titles[3:] == [*quality, "Table 4: CNN against GAN"]
    differences = tuple(
        difference(row, "baseline", metric, 1.0, 2.0)
        for row in rows
        if row.method == "lidnet"
        for metric in ("AP50", "PSNR")
    )
    tables = {t.title.partition(": ")[2]: t for t in difference_tables(Evidence(differences))}
    assert [names[0].partition(":")[0] for names, _ in tables["whole slice"].rows] == [
        "STS, 60 HU noise", "STS, 60 HU noise", "chest", "chest",
    ]  # fmt: skip
    detection = "lesion detection, judge second chest judge"
    assert [names[0].partition(":")[0] for names, _ in tables[detection].rows] == ["chest"] * 2


def test_lower_is_better_for_errors(rows):
    lower = difference(ours(rows, "REDCNN"), "baseline", "RMSE", -0.02, -0.01)
    table = next(t for t in paper_tables(rows, Evidence((lower,))) if t.title.startswith("Table 3"))
    assert row_of(table, "", "LIDnet")[-1] != row_of(table, "REDCNN", "Baseline")[-1]
    assert [cells[-1].sure for _, cells in table.rows] == [False, False, False, False, True]


def test_differences_say_what_they_are(rows):
    evidence = Evidence((
        difference(ours(rows), "baseline", "AP50", 1.0, 9.0),
        difference(ours(rows), "baseline", "AP75", -4.0, 9.0),
        difference(ours(rows), "baseline", "RMSE", 0.001, 0.003),
        difference(ours(rows), "matched", "AP50", -9.0, -1.0),
    ))  # fmt: skip
    detection, whole = difference_tables(evidence)
    line = "STS, 60 HU noise: LIDnet, CPCE, R18"
    assert row_of(detection, line, "baseline") == [
        Cell("+5.0 [1.0, 9.0]", "better", True),
        Cell("+2.5 [\u22124.0, 9.0]", "inside the interval"),
        Cell("\u2013"),
        Cell("2 / 3"),
        Cell("12"),
    ]
    assert row_of(detection, "", "matched baseline")[0] == Cell(
        "\u22125.0 [\u22129.0, \u22121.0]", "worse", True
    )
    assert whole.rows[0][1][2] == Cell("+0.0020 [0.0010, 0.0030]", "worse", True)
    assert "10,000 resamples" in detection.caption


def test_an_interval_that_excludes_0_does_not_read_as_if_it_ended_there(rows):
    sure = difference(ours(rows), "baseline", "AP50", 0.004, 1.7)
    chance = difference(ours(rows), "matched", "AP50", -0.004, 1.7)
    (table,) = difference_tables(Evidence((sure, chance)))
    assert row_of(table, "STS, 60 HU noise: LIDnet, CPCE, R18", "baseline")[0] == Cell(
        "+0.852 [0.004, 1.700]", "better", True
    )
    assert row_of(table, "", "matched baseline")[0] == Cell(
        "+0.8 [0.0, 1.7]", "inside the interval"
    )


def test_operating_points_and_sizes(rows):
    points = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
    sizes = ((0.0, 6.0, 3, 0.5), (6.0, float("inf"), 0, None))
    detection = LineDetection(line_key(rows[0]), (1.0,), (0.5,), points, (0.4, 0.5), sizes, {})
    froc, by_size = detection_tables(Evidence(detections=(detection,)))
    assert [cell.text for cell in froc.rows[0][1]] == [
        *(f"{point:.3f}" for point in points), "0.450 ± 0.071"
    ]  # fmt: skip
    assert by_size.columns == ["< 6 mm", "≥ 6 mm"]
    assert [[cell.text for cell in cells] for _, cells in by_size.rows] == [
        ["3", "0"], ["0.500", "\u2013"],
    ]  # fmt: skip


TABLE = PaperTable(
    "Data_1 & 50 %", "a < b, ±", ("Set", "Name"),
    (("One#", ("A", "B")), ("", ("C",))),
    [(("x_y", "m|n"), [Cell("1", "better", True), Cell("\u22122"), Cell("\u2013")]),
     (("", "o"), [Cell("3"), Cell("4"), Cell("5")])],
)  # fmt: skip


def test_markdown_repeats_names_and_breaks_no_line():
    lines = markdown_table(TABLE).strip().splitlines()
    assert lines[0] == "## Data_1 & 50 %"
    assert lines[4:] == [
        "| Set | Name | One#, A | One#, B | C |",
        "| --- | --- | ---: | ---: | ---: |",
        "| x_y | m\\|n | **1** better | \u22122 | \u2013 |",
        "| x_y | o | 3 | 4 | 5 |",
    ]


def test_latex_has_whole_rows_and_escaped_names():
    text = latex_page([TABLE], "50 % \n of_all")
    assert text.startswith("% 50 % of_all\n\\documentclass")
    assert re.findall(r"\\usepackage(?:\[[\w=]+\])?\{(\w+)\}", text) == [
        "fontenc", "inputenc", "booktabs", "graphicx", "geometry"
    ]  # fmt: skip
    assert r"\caption{Data\_1 \& 50 \%. a \textless{} b, $\pm$}" in text
    body = text[text.index(r"\begin{tabular}{llrrr}") : text.index(r"\end{tabular}")]
    rows = [line for line in body.splitlines() if line.endswith(r"\\")]
    assert rows[0].count("&") == 3 and r"\multicolumn{2}{c}{One\#}" in rows[0]
    assert [len(re.findall(r"(?<!\\)&", row)) for row in rows[1:]] == [4, 4, 4]
    assert r"x\_y & m\textbar{}n & \textbf{1 better} & $-$2 & -- \\" in rows
    assert r"\cmidrule(lr){3-4}" in body
    assert body.count("{") == body.count("}")


def test_latex_letters():
    assert escape_latex("a\\b^~ λ µ é \u4e2d") == (
        r"a\textbackslash{}b\textasciicircum{}\textasciitilde{} $\lambda$ $\mu$ é ?"
    )
