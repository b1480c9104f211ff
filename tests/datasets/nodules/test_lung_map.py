"""Vessels and distances of a drawn slice."""

import numpy as np
import pytest

from lidnet_mm.datasets.nodules.lung_map import map_lungs


def place(image, pixel, x, y):
    """Row and column of a place in mm from the middle."""
    return tuple(round(v / pixel + (len(image) - 1) / 2) for v in (y, x))


def test_a_vessel_is_found_and_distances_are_in_millimetres(thorax, pixel):
    image, lungs = thorax(vessels=[((-75.0, 0.0), 4.0)])
    found = map_lungs(image[None], (5.0, pixel, pixel))
    assert found.vessels[0][place(image, pixel, -75, 0)]
    area = (found.vessels & (found.depth > 4)).sum() * pixel**2
    assert area == pytest.approx(np.pi * 4.3**2, rel=0.35)
    row, column = place(image, pixel, -75, 30)
    assert found.gap[0, row, column] == pytest.approx(30 - 4, abs=1.5)
    row, column = place(image, pixel, 75, 0)
    assert found.depth[0, row, column] == pytest.approx(52, abs=2)
    assert (found.depth[0][~lungs] < 3).all()


def test_no_vessels_are_far_away(thorax, pixel):
    image, _ = thorax()
    found = map_lungs(image[None], (5.0, pixel, pixel))
    inner = found.depth[0] > 4
    assert not found.vessels[0][inner].any()
    assert found.gap[0][found.depth[0] > 40].min() > 30


def test_noise_is_no_vessel(thorax, pixel):
    image, _ = thorax(noise=60.0)
    found = map_lungs(image[None], (5.0, pixel, pixel))
    assert not (found.vessels & (found.depth > 4)).any()


def test_distances_go_through_slices(thorax, pixel):
    plain, _ = thorax()
    with_vessel, _ = thorax(vessels=[((-75.0, 0.0), 4.0)])
    volume = np.stack([plain, plain, plain, with_vessel])
    found = map_lungs(volume, (5.0, pixel, pixel))
    row, column = place(plain, pixel, -75, 0)
    assert found.gap[:, row, column] == pytest.approx([15, 10, 5, 0], abs=0.5)
