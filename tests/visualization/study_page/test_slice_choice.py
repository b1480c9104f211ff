import numpy as np
import pytest

from lidnet_mm.evaluation.lesions import Lesion, SliceBox
from lidnet_mm.visualization.study_page import choose_slices
from lidnet_mm.visualization.study_page.slice_choice import LETTERS_A_SLICE


def lesion(first: int, last: int, score: float) -> Lesion:
    boxes = tuple(SliceBox(index, "x", (0, 0, 9, 9), score) for index in range(first, last + 1))
    return Lesion(boxes, boxes[len(boxes) // 2], None, None, None)


def letters(shown, shape) -> float:
    """Of a page whose images are as large as they may be."""
    pixels = sum(2 * int(np.prod(-(-np.array(shape) // b))) for b in shown.binnings.values())
    return pixels * shown.bytes_a_pixel * 4 / 3 + LETTERS_A_SLICE * len(shown.binnings)


MANY = [lesion(index, index + 1, 0.5) for index in range(0, 1990, 5)]


@pytest.mark.parametrize(
    ("count", "shape", "found"),
    [
        (1, (512, 512), []),
        (48, (512, 512), [lesion(3, 5, 0.9)]),
        (300, (512, 512), [lesion(0, 4, 0.9), lesion(299, 299, 0.4)]),
        (2000, (512, 512), [lesion(1000, 1010, 0.9)]),
        (2000, (512, 512), MANY),
        (400, (2048, 2048), MANY[:50]),
        (3000, (64, 200), []),
    ],
)
def test_page_stays_below_60_mb_and_has_all_key_slices(count, shape, found):
    shown = choose_slices(count, shape, found)
    assert letters(shown, shape) < 60e6
    assert {each.key_slice for each in found} <= set(shown.binnings)
    assert list(shown.binnings) == sorted(shown.binnings)
    assert set(range(0, count, shown.every)) <= set(shown.binnings) <= set(range(count))


def test_all_slices_in_full_where_they_fit():
    shown = choose_slices(90, (512, 512))
    assert shown.binnings == dict.fromkeys(range(90), 1)
    assert (shown.every, shown.coarsest) == (1, 1)


def test_lesions_and_their_neighbours_are_in_full_others_in_means():
    shown = choose_slices(2000, (512, 512), [lesion(1000, 1004, 0.9), lesion(1600, 1600, 0.5)])
    full = {index for index, binning in shown.binnings.items() if binning == 1}
    assert full == {*range(999, 1006), 1599, 1600, 1601}
    assert shown.coarsest == 2
    assert 5 <= shown.every <= 12


def test_best_lesions_are_in_full_where_not_all_fit():
    found = [lesion(10 * at, 10 * at + 8, 0.9 if at == 150 else 0.3) for at in range(200)]
    shown = choose_slices(2000, (512, 512), found)
    assert shown.binnings[1504] == 1
    assert shown.in_full < 60


def test_what_cannot_fit_is_refused():
    with pytest.raises(ValueError, match="raise the score threshold"):
        choose_slices(1000, (512, 512), [lesion(at, at, 0.5) for at in range(1000)], 1.1e6)
