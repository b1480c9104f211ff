from lidnet_mm.benchmark.tables.mean_table import mean_tables


def scored(make_row, judge, ap50):
    """AP50 of each denoiser by method; PSNR is a tenth of it."""
    return [
        make_row(method, denoiser=name, judge=judge, AP50=value, PSNR=value / 10)
        for (method, name), value in ap50.items()
    ]


FIRST = {
    ("ldct", "none"): 20.0,
    ("matched", "A"): 40.0, ("lidnet", "A"): 44.0,
    ("matched", "B"): 50.0, ("lidnet", "B"): 51.0,
    ("lidnet", "A (l5)"): 30.0, ("lidnet", "B (l5)"): 50.0, ("lidnet", "A (k1)"): 10.0,
    ("matched", "C"): 97.0,
}  # fmt: skip


def test_means_over_denoisers_that_all_methods_and_judges_have(make_row):
    second = {key: value + 3 for key, value in FIRST.items()}
    rows = [*scored(make_row, "a", FIRST), *scored(make_row, "b", second)]
    (table,) = mean_tables(rows)
    assert [group for group, _ in table.groups] == ["By a", "By b", "Whole slice", "Lesions"]
    found = {names[0]: [cell.text for cell in cells] for names, cells in table.rows}
    assert list(found) == ["LDCT", "Matched", "LIDnet", "LIDnet (l5)"]
    assert found["LIDnet (l5)"][0] == "40.0"
    assert found["Matched"][::2][:2] == ["45.0", "48.0"]
    assert found["LIDnet"][::2][:2] == ["47.5", "50.5"]
    assert found["LIDnet"][4] == "4.75"
    assert "over A, B;" in table.caption


def test_seeds_weigh_no_denoiser_more(make_row):
    rows = scored(make_row, "a", FIRST)
    rows += [make_row("lidnet", seed=s, denoiser="A", judge="a", AP50=44.0) for s in (1, 2)]
    (table,) = mean_tables(rows)
    assert table.rows[2][1][0].text == "47.5"


def test_the_reference_is_the_reference(make_row, ndct_row):
    rows = [*scored(make_row, ndct_row.judge, FIRST), ndct_row]
    (table,) = mean_tables(rows)
    assert table.rows[-1][0] == ("NDCT",)
    assert [cell.text for cell in table.rows[-1][1]] == ["57.9", "30.5", "∞", "1", *"0000"]


def test_one_denoiser_has_no_mean(make_row):
    assert mean_tables([make_row("matched"), make_row("lidnet")]) == []
