import numpy as np
import pytest

from lidnet_mm.visualization.dataset_page.hu_statistics import (
    describe,
    difference_in_body,
    difference_limit,
    inside,
)
from lidnet_mm.visualization.dataset_page.shown_slice import ShownSlice, SliceName

NAME = SliceName("train", "case_0001", "", 0)


def pair(ldct, ndct):
    return ShownSlice(NAME, {"LDCT": ldct, "NDCT": ndct}, (), (1, 1), None)


def test_statistics_of_known_numbers():
    assert describe(np.array([[0.0, 10, 20], [30, 40, 80]])) == pytest.approx(
        (0, 25, 30, np.sqrt(4000 / 6), 80)
    )
    assert describe(np.zeros((0, 3))) is None


def test_difference_counts_the_body_alone():
    ndct = np.array([[-1000.0, 0.0], [40.0, -1000.0]])
    ldct = ndct + np.array([[500, 10], [-10, 500]])
    assert difference_in_body(pair(ldct, ndct)).tolist() == [10, -10]
    assert difference_in_body(ShownSlice(NAME, {"NDCT": ndct}, (), (1, 1), None)) is None


def test_a_box_holds_every_pixel_that_it_touches():
    hu = np.arange(30.0).reshape(5, 6)
    assert inside(hu, (1, 2, 3, 4)).tolist() == [[13, 14], [19, 20]]
    assert inside(hu, (1.5, 2, 2.1, 2.5)).tolist() == [[13, 14]]
    assert inside(hu, (-3, -3, 1, 1)).tolist() == [[0]]
    assert not inside(hu, (7, 0, 9, 2)).size
    assert not inside(hu, (-9, 0, -7, 2)).size


@pytest.mark.parametrize(("deviation", "limit"), [(60, 180), (1, 10), (0, 10)])
def test_differences_are_shown_to_three_deviations(deviation, limit):
    ndct = np.zeros((100, 100))
    noise = np.tile([deviation, -deviation], (100, 50))
    assert difference_limit([pair(ndct + noise, ndct)]) == limit
    assert difference_limit([pair(ndct - 999, ndct - 1000)]) == 10
