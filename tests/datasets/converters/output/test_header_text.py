"""Copies of volumes without the texts of their headers."""

import gzip

import nibabel as nib
import numpy as np
import pytest
import SimpleITK

from lidnet_mm.datasets.converters.output.header_text import copy_without_header_text

SECRET = b"DOE^JANE"


def write_named(path, kind=nib.Nifti1Image, dtype=np.int16, slope=None):
    rng = np.random.default_rng(0)
    stored = rng.integers(0, 2000, (7, 6, 5)).astype(dtype)
    image = kind(stored, np.diag([-0.7, -0.8, 3.0, 1.0]))
    for field in ("descrip", "aux_file", "intent_name", "db_name"):
        if field in image.header.keys():  # noqa: SIM118
            image.header[field] = SECRET
    image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", SECRET))
    if slope is not None:
        image.header.set_slope_inter(*slope)
        image = kind(stored * slope[0] + slope[1], image.affine, image.header)
        image.header.set_slope_inter(*slope)
    nib.save(image, path)


def content(path):
    return gzip.open(path).read() if path.suffix == ".gz" else path.read_bytes()


@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_texts_go_and_voxels_stay(tmp_path, kind, suffix):
    source, target = tmp_path / f"DOE{suffix}", tmp_path / f"case{suffix}"
    write_named(source, kind)
    assert SECRET in content(source)
    copy_without_header_text(source, target)
    assert SECRET not in content(target)
    assert b"DOE" not in target.read_bytes()
    before, after = nib.load(source), nib.load(target)
    np.testing.assert_array_equal(np.asarray(after.dataobj), np.asarray(before.dataobj))
    np.testing.assert_array_equal(after.affine, before.affine)
    assert after.get_data_dtype() == before.get_data_dtype()


def test_slope_and_intercept_stay_and_another_reader_agrees(tmp_path):
    source, target = tmp_path / "a.nii.gz", tmp_path / "b.nii.gz"
    write_named(source, slope=(0.5, -1024.0))
    copy_without_header_text(source, target)
    header = nib.load(target).dataobj
    assert (header.slope, header.inter) == (0.5, -1024.0)
    before, after = (
        SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(p))) for p in (source, target)
    )
    assert before.min() < -1000
    np.testing.assert_array_equal(after, before)


def test_big_endian_volumes_stay_readable(tmp_path):
    source, target = tmp_path / "a.nii", tmp_path / "b.nii"
    image = nib.Nifti1Image(np.arange(60, dtype=">i2").reshape(3, 4, 5), np.eye(4))
    header = image.header.as_byteswapped(">")
    nib.Nifti1Image(image.dataobj, None, header).to_filename(source)
    copy_without_header_text(source, target)
    np.testing.assert_array_equal(np.asarray(nib.load(target).dataobj), np.asarray(image.dataobj))
