import statistics

import pytest

from lidnet_mm.benchmark.tables.metric_columns import COLUMNS
from lidnet_mm.benchmark.tables.results_table import format_value, markdown, result_tables


def cell(line, key):
    return line.cells[[column.key for column in COLUMNS].index(key)]


def test_lines_run_from_floor_to_ceiling_whatever_the_order_of_rows(make_row, ndct_row):
    rows = [ndct_row, make_row("lidnet"), make_row("ldct", denoiser="none"), make_row("baseline")]
    (table,) = result_tables(rows)
    assert [line.title for line in table.lines] == ["LDCT", "Baseline", "LIDnet", "NDCT"]


def test_seeds_are_averaged_with_sample_standard_deviation(make_row):
    values = [41.0, 44.5, 39.2]
    (table,) = result_tables([make_row(seed=seed, AP50=v) for seed, v in enumerate(values)])
    (line,) = table.lines
    assert line.num_seeds == 3
    expected = f"{statistics.mean(values):.1f} ± {statistics.stdev(values):.1f}"
    assert cell(line, "AP50") == expected == "41.6 ± 2.7"


def test_one_seed_has_no_deviation_and_missing_values_are_counted():
    assert format_value([41.52], 1) == "41.5"
    assert format_value([None, None], 1) == "\u2013"
    assert format_value([1.0, 2.0, None], 1) == "1.5 ± 0.7 (n = 2)"
    assert format_value([1.0, None], 1) == "1.0 (n = 1)"


def test_ndct_is_zero_and_infinite_by_definition_only_where_it_measured_so(make_row, ndct_row):
    (table,) = result_tables([ndct_row])
    shown = dict(zip([column.key for column in COLUMNS], table.lines[0].cells, strict=True))
    assert shown == {
        "AP50": "57.9", "AP75": "30.5", "PSNR": "∞", "SSIM": "1", "RMSE": "0",
        "correlation": "0", "homogeneity": "0", "energy": "0",
    }  # fmt: skip
    rows = [make_row("ndct", RMSE=0.0, PSNR=None, energy=0.01), make_row("lidnet", PSNR=None)]
    (table,) = result_tables(rows)
    lidnet, ndct = table.lines
    assert cell(ndct, "energy") == "0.0100"
    assert cell(lidnet, "PSNR") == "\u2013"


def test_other_judges_datasets_and_windows_get_tables_of_their_own(make_row):
    rows = [make_row(), make_row(judge="other"), make_row(dataset="b"), make_row(window_hu=(0, 9))]
    assert [len(table.lines) for table in result_tables(rows)] == [1, 1, 1, 1]


def test_denoisers_of_one_method_are_not_averaged(make_row):
    (table,) = result_tables([make_row(), make_row(denoiser="REDCNN")])
    assert [line.denoiser for line in table.lines] == ["CPCE", "REDCNN"]


def test_lines_of_one_denoiser_stand_together(make_row, ndct_row):
    """In the order in which denoisers first occur, between floor and filters, and ceiling."""
    rows = [
        ndct_row,
        make_row("lidnet", denoiser="REDCNN"),
        make_row("baseline", denoiser="CPCE"),
        make_row("classical", denoiser="Bilateral"),
        make_row("lidnet", denoiser="CPCE"),
        make_row("baseline", denoiser="REDCNN"),
        make_row("ldct", denoiser="none"),
    ]
    (table,) = result_tables(rows)
    assert [(name, [line.title for line in lines]) for name, lines in table.groups] == [
        ("", ["LDCT", "Classical, Bilateral"]),
        ("REDCNN", ["Baseline, REDCNN", "LIDnet, REDCNN"]),
        ("CPCE", ["Baseline, CPCE", "LIDnet, CPCE"]),
        ("", ["NDCT"]),
    ]


def test_one_denoiser_is_no_group(make_row, ndct_row):
    (table,) = result_tables([make_row("ldct", denoiser="none"), make_row(), ndct_row])
    assert [name for name, _ in table.groups] == [""]


def test_seeds_are_averaged_within_a_denoiser(make_row):
    rows = [
        make_row(seed=seed, denoiser=name, AP50=value + seed)
        for name, value in (("CPCE (L1)", 40.0), ("CPCE (GAN)", 50.0))
        for seed in range(2)
    ]
    (table,) = result_tables(rows)
    assert [cell(line, "AP50") for line in table.lines] == ["40.5 ± 0.7", "50.5 ± 0.7"]


def test_guiding_detectors_are_named_where_there_are_several(make_row):
    rows = [make_row("lidnet", detector=name) for name in ("RetinaNet", "FasterRCNN")]
    (table,) = result_tables(rows)
    assert [line.title for line in table.lines] == ["LIDnet, FasterRCNN", "LIDnet, RetinaNet"]
    assert "| LIDnet | CPCE | RetinaNet | 1 |" in markdown([table])
    assert "Detector" not in markdown(result_tables(rows[:1]))


def test_a_seed_counted_twice_is_refused(make_row):
    with pytest.raises(ValueError, match="several rows of one seed"):
        result_tables([make_row(), make_row()])


def test_markdown_is_a_table_without_emphasis(make_row, ndct_row):
    text = markdown(result_tables([make_row(denoiser="a|b"), ndct_row]))
    heading, blank, *lines = text.strip().split("\n")
    assert "[-160, 240]" in heading and "data range 1" in heading and blank == ""
    counts = {line.replace("\\|", "").count("|") for line in lines}
    assert counts == {len(COLUMNS) + 4}
    assert "| Baseline | a\\|b | 1 | 41.5 |" in text
    assert "**" not in text and "PSNR (dB) ↑" in text and "RMSE ↓" in text
