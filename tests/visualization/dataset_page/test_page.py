import base64
import io
import json
import re

import numpy as np
import pytest
import SimpleITK
from PIL import Image

from lidnet_mm.visualization.dataset_page.choice import SliceChoice, choose_slices
from lidnet_mm.visualization.dataset_page.loading import load_slices
from lidnet_mm.visualization.dataset_page.page import PageSettings, write_dataset_page
from lidnet_mm.visualization.dataset_page.parts import parts_of_folder
from lidnet_mm.visualization.dataset_page.shown_slice import (
    ShownBox,
    ShownSlice,
    SliceName,
    UnreadableSlice,
)
from lidnet_mm.visualization.dataset_page.windows import choose_windows

NAME = SliceName("train", "case_0001", "2", 7)
SETTINGS = PageSettings("Mine <CT> & dose", ["6 of 6 slices", "seed 0"])


def write(path, parts, entries=None, settings=SETTINGS):
    entries = entries or load_slices(choose_slices(parts, SliceChoice(number=None)))
    size = write_dataset_page(entries, parts, path, settings)
    assert size == path.stat().st_size
    return path


@pytest.fixture(scope="module")
def parts(root):
    return parts_of_folder(root)


@pytest.fixture(scope="module")
def page_path(tmp_path_factory, parts):
    return write(tmp_path_factory.mktemp("pages") / "new" / "page.html", parts)


@pytest.fixture(scope="module")
def page(dataset, page_path):
    return dataset.Page(page_path.read_text(encoding="utf-8"))


def test_the_file_is_written_whole(page_path):
    assert [path.name for path in page_path.parent.iterdir()] == ["page.html"]


def test_page_is_balanced_html_with_unique_ids(page):
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))


def test_ldct_and_ndct_are_where_they_belong_to_the_last_hu(dataset, page):
    assert len(page.articles) == 6
    for position, article in enumerate(page.articles):
        patient, index = divmod(position, 3)
        ndct = dataset.ndct_of(patient)[index]
        assert list(article.panels) == ["ldct", "ndct", "difference"]
        np.testing.assert_array_equal(article.panels["ndct"].hu, ndct)
        np.testing.assert_array_equal(article.panels["ldct"].hu, ndct + dataset.LDCT_OFFSET)
        assert f"case_000{patient + 1}, slice {index}" in " ".join(article.texts)


def test_boxes_are_drawn_at_the_lesions_pixels(page):
    for article in page.articles:
        assert {panel.shape for panel in article.panels.values()} == {(24, 32)}
        rows, columns = np.nonzero(article.panels["ndct"].hu == 300)
        expected = []
        if rows.size:
            expected = [[columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1]]
        for panel in article.panels.values():
            assert panel.boxes == expected
    views = [attrs["viewbox"] for tag, attrs in page.tags if attrs.get("class") == "boxes"]
    assert set(views) == {"0 0 32 24"}


def test_numbers_of_a_slice(page):
    text = " ".join(" ".join(page.articles[1].texts).split())
    text = text.replace("\N{MULTIPLICATION SIGN}", "x").replace("\N{MINUS SIGN}", "-")
    for fact in (
        "7.5 x 3.0", "6, 8", "10 x 6", "300 ± 0", "nodule 1", "diameter (mm): 7.5",
        "lesion type: lung <x>", "long: no", "32 x 24 of 0.75 x 0.5 mm", "3 mm from slice",
        "LDCT to 1 HU, NDCT to 1 HU", "LDCT - NDCT in the body 40 40 40.0 0.0 40",
    ):  # fmt: skip
        assert fact in text, fact


def test_a_mean_that_rounds_to_nothing_has_no_sign(dataset, tmp_path, parts):
    hu = np.array([[-0.25, 0.25, -0.05, 0.0]])
    shown = ShownSlice(NAME, {"NDCT": hu}, (), (1.0, 1.0), None)
    page = dataset.Page(write(tmp_path / "p.html", parts, [shown]).read_text(encoding="utf-8"))
    assert "NDCT 0 0 0.0 0.2 0" in page.text


