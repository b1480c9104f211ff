"""Nodules of several readers: who drew the same one, and where they agree."""

import itertools

import numpy as np
import pytest

from lidnet_mm.datasets.converters.sources.lidc.reader_consensus import (
    DrawnNodule,
    SliceGrid,
    consensus_boxes,
    group_nodules,
)

ROWS, COLUMNS = 50, 70
GRID = SliceGrid(COLUMNS, (0.5, 0.8), [0.0, 2.0, 4.0, 6.0])


def square(reader, rows, columns, slices=(0,), grade=None):
    """A nodule of the same rectangle on several slices."""
    mask = np.zeros((ROWS, COLUMNS), bool)
    mask[slice(*rows), slice(*columns)] = True
    return DrawnNodule(reader, {index: np.flatnonzero(mask) for index in slices}, grade)


def readers(groups):
    return [sorted(nodule.reader for nodule in group) for group in groups]


def test_nodules_that_overlap_are_one_and_others_are_not():
    nodules = [
        square(0, (5, 10), (5, 10)),
        square(1, (7, 12), (7, 12)),
        square(2, (5, 10), (40, 45)),
        square(3, (7, 12), (7, 12), slices=(3,)),
    ]
    assert readers(group_nodules(nodules, GRID, 0.0)) == [[0, 1], [2], [3]]


@pytest.mark.parametrize(
    ("rows", "columns", "slices", "distance"),
    [
        ((5, 10), (14, 19), (0,), 5 * 0.8),  # columns 9 and 14
        ((15, 20), (5, 10), (0,), 6 * 0.5),  # rows 9 and 15
        ((5, 10), (5, 10), (1,), 2.0),  # the next slice
        ((12, 17), (13, 18), (1,), float(np.sqrt(1.5**2 + 3.2**2 + 2.0**2))),
    ],
)
def test_the_distance_is_that_of_the_nearest_pixels_in_mm(rows, columns, slices, distance):
    nodules = [square(0, (5, 10), (5, 10)), square(1, rows, columns, slices)]
    assert len(group_nodules(nodules, GRID, distance + 1e-6)) == 1
    assert len(group_nodules(nodules, GRID, distance - 1e-6)) == 2


def test_neighbours_that_everybody_drew_stay_two():
    nodules = [
        square(reader, (5 + reader % 2, 12), columns)
        for reader in range(4)
        for columns in ((5, 12), (12, 19))
    ]
    groups = group_nodules(nodules, GRID, 5.0)
    assert readers(groups) == [[0, 1, 2, 3]] * 2
    for group in groups:
        assert len({int(nodule.pixels[0].min() % COLUMNS) for nodule in group}) == 1


def test_a_reader_who_drew_two_pieces_counts_once():
    whole = [square(reader, (5, 12), (5, 25)) for reader in (0, 1)]
    pieces = [square(2, (5, 12), (5, 8)), square(2, (5, 12), (9, 25))]
    groups = group_nodules([*whole, *pieces], GRID, 2.0)
    assert readers(groups) == [[0, 1, 2], [2]]
    assert max(nodule.size for nodule in groups[0] if nodule.reader == 2) == 7 * 16


def test_the_order_of_nodules_is_without_effect():
    nodules = [
        square(0, (5, 12), (5, 12), (1, 2)),
        square(1, (6, 12), (6, 12), (2,)),
        square(2, (6, 13), (10, 16), (2, 3)),
        square(3, (20, 25), (5, 12), (0,)),
    ]
    found = {
        frozenset(
            frozenset(nodule.reader for nodule in group)
            for group in group_nodules(order, GRID, 2.0)
        )
        for order in itertools.permutations(nodules)
    }
    assert found == {frozenset([frozenset([0, 1, 2]), frozenset([3])])}


def test_without_nodules_there_are_no_groups():
    assert group_nodules([], GRID, 2.0) == []


def box(found):
    return (found.x, found.y, found.width, found.height, found.area)


def test_half_and_union_are_those_of_the_stacked_masks():
    rng = np.random.default_rng(0)
    for readers_here in (1, 2, 3, 4):
        group, masks = [], []
        for reader in range(readers_here):
            mask = np.zeros((4, ROWS, COLUMNS), bool)
            for index in range(4):
                top, left, height, width = (rng.integers(5, 20) for _ in range(4))
                mask[index, top : top + height, left : left + width] = rng.random() < 0.8
            mask[0, 10, 10] = True
            masks.append(mask)
            pixels = {i: np.flatnonzero(plane) for i, plane in enumerate(mask) if plane.any()}
            group.append(DrawnNodule(reader, pixels))
        for outline, agreed in (
            ("half", np.mean(masks, axis=0) >= 0.5),
            ("union", np.any(masks, axis=0)),
        ):
            expected = {}
            for index, plane in enumerate(agreed):
                rows, columns = np.nonzero(plane)
                if len(rows):
                    size = np.ptp(columns) + 1, np.ptp(rows) + 1
                    expected[index] = (columns.min(), rows.min(), *size, plane.sum())
            boxes = consensus_boxes(group, COLUMNS, outline)
            assert {index: box(found) for index, found in boxes.items()} == expected


def test_the_mean_is_that_of_edges_where_half_of_the_readers_drew():
    group = [
        square(0, (5, 11), (10, 20), (0, 1)),
        square(1, (6, 12), (10, 21), (0,)),
        square(2, (8, 12), (13, 20), (0, 2)),
        square(3, (5, 12), (11, 20), (0, 1)),
    ]
    boxes = consensus_boxes(group, COLUMNS, "mean")
    assert set(boxes) == {0, 1}  # one of four drew on slice 2
    assert box(boxes[0]) == (11.0, 6.0, 9.25, 5.75, (60 + 66 + 28 + 63) / 4)
    assert box(boxes[1]) == (10.5, 5.0, 9.5, 6.5, (60 + 63) / 2)
