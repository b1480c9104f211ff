"""Voxels changed in memory lie where the file's lie."""

import numpy as np
import pytest

from lidnet_mm.datasets.nodules.changed_volume import ChangedVolume
from lidnet_mm.datasets.readers import open_volume


@pytest.mark.parametrize("stored", ["LPS", "RAS", "SLP", "ARI"])
def test_slices_and_their_places_are_those_of_the_source(write_volume, hu_volume, stored):
    array = hu_volume()
    source = open_volume(write_volume(array, stored=stored))
    changed = ChangedVolume(source, array + np.int16(1), "with nodules")
    assert (changed.num_slices, changed.slice_shape) == (5, (24, 32))
    assert changed.spacing == pytest.approx(source.spacing)
    assert changed.slice_spacing == pytest.approx(source.slice_spacing)
    for index in (0, 4):
        np.testing.assert_array_equal(changed.read_slice(index), array[index] + 1.0)
        np.testing.assert_allclose(
            changed.voxel_position(index, 3, 30), source.voxel_position(index, 3, 30), atol=1e-4
        )


def test_its_path_is_no_file(write_volume, hu_volume):
    array = hu_volume()
    source = open_volume(write_volume(array))
    changed = ChangedVolume(source, array, "with nodules")
    assert not changed.path.exists()
    assert changed.path.parent == source.path.parent
    assert changed.files == ()


def test_another_shape_is_refused(write_volume, hu_volume):
    source = open_volume(write_volume(hu_volume()))
    with pytest.raises(ValueError, match="shape"):
        ChangedVolume(source, hu_volume(slices=4), "with nodules")
