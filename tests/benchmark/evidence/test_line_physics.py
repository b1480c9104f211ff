"""Noise and sharpness of a report's lines: from files written by hand to its three forms."""

import shutil
import subprocess

import numpy as np
import pytest
from browser import Browser
from physics_files import FREQUENCY, write_physics
from report_page import PROVENANCE, Page

from lidnet_mm.benchmark import write_report
from lidnet_mm.benchmark.evidence.line_physics import Physics, gather_physics
from lidnet_mm.benchmark.figures.physics_figure import MARKERS, physics_panels
from lidnet_mm.benchmark.tables.physics_table import physics_tables
from lidnet_mm.benchmark.tables.results_table import NO_VALUE

NOT_KNOWN = [None] * 5


@pytest.fixture
def scored(tmp_path, make_row, ndct_row):
    """LDCT, a baseline of two seeds and one that was not measured, and NDCT."""
    return [
        ("ldct", make_row("ldct", denoiser="none"),
         write_physics(tmp_path / "ldct.json", 40.04, 1.0, 1.0, 1.01, 1.02)),
        ("baseline seed 0", make_row(),
         write_physics(tmp_path / "b0.json", 12.0, 0.30, 0.70, 0.80, 0.9)),
        ("baseline seed 1", make_row(seed=1),
         write_physics(tmp_path / "b1.json", 14.0, 0.34, 0.78, 0.84, None,
                       noise_curve=[0.0, 3.0, 10.0, None, 2.0], air_curve=NOT_KNOWN)),
        ("baseline seed 2", make_row(seed=2), tmp_path / "none.json"),
        ("ndct", ndct_row,
         write_physics(tmp_path / "ndct.json", 0.0, None, None, 1.0, None,
                       noise_curve=[0.0] * 5, air_curve=NOT_KNOWN)),
    ]  # fmt: skip


EXPECTED = {
    "LDCT": ["40.0", "1.00", "1.00", "1.01", "1.02", "1"],
    # Means and n - 1 deviations by hand: 12, 14; 0.30, 0.34; 0.70, 0.78; 0.80, 0.84.
    "Baseline, CPCE": ["13.0 ± 1.4", "0.32 ± 0.03", "0.74 ± 0.06", "0.82 ± 0.03",
                       "0.90 (n = 1)", "2"],
    "NDCT": ["0.0", NO_VALUE, NO_VALUE, "1.00", NO_VALUE, "1"],
}  # fmt: skip


@pytest.fixture
def page(tmp_path, scored):
    rows = [row for _, row, _ in scored]
    physics = gather_physics(scored)
    return write_report(rows, tmp_path / "report", [], [], PROVENANCE, "x", physics=physics)


def test_table(scored):
    (table,) = physics_tables(gather_physics(scored))
    found = {names[1]: [cell.text for cell in cells] for names, cells in table.rows}
    assert found == EXPECTED
    assert table.columns[:5] == [
        "HU", "ratio to LDCT", "grain, ratio to LDCT", "soft tissue", "air"
    ]  # fmt: skip


def test_page_holds_the_numbers(page):
    text = page.read_text(encoding="utf-8")
    section = text[text.index('<section id="physics"') :].split("</section>")[0]
    for cells in EXPECTED.values():
        for cell in cells:
            for part in cell.split(" ± "):
                assert f">{part}<" in section or f">± {part}<" in section, part
    found = Page(text)
    assert found.open == [] and len(found.ids) == len(set(found.ids))
    assert '<a href="#physics">' in text
    assert section.count("<svg") == 3 and "http" not in section


def test_markdown_and_latex_hold_the_numbers(page):
    text = page.with_name("report.md").read_text(encoding="utf-8")
    latex = page.with_name("report.tex").read_text(encoding="utf-8")
    for method, cells in EXPECTED.items():
        assert f"| {method} | {' | '.join(cells)} |" in text
        printed = " & ".join(cells).replace("±", r"$\pm$").replace(NO_VALUE, "--")
        assert f"{method} & {printed}" in latex
    assert "?" not in latex[latex.index("Noise, grain and sharpness") :]


