"""Boxes of neighbouring slices become lesions by overlap and gap."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slice_stack import Stack, nodule

from lidnet_mm.evaluation.box_joining import JoiningRule, join_boxes
from lidnet_mm.evaluation.lesions import SliceBox

BOX = (10, 10, 20, 20)


def even_stack(slices=12, step=2.0):
    return Stack(np.arange(slices) * step, step)


def slices_of(lesions):
    return sorted(tuple(box.slice_index for box in lesion.boxes) for lesion in lesions)


@pytest.mark.parametrize(
    ("step", "slices", "joined"),
    [
        (1.0, (3, 4), True),
        (10.0, (3, 4), True),  # neighbours, however thick
        (1.0, (3, 6), True),  # two empty slices are 2 mm
        (2.5, (3, 6), True),  # 5 mm
        (10.0, (3, 5), False),  # one empty slice is 10 mm
        (10.0, (3, 6), False),
        (0.5, (3, 7), False),  # 1.5 mm, but three slices without a box
    ],
)
def test_gap_counts_in_slices_and_in_mm(step, slices, joined):
    lesions = join_boxes([nodule(index, BOX) for index in slices], even_stack(step=step))
    assert slices_of(lesions) == ([slices] if joined else [(index,) for index in slices])


def test_a_slice_that_the_series_misses_counts_like_an_empty_one():
    boxes = [nodule(0, BOX), nodule(1, BOX), nodule(2, BOX)]
    lesions = join_boxes(boxes, Stack([0.0, 2.0, 12.0], 2.0))  # 8 mm unseen
    assert slices_of(lesions) == [(0, 1), (2,)]


def test_slices_without_a_place_are_joined_by_their_numbers():
    stack = Stack(np.zeros(9), None, spacing=None)
    boxes = [nodule(index, BOX) for index in (0, 3, 7)]
    assert slices_of(join_boxes(boxes, stack)) == [(0, 3), (7,)]


def test_small_end_of_a_lesion_is_part_of_it():
    boxes = [nodule(0, (14, 14, 17, 17)), nodule(1, BOX)]  # IoU 0.09
    assert slices_of(join_boxes(boxes, even_stack())) == [(0, 1)]
    assert slices_of(join_boxes([nodule(0, (18, 10, 28, 20)), nodule(1, BOX)], even_stack())) == [
        (0,),
        (1,),
    ]


def test_lesions_that_lie_close_stay_apart():
    left = [nodule(index, (10, 10, 20, 20), 0.9) for index in range(4)]
    right = [nodule(index, (15, 10, 25, 20), 0.8) for index in range(4)]  # half in the other
    lesions = join_boxes([*left, *right], even_stack())
    assert [lesion.boxes for lesion in lesions] == [tuple(left), tuple(right)]


@pytest.mark.parametrize("whole", [0, 1])
def test_a_box_above_two_is_joined_to_the_one_that_fits_better(whole):
    parts = [nodule(1 - whole, (10, 10, 14, 20)), nodule(1 - whole, (14, 10, 20, 20))]
    lesions = join_boxes([nodule(whole, BOX), *parts], even_stack())
    assert {lesion.boxes for lesion in lesions} == {
        tuple(sorted((nodule(whole, BOX), parts[1]))),
        (parts[0],),
    }


@pytest.mark.parametrize("whole", [0, 1])
@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (2, 1, 0)])
def test_of_two_that_fit_equally_it_is_always_the_same_one(whole, order):
    halves = [nodule(1 - whole, (10, 10, 15, 20)), nodule(1 - whole, (15, 10, 20, 20))]
    boxes = [nodule(whole, BOX), *halves]
    lesions = join_boxes([boxes[index] for index in order], even_stack())
    assert (halves[1],) in {lesion.boxes for lesion in lesions}


def test_the_neighbouring_slice_is_joined_before_a_better_box_behind_it():
    boxes = [nodule(0, BOX), nodule(1, (12, 12, 20, 20)), nodule(2, BOX)]
    assert slices_of(join_boxes(boxes, even_stack())) == [(0, 1, 2)]


def test_classes_are_not_mixed():
    boxes = [nodule(0, BOX), SliceBox(1, "mass", BOX, 0.5)]
    assert slices_of(join_boxes(boxes, even_stack())) == [(0,), (1,)]


def test_box_on_no_slice_is_refused():
    with pytest.raises(ValueError, match="slice 12, but the volume has slices 0 to 11"):
        join_boxes([nodule(12, BOX)], even_stack())


@pytest.mark.parametrize(
    "limits", [{"min_overlap": 0}, {"min_overlap": 1.1}, {"max_gap_slices": -1}, {"max_gap_mm": -1}]
)
def test_limits_without_sense_are_refused(limits):
    with pytest.raises(ValueError, match=next(iter(limits))):
        JoiningRule(**limits)


edges = st.integers(0, 3)
box_lists = st.lists(
    st.builds(
        lambda index, label, x, y, width, height, score: SliceBox(
            index, label, (x, y, x + width, y + height), score / 4
        ),
        st.integers(0, 4),
        st.sampled_from(("nodule", "nodule", "nodule", "mass")),
        *(edges, edges, st.integers(2, 4), st.integers(2, 4)),
        st.integers(0, 4),
    ),
    max_size=14,
)


@settings(deadline=None)
@given(boxes=box_lists, data=st.data())
def test_every_box_is_in_one_lesion_whatever_the_order_and_direction(boxes, data):
    heights = np.cumsum(data.draw(st.lists(st.sampled_from((2.0, 9.0)), min_size=5, max_size=5)))
    rule = JoiningRule(max_gap_slices=data.draw(st.integers(0, 3)), max_gap_mm=4)
    lesions = join_boxes(boxes, Stack(heights, 2.0), rule)
    assert sorted(box for lesion in lesions for box in lesion.boxes) == sorted(boxes)
    for lesion in lesions:
        indices = [box.slice_index for box in lesion.boxes]
        assert indices == sorted(set(indices))
        assert {box.label for box in lesion.boxes} == {lesion.label}
    parts = sorted(lesion.boxes for lesion in lesions)
    shuffled = join_boxes(data.draw(st.permutations(boxes)), Stack(heights, 2.0), rule)
    assert sorted(lesion.boxes for lesion in shuffled) == parts
    flipped = join_boxes([_flipped(box) for box in boxes], Stack(-heights[::-1], 2.0), rule)
    back = sorted(tuple(map(_flipped, lesion.boxes[::-1])) for lesion in flipped)
    assert back == parts


def _flipped(box):
    return dataclasses.replace(box, slice_index=4 - box.slice_index)
