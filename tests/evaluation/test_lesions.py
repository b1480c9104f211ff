"""Measures of lesions against closed forms."""

import numpy as np
import pytest
from slice_stack import Stack, nodule

from lidnet_mm.evaluation.lesions import SliceBox, boxes_of_slice, measure_lesion


def test_box_of_one_pixel_has_its_middle_where_the_voxel_is():
    lesion = measure_lesion([nodule(2, (3, 7, 4, 8))], Stack([0, 2, 5], 2.0))
    assert lesion.centre_mm == pytest.approx((-20 + 3 * 0.8, 30 + 7 * 0.5, 5))
    assert lesion.diameter_mm == pytest.approx(0.8)
    assert lesion.extent_mm == pytest.approx(2.0)


def test_measures_use_the_real_heights_and_the_longer_side_in_mm():
    stack = Stack([-100, -98, -96, -91, -89], 2.0)
    boxes = [
        nodule(3, (10, 20, 20, 30), 0.9),  # 8 mm wide, 5 mm high
        nodule(1, (10, 20, 18, 37), 0.4),  # 6.4 mm wide, 8.5 mm high: more pixels, and longer
        nodule(2, (11, 20, 19, 30), 0.7),
    ]
    lesion = measure_lesion(boxes, stack)
    assert (lesion.first_slice, lesion.last_slice, lesion.key_slice) == (1, 3, 1)
    assert (lesion.label, lesion.score) == ("nodule", 0.9)
    assert lesion.diameter_mm == pytest.approx(8.5)
    assert lesion.extent_mm == pytest.approx(7 + 2)
    areas = np.array([100, 136, 80])
    columns, rows = np.array([14.5, 13.5, 14.5]), np.array([24.5, 28.0, 24.5])
    truth = [
        np.average(values, weights=areas)
        for values in (-20 + 0.8 * columns, 30 + 0.5 * rows, np.array([-91, -98, -96]))
    ]
    assert lesion.centre_mm == pytest.approx(truth)


def test_volume_without_a_place_gives_pixels_only():
    lesion = measure_lesion(
        [nodule(0, (0, 0, 5, 9)), nodule(1, (0, 0, 8, 4))], Stack([0, 1], None, spacing=None)
    )
    assert lesion.key_slice == 0
    assert (lesion.centre_mm, lesion.diameter_mm, lesion.extent_mm) == (None, None, None)


def test_extent_of_a_single_slice_of_unknown_thickness_is_unknown():
    lesion = measure_lesion([nodule(0, (0, 0, 5, 9))], Stack([7], None))
    assert lesion.extent_mm is None
    assert lesion.diameter_mm == pytest.approx(4.5)


def test_detected_boxes_are_named_and_cut_at_the_border():
    found = boxes_of_slice(
        4,
        np.array([[-3, 2, 10, 300], [500, 1, 700, 2], [5, 5, 5, 9]], np.float32),
        np.array([0.5, 0.25, 0.9], np.float32),
        np.array([1, 0, 0]),
        ("nodule", "mass"),
        (200, 512),
    )
    assert found == [
        SliceBox(4, "mass", (0, 2, 10, 200), 0.5),
        SliceBox(4, "nodule", (500, 1, 512, 2), 0.25),
    ]
    assert boxes_of_slice(0, np.empty((0, 4)), np.empty(0), np.empty(0), (), (9, 9)) == []


@pytest.mark.parametrize(
    ("box", "score", "label", "message"),
    [
        ((0, 0, np.nan, 1), 0.5, 0, "slice 7: .*not finite"),
        ((0, 0, 1, 1), 1.5, 0, "slice 7: .*outside 0 to 1"),
        ((0, 0, 1, 1), np.nan, 0, "slice 7: .*outside 0 to 1"),
        ((0, 0, 1, 1), 0.5, 1, "slice 7: .*class 1, but only 1"),
        ((0, 0, 1, 1), (0.5, 0.5), 0, "1 boxes, 2 scores and 1 labels"),
    ],
)
def test_damaged_detections_are_refused(box, score, label, message):
    with pytest.raises(ValueError, match=message):
        boxes_of_slice(7, [box], score, label, ("nodule",), (9, 9))
