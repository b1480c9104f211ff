"""Slices come in display order whatever the order of the axes in the file."""

import itertools

import nibabel
import numpy as np
import pytest
import SimpleITK

from lidnet_mm.datasets.readers import NiftiVolume, VolumeError

ALL_ORDERS = [
    "".join(letters)
    for axes in itertools.permutations(("LR", "PA", "SI"))
    for letters in itertools.product(*axes)
]


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("stored", ALL_ORDERS)
def test_slices_in_display_order_from_any_stored_order(write_volume, hu_volume, stored, suffix):
    truth = hu_volume(slices=4, height=5, width=6)
    path = write_volume(truth, f"case{suffix}", stored, (3.0, 0.5, 0.8), (-20.0, 30.0, -400.0))
    volume = NiftiVolume(path)
    assert (volume.num_slices, volume.slice_shape) == (4, (5, 6))
    np.testing.assert_allclose(volume.spacing, (0.5, 0.8), rtol=1e-6)
    assert volume.slice_spacing == pytest.approx(3.0)
    for index in (2, 0, 3, 1):
        slice_ = volume.read_slice(index)
        assert slice_.dtype == np.float32
        assert slice_.flags.c_contiguous
        np.testing.assert_array_equal(slice_, truth[index])
        position = (-20.0, 30.0, -400.0 + 3.0 * index)
        np.testing.assert_allclose(volume.slice_position(index), position, atol=1e-4)
    corner = (-20.0 + 5 * 0.8, 30.0 + 4 * 0.5, -400.0 + 3 * 3.0)
    np.testing.assert_allclose(volume.voxel_position(3, 4, 5), corner, atol=1e-4)


def real_volumes(real_data):
    """A few real volumes: one of them with many slices, the others single slices."""
    paths = sorted(real_data.glob("sts/*/CT_image.nii.gz"))[::8]
    paths += sorted(real_data.glob("chest_slices/*.nii.gz"))[::26]
    if not paths:
        pytest.skip("no NIfTI volumes in the real data")
    return paths


def test_real_volumes_equal_simpleitk_in_lps(real_data):
    for path in real_volumes(real_data):
        image = SimpleITK.DICOMOrient(SimpleITK.ReadImage(str(path)), "LPS")
        volume = NiftiVolume(path)
        truth = SimpleITK.GetArrayFromImage(image)
        assert (volume.num_slices, *volume.slice_shape) == truth.shape
        column, row, slice_ = image.GetSpacing()
        np.testing.assert_allclose((*volume.spacing, volume.slice_spacing), (row, column, slice_))
        for index in range(0, volume.num_slices, 7):
            np.testing.assert_array_equal(volume.read_slice(index), truth[index])
            np.testing.assert_allclose(
                volume.slice_position(index),
                image.TransformIndexToPhysicalPoint([0, 0, index]),
                atol=1e-3,
            )


@pytest.mark.parametrize("stored", ["RAS", "PIR", "SAL", "ASR"])
def test_real_volume_stored_in_another_order_gives_the_same_slices(real_data, tmp_path, stored):
    source = real_volumes(real_data)[0]
    image = nibabel.load(source)
    turn = nibabel.orientations.ornt_transform(
        nibabel.io_orientation(image.affine), nibabel.orientations.axcodes2ornt(stored)
    )
    nibabel.save(image.as_reoriented(turn), tmp_path / "turned.nii.gz")
    first, turned = NiftiVolume(source), NiftiVolume(tmp_path / "turned.nii.gz")
    truth = SimpleITK.GetArrayFromImage(
        SimpleITK.DICOMOrient(SimpleITK.ReadImage(str(source)), "LPS")
    )
    assert turned.num_slices == len(truth)
    for index in range(0, len(truth), 9):
        np.testing.assert_array_equal(turned.read_slice(index), truth[index])
        np.testing.assert_allclose(
            turned.slice_position(index), first.slice_position(index), atol=1e-3
        )


def tilted(degrees: float) -> np.ndarray:
    """Affine of 0.7 × 0.7 × 3 mm voxels whose gantry is tilted."""
    angle = np.radians(degrees)
    turn = np.array(
        [[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]]
    )
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag([-0.7, -0.7, 3.0])
    return affine


def test_oblique_volume_is_refused_with_the_angle(tmp_path, hu_volume):
    path = tmp_path / "tilted.nii.gz"
    nibabel.save(nibabel.Nifti1Image(hu_volume(), tilted(5.0)), path)
    with pytest.raises(VolumeError, match=r"tilted\.nii\.gz.*oblique: 5\.0 degrees.*resample"):
        NiftiVolume(path)


def test_hardly_tilted_volume_is_read(tmp_path, hu_volume):
    path = tmp_path / "straight.nii.gz"
    nibabel.save(nibabel.Nifti1Image(hu_volume(), tilted(1.0)), path)
    volume = NiftiVolume(path)
    np.testing.assert_allclose(volume.spacing, (0.7, 0.7), rtol=1e-6)


def test_singular_affine_is_refused(tmp_path, hu_volume):
    affine = np.diag([-0.7, -0.7, 3.0, 1.0])
    affine[0] = affine[1]
    image = nibabel.Nifti1Image(hu_volume(), None)
    image.header.set_sform(affine, code=1)
    path = tmp_path / "flat.nii"
    with path.open("wb") as stream:
        image.header.write_to(stream)
        stream.write(bytes(4) + hu_volume().tobytes())
    with pytest.raises(VolumeError, match=r"flat\.nii.*singular"):
        NiftiVolume(path)


@pytest.mark.parametrize("index", [-1, 5])
def test_slice_outside_the_volume_is_refused(write_volume, hu_volume, index):
    volume = NiftiVolume(write_volume(hu_volume(slices=5)))
    with pytest.raises(IndexError, match=rf"case_0001.*slices 0 to 4, not {index}"):
        volume.read_slice(index)
