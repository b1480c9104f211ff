"""The viewer of cases in a real browser: pixels are read back after real keys and clicks."""

import io
import json
import re
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image
from report_page import PROVENANCE
from viewer_page import TRUTH, WINDOW, flat, grey, level, settle

from lidnet_mm.benchmark import Case, write_report
from lidnet_mm.benchmark.cases.case import NeighbourSlice
from lidnet_mm.evaluation.region_track import RegionTrack

TITLES = ("LDCT", "Baseline", "LIDnet", "NDCT")


def make_case(name="case_0003, slice 12", base=-900, size=64):
    """LDCT is darkest, each further image 200 HU brighter; slices above are 50 HU brighter."""

    def images(more):
        return {title: flat(base + 200 * n + more, size) for n, title in enumerate(TITLES)}

    found = {"LIDnet": (np.array([[20.0, 24, 32, 42]]), np.array([0.83]))}
    near = [NeighbourSlice(offset, images(50 * offset), TRUTH, found) for offset in (-1, 1)]
    return Case(name, images(0), TRUTH, found, WINDOW, neighbours=near)


@pytest.fixture(scope="module")
def page(tmp_path_factory, make_row):
    cases = [make_case(), make_case("case_0007, slice 2", base=-700)]
    track = RegionTrack(
        "case_0003, slice 12",
        (0, 500, 1000),
        tuple(TRUTH + shift for shift in (9.0, 4.0, 0.0)),
        flat(0),
        TRUTH,
        "LIDnet",
    )
    rows = [make_row("ldct", denoiser="none"), make_row(), make_row("lidnet")]
    folder = tmp_path_factory.mktemp("report")
    return write_report(rows, folder, [], cases, PROVENANCE, "x", regions=[track])


@pytest.fixture
def viewer(browser, page):
    """The viewer, opened anew and drawn; boxes and region would hide pixels, so boxes are off."""
    browser.open(page.as_uri())
    settle(browser)
    browser.click("#stage")
    browser.press("b")
    settle(browser)
    yield browser
    assert browser.troubles() == []


def test_left_and_right_image_show_their_hu_in_the_window(viewer):
    viewer.run("document.getElementById('wipe').focus()")
    assert grey(viewer, 0.1, 0.9) == level(-900)  # LDCT
    assert grey(viewer, 0.9, 0.9) == level(-500)  # LIDnet


def test_dragging_moves_the_line_between_them(viewer):
    x, y = viewer.middle("#stage")
    width = viewer.run("document.getElementById('stage').clientWidth")
    viewer.mouse("Pressed", x, y)
    viewer.mouse("Moved", x + 0.4 * width, y, buttons=1)
    viewer.mouse("Released", x + 0.4 * width, y)
    assert grey(viewer, 0.85, 0.9) == level(-900)
    assert grey(viewer, 0.95, 0.9) == level(-500)


def test_arrows_move_the_line(viewer):
    assert grey(viewer, 0.56, 0.9) == level(-500)
    for _ in range(5):
        viewer.press("ArrowRight")
    assert grey(viewer, 0.56, 0.9) == level(-900)
    for _ in range(5):
        viewer.press("ArrowLeft")
    assert grey(viewer, 0.56, 0.9) == level(-500)


def test_arrows_scroll_through_the_slices_between_their_ends(viewer):
    seen = []
    for key in ("ArrowUp", "ArrowUp", "ArrowDown", "ArrowDown", "ArrowDown"):
        viewer.press(key)
        seen.append(grey(viewer, 0.9, 0.9))
    assert seen == [level(-500 + more) for more in (50, 50, 0, -50, -50)]
    assert "1 slice towards inferior" in viewer.run("document.getElementById('shown').textContent")


def test_wheel_scrolls_once_the_slice_has_the_focus(viewer):
    x, y = viewer.middle("#stage")
    viewer.mouse("Wheel", x, y, deltaX=0, deltaY=-100)
    assert grey(viewer, 0.9, 0.9) == level(-450)
    viewer.run("document.activeElement.blur()")
    viewer.mouse("Wheel", x, y, deltaX=0, deltaY=1)
    assert grey(viewer, 0.9, 0.9) == level(-450)


def test_keys_choose_images(viewer):
    viewer.press("j")
    assert grey(viewer, 0.9, 0.9) == level(-300)
    viewer.press("k")
    viewer.press("k")
    assert grey(viewer, 0.9, 0.9) == level(-700)
    viewer.press("J", shift=True)
    assert grey(viewer, 0.1, 0.9) == level(-700)


def test_the_strip_chooses_images(viewer):
    viewer.click("#strip li:nth-child(4) button")
    assert grey(viewer, 0.9, 0.9) == level(-300)
    viewer.click("#strip li:nth-child(3) button", modifiers=8)
    assert grey(viewer, 0.1, 0.9) == level(-500)
    pressed = viewer.run(
        "[...document.querySelectorAll('#strip button')].map(b => b.ariaPressed).join()"
    )
    assert pressed == "false,false,true,true"


def test_windows_by_key_by_list_and_by_number(viewer):
    presets = json.loads(viewer.run("document.getElementById('case-data').textContent"))["presets"]
    lung = next(n for n, preset in enumerate(presets) if preset["title"] == "Lung")
    limits = (presets[lung]["low"], presets[lung]["high"])
    viewer.press(str(lung + 1))
    assert abs(grey(viewer, 0.9, 0.9) - level(-500, limits)) <= 1  # 144.5 is rounded up or down
    assert viewer.run("Number(document.getElementById('preset').value)") == lung
    viewer.run(
        """for (const [id, value] of [["width", 400], ["level", -520]]) {
        const e = document.getElementById(id); e.value = value;
        e.dispatchEvent(new Event("change")); }"""
    )
    assert grey(viewer, 0.9, 0.9) == level(-500, (-720, -320))
    assert viewer.run("document.getElementById('preset').value") == "own"


