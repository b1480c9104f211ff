"""Pixels inside outlines, compared with shapes whose outer border OpenCV traced."""

import cv2
import numpy as np
import pytest
from scipy import ndimage

from lidnet_mm.datasets.converters.sources.lidc.enclosed_pixels import nodule_pixels
from lidnet_mm.datasets.converters.sources.lidc.lidc_readings import Outline

SHAPE = (60, 80)


def mask_of(*outlines):
    mask = np.zeros(SHAPE, bool)
    mask.flat[nodule_pixels(outlines, SHAPE)] = True
    return mask


def outer_border(mask):
    """The first pixels outside of a mask, in order, as (row, column)."""
    grown = ndimage.binary_dilation(mask).astype(np.uint8)
    ((contour,), _) = cv2.findContours(grown, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return contour[:, 0, ::-1].astype(int)


def blob(seed):
    """A random shape in one piece, without holes and without gaps of one pixel."""
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=SHAPE), 4)
    noise[:3], noise[-3:], noise[:, :3], noise[:, -3:] = (-1,) * 4
    labels, count = ndimage.label(noise > np.quantile(noise, 0.85))
    sizes = ndimage.sum_labels(labels > 0, labels, range(1, count + 1))
    mask = labels == 1 + int(np.argmax(sizes))
    return ndimage.binary_fill_holes(ndimage.binary_closing(mask))


@pytest.mark.parametrize("seed", range(12))
def test_the_nodule_is_what_its_outer_border_encloses(seed):
    mask = blob(seed)
    assert mask.sum() > 50
    points = outer_border(mask)
    assert not mask[tuple(points.T)].any()
    found = mask_of(Outline("1", True, points))
    assert (found == mask).all()


def test_a_closed_line_and_one_without_its_last_point_are_the_same():
    points = outer_border(blob(1))
    closed = np.vstack([points, points[:1]])
    assert (mask_of(Outline("1", True, closed)) == mask_of(Outline("1", True, points))).all()


def test_the_line_of_corners_only_is_outside_too():
    square = np.array([[10, 20], [10, 26], [14, 26], [14, 20]])
    expected = np.zeros(SHAPE, bool)
    expected[11:14, 21:26] = True
    assert (mask_of(Outline("1", True, square)) == expected).all()


def test_a_hole_is_taken_away_with_its_border():
    outer = np.array([[10, 10], [10, 30], [30, 30], [30, 10]])
    hole = np.array([[15, 15], [15, 20], [20, 20], [20, 15]])
    expected = np.zeros(SHAPE, bool)
    expected[11:30, 11:30] = True
    expected[15:21, 15:21] = False
    for outlines in ((outer, hole), (hole, outer)):
        lines = [Outline("1", points is outer, points) for points in outlines]
        assert (mask_of(*lines) == expected).all()


def test_two_pieces_of_one_nodule():
    pieces = [np.array([[r, 10], [r, 14], [r + 4, 14], [r + 4, 10]]) for r in (10, 40)]
    expected = np.zeros(SHAPE, bool)
    expected[11:14, 11:14] = expected[41:44, 11:14] = True
    assert (mask_of(*(Outline("1", True, piece) for piece in pieces)) == expected).all()


@pytest.mark.parametrize("points", [[[5, 5]], [[5, 5], [5, 6]], [[5, 5], [5, 6], [6, 6], [6, 5]]])
def test_lines_around_nothing_enclose_nothing(points):
    assert nodule_pixels([Outline("1", True, np.array(points))], SHAPE).size == 0


def test_a_line_along_the_edge_of_the_image():
    points = np.array([[0, 0], [0, 79], [59, 79], [59, 0]])
    expected = np.zeros(SHAPE, bool)
    expected[1:-1, 1:-1] = True
    assert (mask_of(Outline("1", True, points)) == expected).all()
