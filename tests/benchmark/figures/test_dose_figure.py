"""AP over dose."""

import pytest

from lidnet_mm.benchmark.figures.dose_figure import dose_panels

DOSES = (250, 150, 400)


def rows_of(make_row, method, values, denoiser="CPCE", unit="HU", **more):
    """A row a dose."""
    return [
        make_row(method, denoiser=denoiser, dataset=f"chest, {dose} {unit}", AP50=value, **more)
        for dose, value in zip(DOSES, values, strict=False)
    ]


@pytest.fixture
def rows(make_row):
    return [
        *rows_of(make_row, "ldct", (40, 60, 20), "none"),
        *rows_of(make_row, "matched", (62, 66, 50)),
        *rows_of(make_row, "lidnet", (64, 67, 58)),
        *rows_of(make_row, "lidnet", (65,), "CPCE (k1)"),
        *rows_of(make_row, "lidnet", (63, 68), "CPCE (lambda5)"),
        *rows_of(make_row, "matched", (61,), "RED-CNN (32 channels)"),
    ]


def curves_of(panel):
    return {curve.title: (list(curve.x), list(curve.y)) for curve in panel.curves}


def test_lines_of_several_doses(rows):
    """In the order of dose; what was trained at one dose has no line, and no panel."""
    panel, ap75 = dose_panels(rows)
    assert panel.title == "CPCE: AP50 over dose, chest, judge Faster R-CNN R18"
    assert panel.x_title == "LDCT's noise, HU"
    assert ap75.y_title == "AP75 (%)"
    assert curves_of(panel) == {
        "LDCT": ([150, 250, 400], [60, 40, 20]),
        "Matched": ([150, 250, 400], [66, 62, 50]),
        "LIDnet": ([150, 250, 400], [67, 64, 58]),
        "LIDnet (lambda5)": ([150, 250], [68, 63]),
    }
    assert list(panel.x_ticks) == [150, 250, 400]
    assert len({curve.marker for curve in panel.curves if curve.method == "lidnet"}) == 2


def test_mean_over_seeds(rows, make_row):
    more = rows_of(make_row, "lidnet", (66, 69, 60), seed=1)
    panel, _ = dose_panels([*rows, *more])
    assert curves_of(panel)["LIDnet"] == ([150, 250, 400], [68, 65, 59])


def test_other_units_and_judges_stand_apart(rows, make_row):
    more = rows_of(make_row, "matched", (50, 40, 60), unit="photons")
    more += rows_of(make_row, "matched", (30, 20, 40), judge="ATSS")
    panels = dose_panels([*rows, *more])
    lines = {panel.title + panel.x_title: curves_of(panel) for panel in panels}
    assert len(panels) == 6
    photons = "CPCE: AP50 over dose, chest, judge Faster R-CNN R18LDCT's dose, photons"
    assert list(lines[photons]) == ["Matched"]


@pytest.mark.parametrize("names", [("a, b", "a, c"), ("chest", "lung"), ("a, 1 HU", "b, 2 HU")])
def test_tables_without_a_dose(make_row, names):
    assert dose_panels([make_row("matched", dataset=name) for name in names]) == []
