"""A page that is passed on by mail stays below 30 MB, whatever is put in."""

import json
import re

import numpy as np
import pytest
from report_page import PROVENANCE

from lidnet_mm.benchmark import Case, write_report
from lidnet_mm.benchmark.cases.case import NeighbourSlice
from lidnet_mm.benchmark.cases.case_print import FORMS, case_pictures
from lidnet_mm.benchmark.cases.case_viewer import MOST_LETTERS, case_view
from lidnet_mm.benchmark.report import report
from lidnet_mm.benchmark.scores.row_titles import row_titles

LIMIT = 30e6
SIZE, LESION = 160, 60
WINDOW = (-60.0, 60.0)
TRUTH = np.array([[50.0, 40, 50 + LESION, 40 + LESION]])
NOISE = np.random.default_rng(0).normal(0, 30, (SIZE + 60, SIZE + 60)).astype(np.float32)
"""What compresses worst."""


def noisy_case(number, titles, found=None, neighbours=()):
    """Parts of the noise, another one for each case and title."""
    images = {title: NOISE[number:, 2 * n :][:SIZE, :SIZE] for n, title in enumerate(titles)}
    name = f"case_{number:04d}, slice 1"
    return Case(name, images, TRUTH, found or {}, WINDOW, neighbours=neighbours)


def letters_of(view):
    """What the cases of a page take of it, at the least."""
    pictures = sum(len(p.source) + len(p.description) for _, drawn in view.prints for p in drawn)
    return sum(len(image.text) for image in view.images) + pictures + len(view.description)


@pytest.fixture(scope="module")
def rows(make_row):
    """30 lines: LDCT, six denoisers with two methods and two ablations each, four more, NDCT."""
    denoisers = [f"D{number}" for number in range(6)]
    found = [make_row("ldct", denoiser="none"), make_row("ndct", denoiser="none")]
    for name in denoisers:
        found += [make_row(method, denoiser=name) for method in ("baseline", "lidnet")]
        found += [make_row("lidnet", denoiser=f"{name} ({what})") for what in ("k1", "k20")]
    return [*found, *(make_row("matched", denoiser=name) for name in denoisers[:4])]


@pytest.fixture(scope="module")
def page(tmp_path_factory, rows):
    titles = list(row_titles(rows).values())
    assert len(titles) == 30
    cases = [noisy_case(number, titles) for number in range(50)]
    return write_report(rows, tmp_path_factory.mktemp("large"), [], cases, PROVENANCE, "x")


def test_fifty_noisy_cases_of_thirty_methods_and_large_lesions(page):
    """Nothing is wasted either: the page is not far below its limit."""
    assert 0.8 * LIMIT < page.stat().st_size < LIMIT


