"""Spheres cut by slices, against SimpleITK's geometry and closed forms."""

import math

import numpy as np
import pytest
import SimpleITK

from lidnet_mm.datasets.converters.sources.luna16.sphere_boxes import continuous_index, sphere_boxes
from lidnet_mm.datasets.readers import open_volume

STORED = ["LPS", "RPS", "LAS", "LPI", "RAI", "RAS", "PIR"]
SPACING = (1.5, 0.8, 0.6)


@pytest.mark.parametrize("stored", STORED)
def test_a_point_is_where_simpleitk_finds_it(write_volume, stored):
    array = np.zeros((6, 20, 30), np.int16)
    path = write_volume(array, stored=stored, spacing=SPACING)
    image = SimpleITK.DICOMOrient(SimpleITK.ReadImage(str(path)), "LPS")
    for point in ((-15.3, 41.7, -395.2), (-20.0, 30.0, -400.0), (9.0, 30.0, -380.0)):
        column, row, slice_ = image.TransformPhysicalPointToContinuousIndex(point)
        found = continuous_index(open_volume(path), np.array(point))
        assert found == pytest.approx([slice_, row, column], abs=1e-4)


@pytest.mark.parametrize("stored", STORED)
def test_a_ball_in_the_volume_lies_exactly_in_the_boxes(write_volume, stored):
    shape, origin, centre, diameter = (
        (14, 40, 50),
        (-20.0, 30.0, -400.0),
        (-5.4, 46.9, -389.3),
        13.0,
    )
    grid = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    world = grid[..., ::-1] * SPACING[::-1] + origin
    ball = np.linalg.norm(world - centre, axis=-1) < diameter / 2
    path = write_volume(ball.astype(np.int16), stored=stored, spacing=SPACING)
    volume = open_volume(path)
    boxes = sphere_boxes(volume, np.array(centre), diameter)
    painted = [index for index in range(shape[0]) if volume.read_slice(index).any()]
    assert list(boxes) == painted == [3, 4, 5, 6, 7, 8, 9, 10, 11]
    for index, box in boxes.items():
        rows, columns = np.nonzero(volume.read_slice(index))
        # the centres of the outermost voxels are inside, those of the next ones are not
        assert box.x < columns.min() + 0.5 < box.x + 1.05
        assert box.x + box.width - 1.05 < columns.max() + 0.5 < box.x + box.width
        assert box.y < rows.min() + 0.5 < box.y + 1.05
        assert box.y + box.height - 1.05 < rows.max() + 0.5 < box.y + box.height
        assert box.area == pytest.approx(len(rows), abs=12)


def test_the_circle_of_a_slice_has_the_radius_of_pythagoras(write_volume):
    path = write_volume(np.zeros((9, 20, 30), np.int16), spacing=(3.0, 0.5, 2.0))
    volume = open_volume(path)
    boxes = sphere_boxes(volume, volume.voxel_position(4, 11, 7), 10.0)
    assert list(boxes) == [3, 4, 5]
    middle, side = boxes[4], boxes[5]
    assert (middle.x, middle.y) == pytest.approx((7.5 - 2.5, 11.5 - 10.0), abs=1e-4)
    assert (middle.width, middle.height) == pytest.approx((5.0, 20.0), abs=1e-4)
    assert (side.width, side.height) == pytest.approx((4.0, 16.0), abs=1e-4)
    assert side.area == pytest.approx(math.pi * 2 * 8, abs=1e-3)
    assert side.size_mm(volume.spacing) == pytest.approx(8.0, abs=1e-4)
    assert side.attributes == {"diameter_mm": 10.0}


@pytest.mark.parametrize(("height", "slices"), [(0.5, []), (0.2, [0]), (-0.2, [0]), (-1.0, [])])
def test_a_small_sphere_may_lie_between_or_below_the_slices(write_volume, height, slices):
    volume = open_volume(write_volume(np.zeros((3, 20, 30), np.int16), spacing=(3.0, 1.0, 1.0)))
    centre = volume.voxel_position(0, 10, 10) + np.array([0.0, 0.0, 3.0 * height])
    assert list(sphere_boxes(volume, centre, 2.0)) == slices
