"""Coverage of voxels against the closed forms of a sphere."""

from dataclasses import replace

import numpy as np
import pytest

from lidnet_mm.datasets.nodules.grid import Grid
from lidnet_mm.datasets.nodules.nodule import Nodule
from lidnet_mm.datasets.nodules.partial_volume import cover_voxels

RADIUS = 5.0


def sphere(centre, radius=RADIUS, **changes):
    """A nodule without lobes."""
    nodule = Nodule(
        centre=centre,
        half_axes=(radius,) * 3,
        rotation=np.eye(3),
        lobes=np.zeros((0, 3)),
        heights=np.zeros(0),
        widths=np.zeros(0),
        kind="solid",
        margin="smooth",
        hu=30.0,
    )
    return replace(nodule, **changes)


@pytest.mark.parametrize("spacing", [(1.25, 0.7, 0.7), (3.0, 0.6, 0.9)])
def test_the_parts_of_all_voxels_are_the_volume(spacing):
    grid = Grid.of_volume((20, 60, 60), spacing)
    coverage = cover_voxels(sphere((20.3, 19.9, 14.1)), grid, spacing[0])
    volume = coverage.fraction.sum() * np.prod(spacing)
    assert volume == pytest.approx(4 / 3 * np.pi * RADIUS**3, rel=0.01)
    assert coverage.fraction.max() == 1.0
    inside = coverage.mask().sum() * np.prod(spacing)
    assert inside == pytest.approx(volume, rel=0.06)


def test_a_slice_thicker_than_the_nodule_averages_it():
    thickness, pixel = 18.0, 0.5
    grid = Grid.of_volume((1, 80, 80), (thickness, pixel, pixel))
    centre = (20.0, 20.0, 0.4)
    coverage = cover_voxels(sphere(centre), grid, thickness)
    rows, columns = coverage.box[1:]
    off = np.hypot(grid.y[rows, None] - 20.0, grid.x[None, columns] - 20.0)
    chord = 2 * np.sqrt(np.clip(RADIUS**2 - off**2, 0, None)) / thickness
    smooth = off < RADIUS - 1.0
    np.testing.assert_allclose(coverage.fraction[0][smooth], chord[smooth], atol=0.035)
    assert coverage.fraction.max() == pytest.approx(2 * RADIUS / thickness, abs=0.02)
    outline = RADIUS * np.sqrt(0.75)
    assert coverage.mask()[0][off < outline - 0.4].all()
    assert not coverage.mask()[0][off > outline + 0.4].any()


def test_a_slice_takes_what_lies_within_its_thickness_only():
    grid = Grid.of_volume((5, 60, 60), (4.0, 0.7, 0.7))
    coverage = cover_voxels(sphere((20.0, 20.0, 8.0), radius=3.0), grid, thickness=2.0)
    assert coverage.box[0] == slice(1, 4) or coverage.fraction.any(axis=(1, 2)).sum() == 1
    height = 3.0 - 1.0
    cap = np.pi * height**2 * (3 * 3.0 - height) / 3
    inside = coverage.fraction.sum() * 2.0 * 0.7 * 0.7
    assert inside == pytest.approx(4 / 3 * np.pi * 27 - 2 * cap, rel=0.02)


def test_nothing_where_no_slice_is_touched():
    grid = Grid.of_volume((3, 60, 60), (2.0, 0.7, 0.7))
    assert cover_voxels(sphere((20.0, 20.0, 30.0)), grid, 2.0) is None
    assert cover_voxels(sphere((200.0, 20.0, 2.0)), grid, 2.0) is None


def test_ground_glass_thins_out_and_a_core_is_a_smaller_body():
    grid = Grid.of_volume((30, 60, 60), (0.7, 0.7, 0.7))
    nodule = sphere((20.0, 20.0, 10.0), kind="part_solid", core=0.5)
    coverage = cover_voxels(nodule, grid, 0.7)
    ratio = coverage.core.sum() / coverage.fraction.sum()
    assert ratio == pytest.approx(0.5**3, rel=0.03)
    assert 0.6 < coverage.density.sum() / coverage.fraction.sum() < 0.95
    assert coverage.density.max() == 1.0
