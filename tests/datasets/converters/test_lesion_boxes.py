"""Boxes of connected components, against scikit-image's regionprops."""

import numpy as np
import pytest
from scipy import ndimage
from skimage import measure

from lidnet_mm.datasets.converters.lesion_boxes import LesionBox, lesion_boxes


def as_tuples(boxes):
    return sorted((box.x, box.y, box.width, box.height, box.area) for box in boxes)


@pytest.mark.parametrize("connectivity", [4, 8])
@pytest.mark.parametrize("seed", range(5))
def test_boxes_equal_regionprops(seed, connectivity):
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(90, 120)), 1.2)
    mask = noise > 0.25
    labels = measure.label(mask, connectivity=1 if connectivity == 4 else 2)
    expected = []
    for region in measure.regionprops(labels):
        top, left, bottom, right = region.bbox
        expected.append((left, top, right - left, bottom - top, int(region.area)))
    assert len(expected) > 20
    assert as_tuples(lesion_boxes(mask, connectivity)) == sorted(expected)


def test_right_and_bottom_edge_are_exclusive():
    mask = np.zeros((10, 12))
    mask[2:5, 3:10] = 1
    assert lesion_boxes(mask) == [LesionBox(x=3, y=2, width=7, height=3, area=21)]


def test_pixels_that_touch_at_a_corner_join_only_with_8_neighbours():
    mask = np.eye(2)
    assert len(lesion_boxes(mask, 8)) == 1
    assert len(lesion_boxes(mask, 4)) == 2


def test_labels_that_touch_are_one_lesion():
    assert as_tuples(lesion_boxes(np.array([[1, 2, 0, 0, 7]]))) == [
        (0, 0, 2, 1, 2),
        (4, 0, 1, 1, 1),
    ]


def test_negative_and_zero_are_background():
    assert lesion_boxes(np.array([[-1, 0], [0, 0]])) == []


def test_size_is_the_larger_side_in_mm():
    assert LesionBox(0, 0, width=10, height=3, area=30).size_mm((2.0, 0.5)) == 6.0
    assert LesionBox(0, 0, width=10, height=3, area=30).size_mm((0.5, 2.0)) == 20.0


def test_other_connectivity_is_refused():
    with pytest.raises(ValueError, match="6"):
        lesion_boxes(np.eye(3), 6)
