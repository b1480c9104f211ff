"""The page in a headless browser, with real keys, mouse and touch."""

import numpy as np
import pytest
from study import CHANGE, FACTS, KEY_BOXES, SHAPE, lesions, source_hu, volumes

from lidnet_mm.visualization.study_page import StudyFacts, write_study_page
from lidnet_mm.visualization.windowing import apply_window

SOFT, LUNG, BONE = (-160, 240), (-1350, 150), (-500, 1300)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The known series with two lesions."""
    path = tmp_path_factory.mktemp("study") / "report.html"
    source, denoised = volumes()
    write_study_page(source, denoised, lesions(source), FACTS, path)
    return path.as_uri()


@pytest.fixture
def opened(browser, page):
    """A browser with the page, which must be silent and alone in the end."""
    browser.open(page, 1280, 1000)
    settle(browser)
    yield browser
    settle(browser)
    assert browser.troubles() == []
    assert browser.requests() == [page]


def settle(browser):
    """Wait until all that was asked for is drawn."""
    browser.run(
        """new Promise(resolve => { let before = null; const look = () => {
        const now = document.getElementById("study").dataset.drawn;
        if (now !== undefined && now === before) resolve();
        else { before = now; setTimeout(look, 60); }
        }; look(); })"""
    )


def colour(browser, x, y, canvas="stage"):
    """Red, green and blue at a place of the slice."""
    settle(browser)
    script = f"""(() => {{ const c = document.getElementById("{canvas}");
        return [...c.getContext("2d").getImageData(Math.floor({x} / {SHAPE[2]} * c.width),
        Math.floor({y} / {SHAPE[1]} * c.height), 1, 1).data].slice(0, 3); }})()"""
    return browser.run(script)


def grey(browser, x, y, canvas="stage"):
    red, green, blue = colour(browser, x, y, canvas)
    assert red == green == blue
    return red


def expected(index, x, window, change=0):
    hu = source_hu()[index, 0, int(x)] + change
    return int(apply_window(np.array([[hu]]), window)[0, 0])


def slice_of(browser):
    settle(browser)
    return int(browser.run("document.getElementById('slice-shown').textContent.split(' ')[0]"))


def choose(browser, name, value, event="change"):
    browser.run(
        f"(() => {{ const e = document.getElementById('{name}'); e.value = '{value}';"
        f" e.dispatchEvent(new Event('{event}')); }})()"
    )
    settle(browser)


def test_keys_wheel_slider_and_touch_change_the_slice(opened):
    assert slice_of(opened) == 4  # key slice of the best lesion
    found = []
    for key in ("ArrowUp", "ArrowDown", "PageDown", "Home", "ArrowDown", "End", "ArrowUp"):
        opened.press(key)
        found.append(slice_of(opened))
    assert found == [5, 4, 2, 0, 0, 6, 6]
    x, y = opened.middle("#stage")
    opened.mouse("Wheel", x, y, deltaX=0, deltaY=120)
    assert slice_of(opened) == 5
    choose(opened, "slice", 3, "input")
    assert slice_of(opened) == 3
    assert grey(opened, 5.5, 30) == expected(3, 5.5, SOFT)
    opened.swipe((x, y), (x, y - 10), (x, y - 20), (x, y - 30))
    assert slice_of(opened) == 5
    assert opened.run("document.getElementById('wipe').value") == "50"
    opened.click("#previous")
    assert slice_of(opened) == 4


def test_line_divides_source_from_denoised(opened):
    choose(opened, "slice", 3, "input")
    assert grey(opened, 28.5, 30) == expected(3, 28.5, SOFT)
    assert grey(opened, 32.5, 30) == expected(3, 32.5, SOFT, CHANGE)
    x, y = opened.middle("#stage")
    wide = opened.run("document.getElementById('stage').clientWidth")
    opened.mouse("Pressed", x, y)
    opened.mouse("Moved", x + wide / 4, y, buttons=1)
    opened.mouse("Released", x + wide / 4, y)
    settle(opened)
    assert opened.run("document.getElementById('wipe').value") == "75"
    assert grey(opened, 43.5, 30) == expected(3, 43.5, SOFT)
    choose(opened, "wipe", 0, "input")
    assert grey(opened, 5.5, 30) == expected(3, 5.5, SOFT, CHANGE)
    opened.press("ArrowRight")
    settle(opened)
    assert opened.run("document.getElementById('wipe').value") == "2"
    opened.swipe((x, y), (x + 20, y), (x + wide / 4, y))
    settle(opened)
    assert opened.run("document.getElementById('wipe').value") == "75"


def test_windows_change_pixels(opened):
    choose(opened, "slice", 3, "input")
    for key, window in (("2", LUNG), ("5", BONE), ("1", SOFT)):
        opened.press(key)
        assert grey(opened, 5.5, 30) == expected(3, 5.5, window)
    choose(opened, "preset", "1")
    assert grey(opened, 5.5, 30) == expected(3, 5.5, LUNG)
    choose(opened, "width", "300")
    choose(opened, "level", "-100")
    assert grey(opened, 5.5, 30) == expected(3, 5.5, (-250, 50))
    assert opened.run("document.getElementById('preset').value") == "own"


@pytest.mark.parametrize("zoom", [1, 2])
@pytest.mark.parametrize("number", [1, 2])
def test_a_lesion_of_the_list_jumps_to_its_key_slice_and_its_box_is_in_place(opened, number, zoom):
    key, box = KEY_BOXES[number]
    choose(opened, "mode", "difference")
    choose(opened, "zoom", zoom)
    opened.press("Home")
    opened.click(f"[data-lesion='{number}'] button")
    assert slice_of(opened) == key
    assert opened.run("document.querySelector('[aria-current]').dataset.lesion") == str(number)
    # Pixels of the white box around the uniform grey of the difference; its label lies outside.
    level = int(apply_window(np.array([[float(CHANGE)]]), (-100, 100))[0, 0])
    view = np.array([0, 0, SHAPE[2], SHAPE[1]], float)
    if zoom == 2:
        middle, half = np.array([box[0] + box[2], box[1] + box[3]]) / 2, view[2:] / 4
        start = np.clip(middle - half, 0, view[2:] - 2 * half)
        view = np.array([*start, *(start + 2 * half)])

    def at(x, y):
        part = (np.array([x, y]) - view[:2]) / (view[2:] - view[:2])
        return grey(opened, *(part * [SHAPE[2], SHAPE[1]]))

    x1, y1, x2, y2 = box
    middle_x, middle_y = (x1 + x2) / 2, (y1 + y2) / 2
    for x, y, out in ((x1, middle_y, (-1, 0)), (x2, middle_y, (1, 0)), (middle_x, y2, (0, 1))):
        assert at(x, y) == 255
        for way in (-0.7, 0.7):
            assert at(x + way * out[0], y + way * out[1]) == level
    assert at(middle_x, y1) == 255
    assert at(middle_x, y1 + 0.7) == level


def test_boxes_and_score_threshold(opened):
    def has_box():
        return colour(opened, 30.5, 16) == [255, 255, 255]

    choose(opened, "wipe", 100, "input")
    assert has_box()
    opened.press("b")
    assert not has_box()
    opened.press("b")
    assert has_box()
    choose(opened, "threshold", "0.6", "input")
    assert opened.run("[...document.querySelectorAll('[data-lesion]')].map(e => e.hidden)") == [
        False,
        True,
    ]
    choose(opened, "threshold", "0.95", "input")
    assert not has_box()


def test_modes(opened):
    choose(opened, "slice", 3, "input")
    opened.press("m")
    assert grey(opened, 40.5, 30) == expected(3, 40.5, SOFT)
    assert grey(opened, 40.5, 30, "second") == expected(3, 40.5, SOFT, CHANGE)
    opened.press("m")
    assert grey(opened, 40.5, 30) == round((CHANGE + 100) / 200 * 255)
    choose(opened, "span", 40)
    assert grey(opened, 40.5, 30) == round((CHANGE + 40) / 80 * 255)
    shown = "getComputedStyle(document.getElementById('second')).display"
    assert opened.run(shown) == "none"


def test_pointer_reads_hu_and_pixels_have_their_height(opened):
    choose(opened, "slice", 3, "input")
    bounds = opened.run(
        "(() => { const r = document.getElementById('stage').getBoundingClientRect();"
        " return [r.left, r.top, r.width, r.height]; })()"
    )
    opened.mouse("Moved", bounds[0] + bounds[2] * 10.5 / 60, bounds[1] + bounds[3] * 4.5 / 40)
    hu = -300 + 150 + 10
    told = opened.run("document.getElementById('readout').textContent").split("   ")
    assert told == ["x 10, y 4", f"source \N{MINUS SIGN}{-hu} HU",
                    f"denoised \N{MINUS SIGN}{-hu - CHANGE} HU", "difference 30 HU"]  # fmt: skip
    assert bounds[3] / bounds[2] == pytest.approx(40 * 1.6 / (60 * 0.8), rel=0.01)


@pytest.mark.parametrize(("width", "beside"), [(400, False), (1280, True)])
def test_page_fits_the_width(browser, page, width, beside):
    browser.open(page, width, 850)
    settle(browser)
    assert browser.run("document.documentElement.scrollWidth") == width
    top = "document.querySelector('{}').getBoundingClientRect().top"
    tops = [browser.run(top.format(name)) for name in (".screen", ".lesions")]
    assert (abs(tops[0] - tops[1]) < 5) is beside
    assert browser.troubles() == []


def test_page_without_detector_and_geometry_works(browser, tmp_path):
    path = tmp_path / "report.html"
    write_study_page(*volumes(None), [], StudyFacts(FACTS.denoiser), path)
    browser.open(path.as_uri(), 1280, 900)
    assert slice_of(browser) == SHAPE[0] // 2
    browser.press("n")
    browser.press("r")
    assert grey(browser, 5.5, 30) == expected(SHAPE[0] // 2, 5.5, SOFT)
    assert browser.run("document.getElementById('slice-shown').textContent") == "3 of 0 … 6"
    assert browser.troubles() == []
