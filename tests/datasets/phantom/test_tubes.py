"""Tubes painted into a volume."""

import numpy as np
import pytest

from lidnet_mm.datasets.phantom.tubes import Grid, Tube, paint_tubes, polyline

GRID = Grid(np.arange(-20, 20.5, 0.5), np.arange(-20, 20.5, 0.5), np.arange(-20, 20.5, 0.5))


def paint(*tubes):
    hu = np.zeros((81, 81, 81))
    paint_tubes(hu, GRID, tubes)
    return hu


@pytest.mark.parametrize("radius", [1.5, 3.0, 6.0])
def test_cross_section_of_a_tube_has_the_area_of_a_circle(radius):
    hu = paint(Tube((1.0, -2.0, -40.0), (1.0, -2.0, 40.0), (radius, radius), 1.0))
    np.testing.assert_allclose(hu.sum(axis=(1, 2)) * 0.25, np.pi * radius**2, rtol=0.03)


def test_a_cone_has_the_area_of_its_radius_at_every_height():
    hu = paint(Tube((0.0, 0.0, -40.0), (0.0, 0.0, 40.0), (2.0, 6.0), 1.0))
    radius = 4 + GRID.z / 20
    np.testing.assert_allclose(hu.sum(axis=(1, 2)) * 0.25, np.pi * radius**2, rtol=0.05)


def test_axes_are_slices_rows_columns():
    hu = paint(Tube((10.0, -5.0, 2.0), (10.0, -5.0, 2.0), (1.0, 1.0), 1.0))
    place = np.argwhere(hu == 1.0).mean(axis=0)
    np.testing.assert_allclose(place * 0.5 - 20, (2.0, -5.0, 10.0))


def test_tubes_outside_the_volume_change_nothing():
    assert not paint(Tube((0, 0, 50), (0, 0, 60), (5, 5), 1.0)).any()
    assert not paint(Tube((90, 0, 0), (99, 0, 0), (5, 5), 1.0)).any()


def test_a_polyline_is_one_connected_tube():
    tubes = polyline([(0, 0, 0), (5, 0, 0), (5, 5, 0)], 3.0, 1.0, 40.0)
    assert [tube.radii for tube in tubes] == [(3.0, 2.0), (2.0, 1.0)]
    assert tubes[0].end == tubes[1].start
