"""The strip of images below the viewer, with several denoisers and ablations, in a browser."""

import numpy as np
import pytest
from report_page import PROVENANCE
from viewer_page import TRUTH, WINDOW, flat, grey, level, settle

from lidnet_mm.benchmark import Case, write_report

LINES = {  # in an order that is not that of the page; HU of each
    "LDCT": ("ldct", "none", -900),
    "NDCT": ("ndct", "none", 300),
    "LIDnet, CPCE (k1)": ("lidnet", "CPCE (k1)", 100),
    "LIDnet, RED-CNN": ("lidnet", "RED-CNN", -300),
    "Baseline, RED-CNN": ("baseline", "RED-CNN", -500),
    "LIDnet, CPCE": ("lidnet", "CPCE", -700),
    "LIDnet, CPCE (k20)": ("lidnet", "CPCE (k20)", 150),
}
ORDER = ["LDCT", "Baseline, RED-CNN", "LIDnet, RED-CNN", "LIDnet, CPCE", "LIDnet, CPCE (k1)",
         "LIDnet, CPCE (k20)", "NDCT"]  # fmt: skip
TITLES = "[...document.querySelectorAll('#strip button span')].map(e => e.textContent)"
SHOWN = TITLES.replace("map", "filter(e => e.checkVisibility()).map")


@pytest.fixture(scope="module")
def page(tmp_path_factory, make_row):
    images = {title: flat(hu) for title, (_, _, hu) in LINES.items()}
    cases = [Case(f"case_000{n}, slice 1", images, TRUTH, {}, WINDOW) for n in (1, 2)]
    rows = [make_row(method, denoiser=denoiser) for method, denoiser, _ in LINES.values()]
    return write_report(rows, tmp_path_factory.mktemp("strip"), [], cases, PROVENANCE, "x")


@pytest.fixture
def viewer(browser, page):
    browser.open(page.as_uri())
    settle(browser)
    browser.click("#stage")
    browser.press("b")
    yield browser
    assert browser.troubles() == []


def right(viewer):
    """Title of the image at the right, whose pixels are those that are drawn there."""
    title = viewer.run("document.querySelector('#right option:checked').textContent")
    assert grey(viewer, 0.9, 0.9) == level(LINES[title][2])
    return title


def test_it_opens_on_the_first_plain_lidnet_and_resets_to_it(viewer):
    assert grey(viewer, 0.1, 0.9) == level(-900)
    assert right(viewer) == "LIDnet, RED-CNN"
    viewer.press("j")
    viewer.press("J", shift=True)
    assert right(viewer) == "LIDnet, CPCE"
    viewer.press("r")
    assert right(viewer) == "LIDnet, RED-CNN"
    settle(viewer)
    viewer.press("b")
    assert grey(viewer, 0.1, 0.9) == level(-900)


def test_images_are_grouped_and_ablations_folded_away(viewer):
    assert viewer.run(TITLES) == ORDER
    assert viewer.run(SHOWN) == [title for title in ORDER if "(k" not in title]
    names = "[...document.querySelectorAll('#strip p, #strip summary')].map(e => e.textContent)"
    assert viewer.run(names) == ["RED-CNN", "CPCE", "Ablations (2)"]
    listed = "[...document.querySelectorAll('#right optgroup')].map(e => e.label)"
    assert viewer.run(listed) == ["RED-CNN", "CPCE", "Ablations"]
    assert viewer.run("[...document.getElementById('right').options].map(e => e.text)") == ORDER


def test_the_mouse_unfolds_ablations_which_are_drawn_and_chosen(viewer):
    viewer.click("#strip summary")
    settle(viewer)
    assert viewer.run(SHOWN) == ORDER
    corner = """(() => { const c = document.querySelector("#strip details li:nth-child(2) canvas");
        return c.getContext("2d").getImageData(c.width - 2, c.height - 2, 1, 1).data[0]; })()"""
    assert viewer.run(corner) == level(150)
    viewer.click("#strip details li:nth-child(2) button")
    assert right(viewer) == "LIDnet, CPCE (k20)"
    viewer.press("n")  # the next case leaves it as it is
    assert right(viewer) == "LIDnet, CPCE (k20)"
    assert viewer.run(SHOWN) == ORDER


def test_keys_unfold_ablations_and_pass_over_them_while_they_are_folded(viewer):
    viewer.press("j")
    viewer.press("j")
    assert right(viewer) == "NDCT"
    viewer.press("k")
    assert right(viewer) == "LIDnet, CPCE"
    viewer.run("document.querySelector('#strip > :nth-child(3) button').focus()")
    viewer.press("Tab")
    assert viewer.run("document.activeElement.tagName") == "SUMMARY"
    assert viewer.run("getComputedStyle(document.activeElement).outlineStyle") != "none"
    viewer.press(" ")
    settle(viewer)
    assert viewer.run(SHOWN) == ORDER
    viewer.press("j")
    assert right(viewer) == "LIDnet, CPCE (k1)"


def test_a_narrow_window_needs_no_scrolling_sideways(browser, page):
    browser.open(page.as_uri(), width=400)
    settle(browser)
    browser.click("#strip summary")
    settle(browser)
    assert browser.run("document.documentElement.scrollWidth") <= 400
    widths = browser.run("[...document.querySelectorAll('#strip canvas')].map(e => e.clientWidth)")
    assert len(widths) == len(ORDER) and min(widths) > 60
    assert browser.troubles() == []


def test_paper_keeps_the_order(page):
    text = page.read_text(encoding="utf-8")
    prints = text[text.index('class="print-case"') :]
    places = [prints.index(f"<figcaption>{title}<") for title in ORDER]
    assert places == sorted(places)
    assert np.unique(places).size == len(ORDER)