def test_a_row_that_was_not_measured_is_named(page, scored):
    for name in ("index.html", "report.md"):
        text = " ".join(page.with_name(name).read_text(encoding="utf-8").split())
        assert "no physics.json lies beside the score: baseline seed 2. To measure" in text
        assert "score them again: delete their folders in scores/" in text
    whole = gather_physics(entry for entry in scored if entry[0] != "baseline seed 2")
    assert "Left out" not in physics_tables(whole)[0].caption


def test_nothing_was_measured(tmp_path, make_row):
    row = make_row()
    physics = gather_physics([("baseline seed 0", row, tmp_path / "none.json")])
    assert physics == Physics(missing=("baseline seed 0",))
    page = write_report([row], tmp_path / "report", [], [], PROVENANCE, "x", physics=physics)
    for path in page.parent.iterdir():
        assert "sharpness" not in path.read_text(encoding="utf-8")


def test_curves_are_means_of_the_seeds_that_know_them(scored):
    line = gather_physics(scored).lines[1]
    frequency, power = line.curves["noise"]
    assert frequency.tolist() == FREQUENCY
    assert power.tolist() == [0.0, 2.0, 9.0, 4.0, 2.0]
    assert line.curves["air"][1].tolist() == [1.0, 0.8, 0.5, 0.1, 0.0]
    assert np.isnan(gather_physics(scored).lines[2].curves["air"][1]).all()


def test_panels(scored):
    noise, soft, air = physics_panels(gather_physics(scored))
    assert [curve.title for curve in noise.curves] == ["LDCT", "Baseline"]  # NDCT has no noise
    assert noise.curves[1].x.tolist() == [0.1, 0.2, 0.4]  # what the trend left
    assert noise.curves[1].y.tolist() == [9.0, 4.0, 2.0]
    assert [curve.title for curve in soft.curves] == ["LDCT", "Baseline", "NDCT"]
    assert soft.curves[0].x.tolist() == [0.0, 0.2, 0.4, 0.8]  # to twice the highest f50, 0.404
    assert [curve.title for curve in air.curves] == ["LDCT", "Baseline"]
    assert noise.description.endswith("noise in HU: LDCT 40.0; Baseline 13.0; NDCT 0.0")
    assert soft.description.endswith("f50 in cycles/mm: LDCT 0.40; Baseline 0.33; NDCT 0.40")
    assert air.description.endswith("LDCT 0.51; Baseline 0.45; NDCT not known")
    assert {curve.marker for panel in (noise, soft, air) for curve in panel.curves} == {""}


def test_a_window_without_air_has_no_panel_of_it(tmp_path, make_row):
    path = write_physics(tmp_path / "a.json", 9.0, 0.5, 0.9, 0.9, None, air_curve=NOT_KNOWN)
    panels = physics_panels(gather_physics([("a", make_row(), path)]))
    assert [panel.title.split(":")[0] for panel in panels] == [
        "Noise power spectrum", "Transfer function, soft-tissue edges"
    ]  # fmt: skip


def test_each_denoiser_has_its_panel_without_ablations(tmp_path, make_row):
    """Six denoisers with ablations: no panel has two lines of one look."""
    path = write_physics(tmp_path / "a.json", 9.0, 0.5, 0.9, 0.9, 0.9)
    loud = write_physics(tmp_path / "b.json", 9.0, 0.5, 0.9, 0.7, 0.9,
                         noise_curve=[0.0, 1.0, 80.0, 4.0, 2.0])  # fmt: skip
    rows = [make_row("ndct", denoiser="none"), make_row("ldct", denoiser="none")]
    rows += [make_row("classical", denoiser=name) for name in ("Bilateral", "BM3D")]
    denoisers = [f"D{number}" for number in range(6)]
    for name in denoisers:
        rows.append(make_row("lidnet", denoiser=f"{name} (k1)"))
        rows += [make_row("lidnet", denoiser=name, detector=d) for d in ("R18", "R50")]
        rows += [make_row(method, denoiser=name) for method in ("baseline", "matched")]
    found = [("", row, loud if row.denoiser == "D3" else path) for row in rows]
    panels = physics_panels(gather_physics(found))
    kinds = ("Noise power spectrum", "Transfer function, soft-tissue edges",
             "Transfer function, edges of air or lung")  # fmt: skip
    titles = [f"{kind}, {name}: STS, 60 HU noise" for kind in kinds for name in denoisers]
    assert [panel.title for panel in panels] == titles
    for name, panel in zip(3 * denoisers, panels, strict=True):
        assert [curve.title for curve in panel.curves] == [
            "LDCT", "Classical, Bilateral", "Classical, BM3D", f"Baseline, {name}",
            f"Matched, {name}", f"LIDnet, {name}, R18", f"LIDnet, {name}, R50", "NDCT",
        ]  # fmt: skip
        looks = [(curve.method, curve.marker) for curve in panel.curves]
        assert len(set(looks)) == len(looks)
        assert "k1" not in panel.description
    assert {panel.y_range for panel in panels[:6]} == {panels[0].y_range}  # to be compared
    assert panels[0].y_range[1] == 120
    assert {panel.curves[0].x.max() for panel in panels[6:12]} == {0.4}