def test_summary_counts_the_whole_part(page):
    cells = page.texts[page.texts.index("Slices here") + 1 :]
    row = [text.strip() for text in cells if text.strip()][:9]
    assert row == ["train", "2", "2", "6", "2", "4", "2", "7.5 / 7.5 / 7.5", "6"]


def test_page_needs_no_network_and_forbids_it(page, page_path):
    links = [attrs[key] for _, attrs in page.tags for key in ("src", "href") if key in attrs]
    assert all(link.startswith(("data:image/png;base64,", "#slice-")) for link in links)
    assert {link[1:] for link in links if link.startswith("#")} <= set(page.ids)
    text = re.sub(r'"data:[^"]+"', "", page_path.read_text(encoding="utf-8"))
    assert not re.search(r"https?:|[^:]//\w|@import|<link|url\(|fetch\(|XMLHttp|import\(", text)
    policy = next(attrs["content"] for tag, attrs in page.tags if "http-equiv" in attrs)
    assert policy.startswith("default-src 'none';")


def test_no_path_of_this_machine_and_no_file_name_is_in_the_page(page_path, root):
    text = page_path.read_text(encoding="utf-8")
    for secret in (str(root), str(root.parent), "volumes/", ".nii", "/tmp", "/home"):
        assert secret not in re.sub(r'"data:[^"]+"|<script type.*?</script>', "", text)


def test_text_of_the_data_is_escaped(page, page_path):
    text = page_path.read_text(encoding="utf-8")
    assert "Mine &lt;CT&gt; &amp; dose" in text
    assert "lung &lt;x&gt;" in text and "lung <x>" not in text


def test_pictures_and_controls_have_words(page):
    images = [attrs["alt"] for tag, attrs in page.tags if tag == "img"]
    assert images[1] == "case_0001, slice 1: 1 lesion box of 8 mm"
    assert images[0] == "case_0001, slice 0: no lesion box"
    labels = [panel.label for panel in page.articles[1].panels.values()]
    starts = ("LDCT of", "NDCT of", "LDCT minus NDCT of")
    assert [label.startswith(start) for label, start in zip(labels, starts, strict=True)]
    assert all("case_0001, slice 1" in label for label in labels)
    figures = [attrs for tag, attrs in page.tags if attrs.get("role") == "img"]
    assert all(attrs["aria-label"] for attrs in figures)
    keys = {attrs.get("aria-keyshortcuts") for _, attrs in page.tags}
    assert keys >= {"b", "d", "z", "ArrowLeft", "ArrowRight"}


def test_thumbnails_show_ndct_in_the_window_that_the_page_opens_with(dataset, tmp_path, parts):
    hu = np.tile(np.arange(120.0), (60, 1))
    shown = ShownSlice(NAME, {"LDCT": hu * 0 + 500, "NDCT": hu}, (), (1.0, 1.0), None)
    settings = PageSettings("x", windows=choose_windows(["10", "95"]))
    text = write(tmp_path / "page.html", parts, [shown], settings).read_text(encoding="utf-8")
    png = base64.b64decode(re.search(r"base64,([^\"]+)", text).group(1))
    grey = np.asarray(Image.open(io.BytesIO(png)).convert("L"), dtype=float)
    expected = np.clip((hu - 10) / 85, 0, 1) * 255
    np.testing.assert_allclose(grey, expected, atol=1)


def test_slices_of_one_image_have_no_difference(dataset, tmp_path):
    parts = parts_of_folder(dataset.make_root(tmp_path / "data", paired=False))
    path = write(tmp_path / "page.html", parts)
    page = dataset.Page(path.read_text(encoding="utf-8"))
    assert [list(article.panels) for article in page.articles] == [["ndct"]] * 6
    assert "difference" not in page.ids
    with pytest.raises(ValueError, match="no LDCT to take the NDCT from"):
        write(tmp_path / "other.html", parts, settings=PageSettings("x", difference=True))
    assert not (tmp_path / "other.html").exists()


