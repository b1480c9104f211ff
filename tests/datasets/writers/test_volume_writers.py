"""Volumes written with a change in HU, against what nibabel, SimpleITK and PyDICOM read."""

from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK
from PIL import Image

from lidnet_mm.datasets.readers import PngFolder, open_volume
from lidnet_mm.datasets.writers import Derivation, WriteError, open_writer

DERIVATION = Derivation("test", "0")
SHAPE = (5, 7, 9)  # slices, rows, columns
LPS = np.array([[0.8, 0, 0, 3], [0, 0.6, 0, -7], [0, 0, 2.5, 11], [0, 0, 0, 1]])


def stored(dtype) -> np.ndarray:
    """(slice, row, column) values that lie inside and outside of the window of the networks."""
    values = np.random.default_rng(1).integers(-3024, 3071, SHAPE)
    return (values + 4000 if np.dtype(dtype).kind == "u" else values).astype(dtype)


def nifti(path: Path, dtype, order=(2, 1, 0), signs=(-1, -1, 1), slope=1.0) -> Path:
    """A NIfTI whose axes are stored in another order or direction."""
    data = stored(dtype)
    affine = np.diag([-1.0, -1, 1, 1]) @ LPS
    axes = [2, 1, 0]  # array axis of the columns, rows and slices
    array = data.transpose(axes)
    for axis, sign in enumerate(signs):
        if (sign > 0) == (axis < 2):
            array = np.flip(array, axis)
            affine[:3, 3] += affine[:3, axis] * (array.shape[axis] - 1)
            affine[:3, axis] *= -1
    permutation = np.argsort(np.argsort(order)) if order != (2, 1, 0) else np.arange(3)
    image = nibabel.Nifti1Image(array.transpose(permutation), affine[:, [*permutation, 3]])
    if slope != 1.0:
        image.header.set_slope_inter(slope, -1024.0)
    image.header["descrip"] = b"Jane Doe"
    nibabel.save(image, path)
    return path


def write(volume, folder: Path, change, suffix=None, order=None) -> list[Path]:
    """Write a volume; the files."""
    folder.mkdir()
    writer = open_writer(volume, folder, DERIVATION, "out", suffix)
    for index in range(volume.num_slices) if order is None else order:
        hu = volume.read_slice(index)
        writer.write(index, hu, np.full(hu.shape, change, np.float32))
    writer.finish()
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    assert sorted(writer.outputs) == [path.relative_to(folder) for path in found]
    return found


@pytest.mark.parametrize("dtype", ["int16", "uint16", "float32", "int32"])
@pytest.mark.parametrize("order", [(2, 1, 0), (1, 2, 0), (0, 1, 2)])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_nifti_without_a_change_holds_the_same_bytes(tmp_path, dtype, order, suffix):
    source = nifti(tmp_path / f"in{suffix}", dtype, order, (1, -1, -1), slope=2.0)
    (out,) = write(open_volume(source), tmp_path / "out", 0.0, order=[3, 0, 4, 1, 2])
    before, after = nibabel.load(source), nibabel.load(out)
    np.testing.assert_array_equal(before.dataobj.get_unscaled(), after.dataobj.get_unscaled())
    np.testing.assert_array_equal(before.affine, after.affine)
    assert after.get_data_dtype() == before.get_data_dtype()
    assert (after.dataobj.slope, after.dataobj.inter) == (
        before.dataobj.slope,
        before.dataobj.inter,
    )
    assert b"Doe" not in after.header.binaryblock


@pytest.mark.parametrize("slope", [1.0, 2.5])
def test_a_change_is_rounded_to_the_nearest_step(tmp_path, slope):
    source = nifti(tmp_path / "in.nii.gz", "int16", slope=slope)
    (out,) = write(open_volume(source), tmp_path / "out", 3.3)
    wanted = nibabel.load(source).get_fdata() + 3.3
    assert np.abs(nibabel.load(out).get_fdata() - wanted).max() <= slope / 2 + 1e-4


def test_what_the_type_cannot_hold_is_set_to_its_limit(tmp_path):
    image = nibabel.Nifti1Image(np.full((4, 4, 2), 32767, np.int16), np.eye(4))
    nibabel.save(image, tmp_path / "in.nii")
    (out,) = write(open_volume(tmp_path / "in.nii"), tmp_path / "out", 10.0)
    assert nibabel.load(out).get_fdata().max() == 32767


