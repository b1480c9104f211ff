"""Plane shapes, by their areas."""

import numpy as np
import pytest

from lidnet_mm.datasets.phantom.shapes import capsule, circle, cover, ellipse, paint, smooth_union

VOXEL = 0.25
AXIS = np.arange(-30, 30, VOXEL)
X, Y = AXIS[None, :], AXIS[:, None]


def area(distance):
    return cover(distance, VOXEL).sum() * VOXEL**2


@pytest.mark.parametrize(
    ("distance", "expected"),
    [
        (circle(X, Y, (3.0, -2.0), 7.3), np.pi * 7.3**2),
        (ellipse(X, Y, (1.0, 2.0), (18.0, 5.0), 0.7), np.pi * 18 * 5),
        (capsule(X, Y, (-8.0, -6.0), (8.0, 6.0), 3.0), 2 * 3 * 20 + np.pi * 9),
    ],
)
def test_areas(distance, expected):
    assert area(distance) == pytest.approx(expected, rel=0.005)


def test_an_ellipse_points_along_its_angle():
    inside = ellipse(X, Y, (0.0, 0.0), (15.0, 3.0), np.pi / 4) < 0
    rows, columns = np.nonzero(inside)
    assert np.corrcoef(rows, columns)[0, 1] > 0.8


def test_a_smooth_union_holds_both_and_only_fills_the_notch():
    first, second = circle(X, Y, (-6, 0), 7), circle(X, Y, (6, 0), 7)
    joined = smooth_union(first, second, 4.0)
    assert (joined <= np.minimum(first, second)).all()
    np.testing.assert_allclose(joined, np.minimum(first, second), atol=1.0)


def test_painting_mixes_at_the_edge():
    hu = np.full((1, 4), -1000.0)
    paint(hu, np.array([[-5.0, 0.0, 0.1, 5.0]]), 40.0, 0.4)
    np.testing.assert_allclose(hu, [[40.0, -480.0, -740.0, -1000.0]])