def test_the_difference_can_be_open_from_the_start(dataset, tmp_path, parts, page):
    assert all("hidden" in article.panels["difference"].attrs for article in page.articles)
    path = write(tmp_path / "page.html", parts, settings=PageSettings("x", difference=True))
    opened = dataset.Page(path.read_text(encoding="utf-8"))
    assert not any("hidden" in article.panels["difference"].attrs for article in opened.articles)


def test_a_real_slice_is_the_one_that_simpleitk_reads(dataset, tmp_path, real_data):
    source = real_data / "sts" / "STS_001" / "CT_image.nii.gz"
    image = SimpleITK.DICOMOrient(SimpleITK.ReadImage(str(source)), "LPS")
    array, (column, row, thickness) = SimpleITK.GetArrayFromImage(image), image.GetSpacing()
    (tmp_path / "volumes").mkdir()
    (tmp_path / "volumes" / "case_0001.nii.gz").symlink_to(source)
    record = {
        "id": 1, "file_name": "volumes/case_0001.nii.gz", "patient_id": "case_0001",
        "slice_index": 9, "height": array.shape[1], "width": array.shape[2],
        "spacing": [row, column], "slice_thickness": thickness,
    }  # fmt: skip
    content = {"images": [record], "annotations": [], "categories": [{"id": 1, "name": "lesion"}]}
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "test.json").write_text(json.dumps(content))
    text = write(tmp_path / "page.html", parts_of_folder(tmp_path)).read_text(encoding="utf-8")
    np.testing.assert_array_equal(dataset.Page(text).articles[0].panels["ndct"].hu, array[9])
    assert "STS_001" not in text


def test_an_unreadable_slice_has_its_place(dataset, tmp_path, parts):
    shown = ShownSlice(NAME, {"NDCT": np.zeros((8, 8))}, (), (1.0, 1.0), None)
    lost = UnreadableSlice(SliceName("train", "case_0002", "", 3), "its volume is missing")
    path = write(tmp_path / "page.html", parts, [shown, lost])
    page = dataset.Page(path.read_text(encoding="utf-8"))
    assert [article.attrs["data-kind"] for article in page.articles] == ["negatives", "unreadable"]
    assert "case_0001, series 2, slice 7" in page.text
    assert "case_0002, slice 3" in page.text
    assert "Unreadable: its volume is missing." in page.text
    assert "1 of 2 slices; the log" in page.text


def test_boxes_may_reach_over_the_edge_and_be_ignored(dataset, tmp_path, parts):
    boxes = (ShownBox((-2, 3.25, 4, 9), "a"), ShownBox((90, 90, 95, 95), "b", ignored=True))
    shown = ShownSlice(NAME, {"NDCT": np.zeros((8, 8))}, boxes, (1.0, 1.0), None)
    page = dataset.Page(write(tmp_path / "p.html", parts, [shown]).read_text(encoding="utf-8"))
    assert page.articles[0].panels["ndct"].boxes == [[-2, 3.25, 6, 5.75], [90, 90, 5, 5]]
    assert [attrs.get("class") for tag, attrs in page.tags if tag == "rect"] == [None, "ignored"]
    assert "crowd, ignored" in page.text


def test_a_page_of_nothing_is_refused(tmp_path, parts):
    lost = UnreadableSlice(NAME, "its volume is missing")
    with pytest.raises(ValueError, match="at least one slice that can be read"):
        write(tmp_path / "page.html", parts, [lost])
    assert list(tmp_path.iterdir()) == []


def test_a_picture_with_nan_leaves_the_old_page(tmp_path, parts):
    path = tmp_path / "page.html"
    path.write_text("old")
    bad = ShownSlice(NAME, {"NDCT": np.full((8, 8), np.nan)}, (), (1.0, 1.0), None)
    with pytest.raises(ValueError, match="NaN"):
        write(path, parts, [bad])
    assert [entry.read_text() for entry in tmp_path.iterdir()] == ["old"]
