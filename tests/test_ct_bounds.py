"""Distances and HU that no CT has."""

import numpy as np
import pytest

from lidnet_mm.ct_bounds import outside_hounsfield, slice_distance_problem, spacing_problem


@pytest.mark.parametrize("spacing", [[0.7, 0.7], (4, 2.0), [0.01, 20], [np.float32(0.5), 1]])
def test_distances_of_a_ct_pass(spacing):
    assert spacing_problem(spacing) == ""


@pytest.mark.parametrize(
    "spacing",
    [
        *([0.7, 0], [-1, 1], [1e30, 1e30], [0.0007, 0.0007], [700, 700], [float("nan"), 1]),
        *([float("inf"), 1], [0.7], [1, 1, 1], "11", None, 0.7, ["0.7", "0.7"], [True, True]),
        [10**400, 1],
    ],
)
def test_other_distances_are_named(spacing):
    assert "0.01 to 20 mm" in spacing_problem(spacing)


@pytest.mark.parametrize("distance", [None, 0.5, 5, 100])
def test_distances_of_slices_pass(distance):
    assert slice_distance_problem(distance) == ""


@pytest.mark.parametrize("distance", [0, -1, 1e30, float("nan"), "5", True, 0.0025])
def test_other_distances_of_slices_are_named(distance):
    assert "0.01 to 100 mm" in slice_distance_problem(distance)


def test_pixels_beyond_what_ct_holds_are_counted():
    image = np.array([[np.nan, np.inf, -np.inf, 32768], [-32769, 1e30, 32767, -32768.0]])
    assert outside_hounsfield(image) == 6
    assert outside_hounsfield(np.array([-3024, 3071], np.int16)) == 0