def test_the_viewer_keeps_every_image_and_all_of_the_lesion(page):
    text = page.read_text(encoding="utf-8")
    data = json.loads(re.search(r'id="case-data">(.*?)</script>', text)[1])
    sizes = [
        tuple(map(int, found))
        for found in re.findall(r'data-width="(\d+)" data-height="(\d+)"', text)
    ]
    assert len(data["cases"]) == 50
    for case in data["cases"]:
        x1, y1, x2, y2 = case["region"]
        assert x1 <= TRUTH[0, 0] and y1 <= TRUTH[0, 1] and x2 >= TRUTH[0, 2] and y2 >= TRUTH[0, 3]
        (part,) = case["slices"]
        assert len(part["images"]) == 30
        for image in part["images"]:
            assert sizes[image["region"]] == (x2 - x1, y2 - y1)
            assert sizes[image["whole"]] == (-(-SIZE // image["binning"]),) * 2


def test_paper_says_what_it_leaves_out_and_keeps_what_matters(page):
    text = page.read_text(encoding="utf-8")
    prints = text[text.index('class="prints"') : text.index('id="case-data"')]
    case = prints.split('class="print-case"')[1]
    kept = re.findall(r"<figcaption>([^<]+)<", case)
    left_out = int(
        re.search(r"(\d+) of 30 images are left out on paper", " ".join(case.split()))[1]
    )
    assert len(kept) == case.count("<img") == 30 - left_out
    assert [kept[0], kept[-1]] == ["LDCT", "NDCT"] and "LIDnet, D0" in kept
    assert left_out < 12 or not [title for title in kept if "(k" in title]  # 12 ablations


def test_pictures_become_lossy_then_smaller_then_fewer():
    titles = [f"m{number}" for number in range(6)]
    case = noisy_case(0, titles)
    seen = []
    for most in (1e7, 3e5, 1.2e5, 5e4, 2e4, 0):
        pictures = case_pictures(case, most, [*titles[3:], *titles[:3]])
        assert sum(len(picture.source) for picture in pictures) <= most
        seen.append((len(pictures), {picture.size[0] for picture in pictures}))
        assert [p.title for p in pictures] == sorted(p.title for p in pictures)
    assert seen[0] == (6, {200}) and seen[-1] == (0, set())
    assert [count for count, _ in seen] == sorted((count for count, _ in seen), reverse=True)
    widths = {width for _, own in seen for width in own}
    assert widths == {width for width, _ in FORMS}
    (kept,) = {p.title for p in case_pictures(case, 1.2e4, [*titles[3:], *titles[:3]])}
    assert kept == "m3"


def test_many_slices_with_many_boxes():
    """Detectors find 100 boxes in noise, and five slices a case have five times the images."""
    titles = [f"m{number}" for number in range(12)]
    boxes = np.full((100, 4), 123.456) + np.arange(100)[:, None] / 7
    found = {title: (boxes, np.linspace(0.9, 0.06, 100)) for title in titles}
    images = {title: np.zeros((SIZE, SIZE), np.float32) for title in titles}
    near = [NeighbourSlice(offset, images, TRUTH, found) for offset in (-2, -1, 1, 2)]
    cases = [noisy_case(number, titles, found, near) for number in range(8)]
    view = case_view(cases, most_letters=3e6)
    assert letters_of(view) < 3e6
    kept = json.loads(view.description)["cases"][0]["slices"][0]["images"][0]["found"]
    assert 0 < len(kept) == view.most_boxes < 100
    assert [row[4] for row in kept] == sorted((row[4] for row in kept), reverse=True)
    assert kept[0][4] == 0.9


def test_more_images_than_any_page_holds():
    cases = [noisy_case(number, ["LDCT", "NDCT"]) for number in range(5)]
    with pytest.raises(ValueError, match=r"10 images of cases do not fit.*set 'num_cases' lower"):
        case_view(cases, most_letters=1e4)


def test_tables_alone_are_too_large(tmp_path, monkeypatch, make_row):
    monkeypatch.setattr(report, "MOST_BYTES", 1e4)
    with pytest.raises(ValueError, match=r"take 0\.0 MB of the page, which may have 0\.01"):
        write_report([make_row()], tmp_path, [], [], PROVENANCE, "x")
    assert list(tmp_path.iterdir()) == []


def test_a_page_that_is_too_large_for_all_that_is_not_written(tmp_path, monkeypatch, make_row):
    """The last word has the page itself: here its cases take more than they may."""
    case = noisy_case(0, [f"m{number}" for number in range(9)])
    monkeypatch.setattr(report, "MOST_BYTES", 1.5e5)
    monkeypatch.setattr(report, "case_view", lambda *given: case_view(*given[:3]))
    with pytest.raises(
        ValueError, match=r"the page would have 0\.\d MB, more than 0\.15: set 'num_"
    ):
        write_report([make_row()], tmp_path, [], [case], PROVENANCE, "x")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_fifty_noisy_cases_of_whole_slices():
    """Nine images of 50 slices of 512 x 512 pixels."""
    noise = np.random.default_rng(0).normal(0, 250, (700, 700)).astype(np.float32)
    cases = []
    for number in range(50):
        images = {f"m{n}": noise[number + n :, 2 * n :][:512, :512] for n in range(9)}
        cases.append(Case(f"case_{number:04d}, slice 1", images, TRUTH, {}, (-1000.0, 400.0)))
    view = case_view(cases)
    assert letters_of(view) < MOST_LETTERS
    assert view.binnings[1] > 1
