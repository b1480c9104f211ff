"""A slice is loaded as exact HU, or refused with file, patient, slice and remedy."""

import nibabel
import numpy as np
import pytest
from PIL import Image

from lidnet_mm.datasets.readers import VolumeError
from lidnet_mm.datasets.transforms import LoadCTSlice


def sample(path, index=1, **changes):
    return {"img_path": str(path), "slice_index": index, "patient_id": "case_0001", **changes}


def test_slice_in_hu_with_its_shape(write_volume, hu_volume):
    truth = hu_volume(height=24, width=32)
    path = write_volume(truth, stored="RAS", spacing=(3.0, 0.5, 0.8))
    results = LoadCTSlice().transform(sample(path, 3))
    assert results["img"].dtype == np.float32
    np.testing.assert_array_equal(results["img"], truth[3])
    assert results["img_shape"] == results["ori_shape"] == (24, 32)
    assert (results["height"], results["width"]) == (24, 32)
    assert results["scale_factor"] == (1.0, 1.0)
    np.testing.assert_allclose(results["spacing"], (0.5, 0.8), rtol=1e-6)
    assert results["slice_thickness"] == pytest.approx(3.0)


def test_a_slice_may_have_another_position_in_its_file(write_volume, hu_volume):
    truth = hu_volume()
    results = LoadCTSlice().transform(sample(write_volume(truth), 117, slice_in_file=2))
    np.testing.assert_array_equal(results["img"], truth[2])
    assert results["slice_index"] == 117


def test_stated_thickness_is_kept(write_volume, hu_volume):
    path = write_volume(hu_volume())
    assert LoadCTSlice().transform(sample(path, slice_thickness=5.0))["slice_thickness"] == 5.0


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_is_refused_with_everything_named(tmp_path, value):
    voxels = np.zeros((6, 5, 4), np.float32)
    voxels[2, 3, 1] = value
    path = tmp_path / "holes.nii.gz"
    nibabel.save(nibabel.Nifti1Image(voxels, np.diag([-1, -1, 1, 1])), path)
    LoadCTSlice().transform(sample(path, 0))
    with pytest.raises(
        VolumeError, match=r"Patient case_0001, slice 1 of .*holes\.nii\.gz has 1 pixels.*replace"
    ):
        LoadCTSlice().transform(sample(path, 1))


def test_damaged_volume_is_refused_with_patient_and_slice(write_volume, hu_volume):
    path = write_volume(hu_volume())
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(
        VolumeError, match=r"Patient case_0001, slice 4: .*case_0001\.nii\.gz.*damaged.*again"
    ):
        LoadCTSlice().transform(sample(path, 4))


def test_slice_outside_the_volume_is_refused(write_volume, hu_volume):
    path = write_volume(hu_volume(slices=5))
    with pytest.raises(VolumeError, match=r"Patient case_0001, slice 5: .*slices 0 to 4"):
        LoadCTSlice().transform(sample(path, 5))


@pytest.mark.parametrize(
    "stated", [{"height": 32, "width": 24}, {"spacing": (0.7, 0.9)}, {"spacing": (1.4, 1.4)}]
)
def test_volume_other_than_the_annotated_one_is_refused(write_volume, hu_volume, stated):
    path = write_volume(hu_volume(height=24, width=32))
    with pytest.raises(
        VolumeError, match=r"case_0001, slice 1 of .*nii\.gz: the annotation file states .*again"
    ):
        LoadCTSlice().transform(sample(path, **stated))


def test_spacing_rounded_in_the_annotation_file_is_accepted(write_volume, hu_volume):
    path = write_volume(hu_volume(), spacing=(3.0, 0.68359375, 0.68359375))
    results = LoadCTSlice().transform(sample(path, spacing=(0.6836, 0.6836)))
    assert results["spacing"] == (0.6836, 0.6836)


def test_picture_takes_its_spacing_from_the_annotation_file(tmp_path):
    path = tmp_path / "012.png"
    Image.fromarray(np.full((24, 32), 32768 + 40, np.uint16)).save(path)
    stated = {"spacing": (0.6, 0.7), "slice_thickness": 5.0, "slice_in_file": 0}
    results = LoadCTSlice().transform(sample(path, 12, **stated))
    np.testing.assert_array_equal(results["img"], 40.0)
    assert (results["spacing"], results["slice_thickness"]) == ((0.6, 0.7), 5.0)
    with pytest.raises(VolumeError, match=r"case_0001, slice 12 of .*012\.png: neither .* spacing"):
        LoadCTSlice().transform(sample(path, 12, slice_in_file=0))


@pytest.mark.parametrize("stated", [{"height": 23}, {"width": 33}])
def test_picture_of_another_size_is_refused(tmp_path, stated):
    path = tmp_path / "012.png"
    Image.fromarray(np.full((24, 32), 32768, np.uint16)).save(path)
    with pytest.raises(VolumeError, match=r"012\.png: the annotation file states .*again"):
        LoadCTSlice().transform(sample(path, 0, spacing=(0.6, 0.7), **stated))
