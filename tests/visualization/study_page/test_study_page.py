import json
import re
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from packed_hu import unpacked
from study import CHANGE, FACTS, KEY_BOXES, SHAPE, lesions, source_hu, volumes

from lidnet_mm.inference.array_volume import ArrayVolume
from lidnet_mm.visualization.study_page import StudyFacts, write_study_page


def written(tmp_path, facts=FACTS, spacing=(2.5, 1.6, 0.8), found=None, **options) -> str:
    source, denoised = volumes(spacing)
    found = lesions(source) if found is None else found
    path = tmp_path / "report.html"
    write_study_page(source, denoised, found, facts, path, **options)
    return path.read_text(encoding="utf-8")


def images_of(page: str) -> list[np.ndarray]:
    """HU of the images of a page."""
    pattern = r'class="pixels" data-width="(\d+)" data-height="(\d+)" data-step="(\d+)">([^<]*)<'
    return [
        unpacked(text, int(rows), int(columns), int(step))
        for columns, rows, step, text in re.findall(pattern, page)
    ]


def data_of(page: str) -> dict:
    return json.loads(re.search(r'id="study-data">(.*?)</script>', page).group(1))


def test_page_holds_source_and_denoised_hu_of_each_slice(tmp_path):
    found = images_of(written(tmp_path))
    assert len(found) == 2 * SHAPE[0]
    np.testing.assert_array_equal(found[0::2], source_hu())
    np.testing.assert_array_equal(found[1::2], source_hu() + CHANGE)


def test_page_states_model_strength_warnings_version_and_limits(tmp_path):
    page = written(tmp_path)
    for words in (
        "some_denoiser",
        "strength 0.75",
        "some_detector",
        "lidnet_mm 1.2.3",
        "ab" * 32,
        "Not a medical device",
        "This series is not what some_denoiser was trained for",
        "noise is 5.2 HU; trained for 15 to 250",
        "score of at least 0.3",
        "all slices in all their pixels",
    ):
        assert words in page


@pytest.mark.parametrize(
    ("facts", "words", "absent"),
    [
        (StudyFacts(FACTS.denoiser), "not known: nothing states", "This series is not what"),
        (replace(FACTS, warnings=()), "lies in the range", "This series is not what"),
        (StudyFacts(FACTS.denoiser), "No detector looked at", "lesions found"),
        (FACTS, "The detector found none", "No detector looked at"),
    ],
)
def test_page_says_what_is_not_known(tmp_path, facts, words, absent):
    page = written(tmp_path, facts, found=[])
    assert words in page
    assert absent not in page


def test_lesions_are_listed_and_their_boxes_given(tmp_path):
    page = written(tmp_path)
    data = data_of(page)
    by_index = {each["index"]: each for each in data["slices"]}
    for number, (key, box) in KEY_BOXES.items():
        assert data["lesions"][number - 1]["key"] == key
        assert [*box, number] in [[*each[:4], each[5]] for each in by_index[key]["boxes"]]
    assert by_index[4]["height"] == 10.0  # mm, 4 slices of 2.5
    # Longer side of the largest box: 16 rows of 1.6 mm; 5 mm along two slices.
    row = re.search(r'<tr data-lesion="1">.*?</tr>', page, re.DOTALL).group()
    assert re.findall(r"<td>([\d.]+)</td>", row) == ["0.88", "25.6", "5.0"]
    assert "4\N{EN DASH}5 (4)" in row


def test_texts_are_escaped(tmp_path):
    names = {"Patient": "</dd><script>alert(1)</script>"}
    facts = replace(FACTS, names=names, warnings=["<img src=x>"])
    page = written(tmp_path, facts)
    assert "alert(1)" in page
    for raw in ("<script>alert", "<img src=x", "mass <i>"):
        assert raw not in page


def test_volume_without_geometry_has_a_page(tmp_path):
    page = written(tmp_path, spacing=None)
    assert "their size is not known" in page
    assert data_of(page)["spacing"] is None
    assert data_of(page)["slices"][0]["height"] is None


def test_slices_of_a_large_series_are_means(tmp_path):
    page = written(tmp_path, most_bytes=1.2e5, found=[])
    assert "so that the page stays small" in page
    coarse = data_of(page)["slices"][0]
    b = coarse["binning"]
    assert b > 1
    np.testing.assert_allclose(images_of(page)[0][0, 0], source_hu()[0, :b, :b].mean(), atol=0.5)


@pytest.mark.parametrize(
    ("level", "title"), [(-850, "Lung"), (40, "Soft tissue")], ids=["in lung", "in soft tissue"]
)
def test_page_opens_with_the_window_in_which_the_best_lesion_is_seen(tmp_path, level, title):
    volume = ArrayVolume.with_spacing(np.full(SHAPE, float(level)), (2.5, 1.6, 0.8))
    path = tmp_path / "page.html"
    write_study_page(volume, volume, lesions(volume), FACTS, path)
    assert data_of(path.read_text())["windows"][0]["title"] == title


def test_volumes_of_two_sizes_are_refused(tmp_path):
    source, _ = volumes()
    other = ArrayVolume(source_hu()[:-1])
    with pytest.raises(ValueError, match="slices of one place only"):
        write_study_page(source, other, [], FACTS, tmp_path / "page.html")
    assert not list(tmp_path.iterdir())


class Made(ArrayVolume):
    """A volume of any number of slices that holds one."""

    @property
    def num_slices(self):
        return self.count

    def _read_plane(self, stored_index):
        return np.random.default_rng(stored_index).normal(0, 30, self.slice_shape)


def test_memory_does_not_grow_with_the_series(tmp_path):
    peaks = []
    for count in (20, 20, 200):  # the first one loads templates
        volume = Made.with_spacing(np.zeros((1, 96, 96)), (1.0, 0.7, 0.7))
        volume.count = count
        tracemalloc.start()
        write_study_page(volume, volume, [], FACTS, tmp_path / "page.html")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert (tmp_path / "page.html").stat().st_size > 4e6
    assert peaks[2] < 1.3 * peaks[1]