@pytest.mark.parametrize("suffix", [".mha", ".mhd", ".nrrd", ".nhdr"])
@pytest.mark.parametrize("dtype", ["int16", "uint16", "float32"])
def test_metaimage_and_nrrd_by_simpleitk(tmp_path, suffix, dtype):
    image = SimpleITK.GetImageFromArray(stored(dtype))
    image.SetSpacing((0.8, 0.6, 2.5))
    image.SetOrigin((3.0, -7.0, 11.0))
    image.SetDirection((-1, 0, 0, 0, 1, 0, 0, 0, -1))
    source = tmp_path / f"in{suffix}"
    SimpleITK.WriteImage(image, str(source))
    files = write(open_volume(source), tmp_path / "out", 0.0)
    after = SimpleITK.ReadImage(str(next(path for path in files if path.suffix == suffix)))
    np.testing.assert_array_equal(
        SimpleITK.GetArrayFromImage(image), SimpleITK.GetArrayFromImage(after)
    )
    for name in ("GetSpacing", "GetOrigin", "GetDirection"):
        np.testing.assert_allclose(getattr(after, name)(), getattr(image, name)(), atol=1e-9)


@pytest.mark.parametrize("suffix", [".dcm", ".nrrd", ".mha"])
def test_other_formats_keep_geometry_and_hu(tmp_path, suffix):
    source = nifti(tmp_path / "in.nii.gz", "int16", signs=(1, 1, -1))
    files = write(open_volume(source), tmp_path / "out", 0.4, suffix)
    reference = SimpleITK.ReadImage(str(source))
    if suffix == ".dcm":
        reader = SimpleITK.ImageSeriesReader()
        folder = str(files[0].parent)
        reader.SetFileNames(reader.GetGDCMSeriesFileNames(folder))
        after = reader.Execute()
    else:
        after = SimpleITK.ReadImage(str(files[0]))
    for voxel in [(0, 0, 0), (8, 6, 4), (3, 2, 1)]:
        place = reference.TransformIndexToPhysicalPoint(voxel)
        there = after.TransformPhysicalPointToIndex(place)
        np.testing.assert_allclose(
            after.TransformIndexToPhysicalPoint(there), place, rtol=0, atol=1e-3
        )
        assert after[there] == round(reference[voxel] + 0.4)


def test_pictures(tmp_path):
    (tmp_path / "in").mkdir()
    values = stored("int16").clip(-1024, 3000)
    for index, plane in enumerate(values):
        picture = (plane.astype(np.int32) + 32768).astype(np.uint16)
        Image.fromarray(picture).save(tmp_path / "in" / f"{index}.png")
    volume = PngFolder(tmp_path / "in", sorted((tmp_path / "in").iterdir()))
    files = write(volume, tmp_path / "out", 1.6)
    assert [path.name for path in files] == [path.name for path in volume.files]
    found = np.stack([np.asarray(Image.open(path)).astype(int) - 32768 for path in files])
    np.testing.assert_array_equal(found, values + 2)


def test_pictures_have_no_place_for_dicom(tmp_path):
    Image.fromarray(np.zeros((8, 8), np.uint16)).save(tmp_path / "0.png")
    volume = PngFolder(tmp_path, [tmp_path / "0.png"])
    with pytest.raises(WriteError, match="does not tell where its voxels lie"):
        write(volume, tmp_path / "out", 0.0, ".dcm")


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
def test_a_series_that_lacks_a_slice_is_no_single_file(write_series, tmp_path, suffix):
    """Such a file states one distance: the slices behind the gap would lie somewhere else."""
    source = write_series(np.zeros((4, 8, 8), np.int16), heights=[0, 2.5, 7.5, 10])
    with pytest.raises(WriteError, match=r"not evenly spaced.*choose the format dicom"):
        write(open_volume(source), tmp_path / "out", 0.0, suffix)
    assert not list((tmp_path / "out").iterdir())
    assert len(write(open_volume(source), tmp_path / "dicom", 0.0, ".dcm")) == 4