def test_lines_of_a_method_are_told_apart(tmp_path, make_row):
    path = write_physics(tmp_path / "a.json", 9.0, 0.5, 0.9, 0.9, 0.9)
    rows = [make_row("ldct", denoiser="none"), make_row()]
    rows += [make_row("classical", denoiser=name) for name in ("Bilateral", "BM3D")]
    rows += [make_row("lidnet", detector=detector) for detector in ("R18", "R50")]
    panel = physics_panels(gather_physics([("", row, path) for row in rows]))[0]
    markers = {curve.title: curve.marker for curve in panel.curves}
    assert markers["LDCT"] == ""
    assert markers["Baseline, CPCE"] == markers["LIDnet, CPCE, R18"] == MARKERS[0]
    assert markers["LIDnet, CPCE, R50"] == MARKERS[1]
    assert len({markers[f"Classical, {name}"] for name in ("Bilateral", "BM3D")}) == 2


def test_untrained_methods_alone_have_panels_too(tmp_path, make_row):
    path = write_physics(tmp_path / "a.json", 9.0, 0.5, 0.9, 0.9, 0.9)
    panels = physics_panels(gather_physics([("a", make_row("ldct", denoiser="none"), path)]))
    assert len(panels) == 3
    assert panels[0].title == "Noise power spectrum: STS, 60 HU noise"


def test_a_broken_file_is_named(tmp_path, make_row):
    path = tmp_path / "physics.json"
    path.write_text("{}")
    with pytest.raises(ValueError, match=r"physics\.json holds no noise and edges.*score it again"):
        gather_physics([("a", make_row(), path)])


def test_seeds_measured_in_other_ways_are_refused(tmp_path, make_row):
    paths = [write_physics(tmp_path / f"{seed}.json", 9.0, 0.5, 0.9, 0.9, 0.9) for seed in range(2)]
    paths[1].write_text(paths[1].read_text().replace("0.05", "0.04"))
    with pytest.raises(ValueError, match="baseline, CPCE have been measured at different"):
        gather_physics([("", make_row(seed=seed), path) for seed, path in enumerate(paths)])


def test_browser_shows_it_on_a_phone_and_on_paper(page, tmp_path):
    """No sideways scrolling but that of the table, which the keyboard reaches."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no chromium to open the page with")
    browser = Browser(path, tmp_path / "profile")
    try:
        browser.open(page.as_uri(), width=400)
        assert browser.run("document.documentElement.scrollWidth") <= 400
        widths = browser.run(
            "[...document.querySelectorAll('#physics svg')].map(e => e.clientWidth)"
        )
        assert len(widths) == 3 and min(widths) > 300
        assert browser.run("document.querySelector('#physics .scroll').tabIndex") == 0
        paper = tmp_path / "page.pdf"
        paper.write_bytes(browser.pdf())
        assert browser.troubles() == []
    finally:
        browser.close()
    if shutil.which("pdftotext") is None:
        pytest.skip("no pdftotext to read the paper with")
    text = subprocess.run(["pdftotext", "-layout", paper, "-"], capture_output=True, text=True)
    for words in ("Noise and sharpness", "grain, ratio to LDCT", "transfer function", "13.0"):
        assert words in text.stdout, words