def test_right_button_drags_the_window(viewer):
    x, y = viewer.middle("#stage")
    button = {"button": "right", "clickCount": 1}
    viewer.mouse("Pressed", x, y, **button)
    viewer.mouse("Moved", x, y + 50, buttons=2)
    viewer.mouse("Released", x, y + 50, **button)
    assert viewer.run("document.getElementById('level').value") == "-100"
    assert grey(viewer, 0.9, 0.9) == level(-500, (-800, 600))


def test_boxes_follow_threshold_and_key(viewer):
    def orange():
        settle(viewer)
        return viewer.run(
            """(() => { const c = document.getElementById("stage");
            const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
            let n = 0; for (let i = 0; i < d.length; i += 4)
            n += d[i] > 200 && d[i + 1] > 120 && d[i + 1] < 190 && d[i + 2] < 60; return n; })()"""
        )

    for _ in range(20):  # the lesion lies at the left: show LIDnet there
        viewer.press("ArrowLeft")
    assert orange() == 0
    viewer.press("b")
    assert orange() > 50
    caption = "document.getElementById('right-caption').textContent"
    assert viewer.run(caption) == "LIDnet · IoU 0.67"  # 12 x 12 of 12 x 18
    for _ in range(11):
        viewer.press("]")
    settle(viewer)
    assert viewer.run(caption) == "LIDnet · not found"  # 0.83 < 0.85
    assert orange() == 0


def test_the_region_is_enlarged_and_moves(viewer):
    assert grey(viewer, 0.9, 0.5, "region") == level(-500)
    before = viewer.run("document.getElementById('region-caption').textContent")
    assert before == "Region 40 \u00d7 40 pixels"
    # The right half of the enlarged region: its columns go from 26 - 20 + 20 on.
    inside = grey(viewer, 0.52, 0.6, "region")
    for _ in range(4):
        viewer.press("ArrowRight", shift=True)
    assert (inside, grey(viewer, 0.52, 0.6, "region")) == (level(-400), level(-500))
    viewer.press("z")
    assert grey(viewer, 0.52, 0.6) == level(-500)
    viewer.press("r")
    settle(viewer)
    assert viewer.run("document.getElementById('enlarge').checked") is False


def test_next_case_by_key_and_by_button(viewer):
    viewer.press("n")
    assert grey(viewer, 0.9, 0.9) == level(-300)
    assert "case_0007, slice 2" in viewer.run("document.getElementById('shown').textContent")
    viewer.click("#case-previous")
    assert grey(viewer, 0.9, 0.9) == level(-500)


def test_keys_of_a_field_are_its_own(viewer):
    viewer.run("document.getElementById('width').focus()")
    viewer.press("n")
    settle(viewer)
    assert "case_0003" in viewer.run("document.getElementById('shown').textContent")


def test_all_controls_have_names_and_the_focus_is_seen(viewer):
    nameless = viewer.run(
        """[...document.querySelectorAll("#viewer button, #viewer input, #viewer select")]
        .filter(e => !(e.ariaLabel || e.textContent.trim() || (e.labels && e.labels.length)))
        .map(e => e.id)"""
    )
    assert nameless == []
    viewer.press("Tab")
    outline = viewer.run("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none"
    assert viewer.run("document.activeElement.id") == "wipe"


def test_regions_of_an_iteration(viewer):
    x = "document.querySelector('.regions g:not([display]) rect').getAttribute('x')"
    assert viewer.run(x) == "20.0"
    viewer.run("document.querySelector('.regions input').focus()")
    viewer.press("ArrowLeft")
    assert viewer.run(x) == "24.0"
    words = viewer.run("document.querySelector('.regions output').textContent")
    assert words == "500: 1 regions, best IoU with a lesion 0.29"  # 8 x 8 of 224


@pytest.mark.parametrize("dark", [False, True])
def test_a_narrow_window_needs_no_scrolling_sideways(browser, page, dark):
    browser.open(page.as_uri(), width=400, dark=dark)
    settle(browser)
    assert browser.run("document.documentElement.scrollWidth") <= 400
    assert grey(browser, 0.9, 0.9) == level(-500)
    assert browser.troubles() == []


def test_paper_shows_a_picture_of_each_case_and_no_controls(browser, page, tmp_path):
    if shutil.which("pdftotext") is None or shutil.which("pdfimages") is None:
        pytest.skip("no poppler to read a PDF with")
    browser.open(page.as_uri())
    settle(browser)
    path = tmp_path / "page.pdf"
    path.write_bytes(browser.pdf())
    text = subprocess.run(["pdftotext", path, "-"], capture_output=True, text=True).stdout
    assert "case_0003, slice 12" in text and "case_0007, slice 2" in text
    assert "IoU 0.67" in text and "Score ≥" not in text
    listed = subprocess.run(["pdfimages", "-list", path], capture_output=True, text=True).stdout
    assert len(re.findall(r"\bimage\b", listed)) >= 2 * len(TITLES)


def test_without_script_the_pictures_are_there(browser, page):
    browser("Emulation.setScriptExecutionDisabled", value=True)
    browser.open(page.as_uri())
    browser("Emulation.setScriptExecutionDisabled", value=False)
    assert browser.run("getComputedStyle(document.querySelector('.prints')).display") == "block"
    assert browser.run("document.getElementById('viewer').hidden") is True
    picture = Image.open(io.BytesIO(browser.picture()))
    assert picture.size == (1280, 900)
