"""Pictures of a scan as a volume, written by OpenCV."""

import cv2
import numpy as np
import pytest

from lidnet_mm.datasets.converters.sources.deeplesion.png_stack import PngStack
from lidnet_mm.datasets.readers import VolumeError


def write(path, hu):
    cv2.imwrite(str(path), (hu.astype(np.int32) + 32768).astype(np.uint16))
    return path


def test_slices_are_those_of_the_files_in_hu(tmp_path, hu_volume):
    hu = hu_volume(3, 20, 30)
    files = [write(tmp_path / f"{name}.png", hu[i]) for i, name in enumerate("cab")]
    volume = PngStack(tmp_path, files, (0.7, 0.9), 5.0)
    assert (volume.num_slices, volume.slice_shape) == (3, (20, 30))
    assert volume.spacing == pytest.approx((0.7, 0.9))
    assert volume.slice_spacing == pytest.approx(5.0)
    for index in range(3):
        np.testing.assert_array_equal(volume.read_slice(index), hu[index])


def test_distances_are_known_of_a_single_slice_only(tmp_path, hu_volume):
    file = write(tmp_path / "1.png", hu_volume(1)[0])
    assert PngStack(tmp_path, [file], (1, 1), 5.0).uniform
    assert not PngStack(tmp_path, [file, file], (1, 1), 5.0).uniform


def test_pictures_of_two_sizes_are_refused(tmp_path, hu_volume):
    files = [
        write(tmp_path / "1.png", hu_volume(1, 20, 30)[0]),
        write(tmp_path / "2.png", hu_volume(1, 30, 20)[0]),
    ]
    with pytest.raises(VolumeError, match=r"1\.png.*2\.png|\(20, 30\).*\(30, 20\)"):
        PngStack(tmp_path, files, (1, 1), 5.0)
    with pytest.raises(VolumeError, match="none"):
        PngStack(tmp_path, [], (1, 1), 5.0)
