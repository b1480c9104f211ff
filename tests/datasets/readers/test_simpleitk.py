"""MetaImage and NRRD: the same slices as SimpleITK's, in any axis order, and every bad file."""

import os
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from lidnet_mm.datasets.readers import OpenVolumes, SimpleITKVolume, VolumeError

STREAMED = ("mhd", "mha")
WHOLE = ("nrrd", "nhdr", "compressed.mhd", "compressed.mha", "compressed.nrrd", "compressed.nhdr")


@pytest.fixture
def write(write_volume):
    """Function that writes HU with SimpleITK; 'compressed' in a name compresses."""

    def write_image(truth, name="a b/Ångström.mhd", stored="LPS", **geometry) -> Path:
        source = write_volume(truth, "source.nii", stored, **geometry)
        path = source.parent / name
        path.parent.mkdir(exist_ok=True)
        SimpleITK.WriteImage(SimpleITK.ReadImage(str(source)), str(path), "compressed" in name)
        return path

    return write_image


@pytest.mark.parametrize("suffix", [*STREAMED, *WHOLE])
@pytest.mark.parametrize("stored", ["LPS", "RAI", "PSL", "SAR"])
def test_slices_in_display_order(write, hu_volume, suffix, stored):
    truth = hu_volume(slices=4, height=5, width=6)
    volume = SimpleITKVolume(write(truth, f"case.{suffix}", stored, spacing=(3.0, 0.5, 0.8)))
    assert (volume.num_slices, volume.slice_shape) == (4, (5, 6))
    assert volume.spacing == pytest.approx((0.5, 0.8))
    assert volume.slice_spacing == pytest.approx(3.0)
    for index in (2, 0, 3):
        np.testing.assert_array_equal(volume.read_slice(index), truth[index])
        position = (-20.0, 30.0, -400.0 + 3.0 * index)
        np.testing.assert_allclose(volume.slice_position(index), position, atol=1e-4)
    corner = (-20.0 + 5 * 0.8, 30.0 + 4 * 0.5, -400.0 + 3 * 3.0)
    np.testing.assert_allclose(volume.voxel_position(3, 4, 5), corner, atol=1e-4)


@pytest.mark.parametrize("suffix", [*STREAMED, *WHOLE])
def test_only_what_cannot_be_read_by_slice_stays_in_memory(write, hu_volume, suffix):
    truth = hu_volume()
    volume = SimpleITKVolume(write(truth, f"case.{suffix}"))
    assert volume.resident_bytes == 0
    volume.read_slice(3)
    assert volume.resident_bytes == (0 if suffix in STREAMED else truth.nbytes)


def test_sagittal_meta_image_stays_in_memory(write, hu_volume):
    truth = hu_volume()
    volume = SimpleITKVolume(write(truth, stored="PSL"))
    volume.read_slice(0)
    assert volume.resident_bytes == truth.nbytes


def test_slice_comes_from_the_file_alone(write, hu_volume):
    """A slice is read although the rest of the voxels is spoilt: nothing else was read."""
    truth = hu_volume(slices=6)
    path = write(truth, "case.mhd")
    raw = path.with_suffix(".raw")
    volume = SimpleITKVolume(path)
    spoilt = np.zeros_like(truth)
    spoilt[4] = truth[4]
    raw.write_bytes(spoilt.tobytes())
    np.testing.assert_array_equal(volume.read_slice(4), truth[4])
    np.testing.assert_array_equal(volume.read_slice(3), 0)


def test_floats_stay_floats(tmp_path):
    truth = np.random.default_rng(0).normal(0, 100, (3, 4, 5)).astype(np.float32)
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(truth), str(tmp_path / "a.mha"))
    np.testing.assert_array_equal(SimpleITKVolume(tmp_path / "a.mha").read_slice(1), truth[1])


def test_ascii_and_listed_meta_images(tmp_path, hu_volume):
    truth = hu_volume(slices=2, height=3, width=4)
    header = "ObjectType = Image\nNDims = 3\nDimSize = 4 3 2\nElementType = MET_SHORT\n"
    text = tmp_path / "text.mha"
    numbers = " ".join(map(str, truth.ravel()))
    text.write_text(f"{header}BinaryData = False\nElementDataFile = LOCAL\n{numbers}\n")
    listed = tmp_path / "listed.mhd"
    listed.write_text(f"{header}BinaryData = True\nElementDataFile = LIST\n0.raw\n1.raw\n")
    for index, plane in enumerate(truth):
        (tmp_path / f"{index}.raw").write_bytes(plane.tobytes())
    for path in (text, listed):
        volume = SimpleITKVolume(path)
        np.testing.assert_array_equal([volume.read_slice(i) for i in (0, 1)], truth)


def test_nrrd_without_space_is_told(tmp_path, hu_volume, warnings_logged):
    truth = hu_volume(slices=2, height=3, width=4)
    path = tmp_path / "plain.nrrd"
    fields = "type: short\ndimension: 3\nsizes: 4 3 2\nencoding: raw\nendian: little\n"
    path.write_bytes(f"NRRD0004\n{fields}\n".encode() + truth.tobytes())
    np.testing.assert_array_equal(SimpleITKVolume(path).read_slice(1), truth[1])
    assert "plain.nrrd states no space" in warnings_logged()


def test_real_nifti_written_as_nrrd_equals_simpleitk(real_data, tmp_path):
    sources = sorted(real_data.glob("sts/*/CT_image.nii.gz"))[:1]
    if not sources:
        pytest.skip("no NIfTI volumes in the real data")
    image = SimpleITK.ReadImage(str(sources[0]))
    truth = SimpleITK.GetArrayFromImage(SimpleITK.DICOMOrient(image, "LPS"))
    for name in ("real.nrrd", "real.mhd"):
        SimpleITK.WriteImage(image, str(tmp_path / name))
        volume = SimpleITKVolume(tmp_path / name)
        for index in range(0, volume.num_slices, 9):
            np.testing.assert_array_equal(volume.read_slice(index), truth[index])


@pytest.mark.parametrize("suffix", ["mhd", "compressed.mhd", "nhdr"])
def test_missing_voxels_are_named(write, hu_volume, suffix):
    path = write(hu_volume(), f"case.{suffix}")
    (data_file,) = (file for file in path.parent.glob("case*raw*"))
    data_file.unlink()
    with pytest.raises(VolumeError, match=rf"{path.name}.*{data_file.name}, does not exist"):
        SimpleITKVolume(path)


@pytest.mark.parametrize("suffix", STREAMED)
def test_voxels_cut_short_are_refused_at_opening(write, hu_volume, suffix):
    path = write(hu_volume(), f"case.{suffix}")
    data_file = path.with_suffix(".raw") if suffix == "mhd" else path
    data_file.write_bytes(data_file.read_bytes()[:-2])
    with pytest.raises(VolumeError, match=rf"{data_file.name} is incomplete, 7680 .* 7678 found"):
        SimpleITKVolume(path)


@pytest.mark.parametrize("suffix", ["compressed.mha", "nrrd", "compressed.nrrd"])
def test_voxels_cut_short_are_refused_at_the_first_slice(write, hu_volume, suffix):
    path = write(hu_volume(), f"case.{suffix}")
    path.write_bytes(path.read_bytes()[:-3000])
    raw = rf"{path.name} is incomplete, 7680 bytes"  # known at opening already
    with pytest.raises(VolumeError, match=rf"({path.name}: its voxels are damaged|{raw}).*again"):
        SimpleITKVolume(path).read_slice(0)


@pytest.mark.parametrize("suffix", ["mhd", "mha", "nrrd", "nhdr"])
def test_what_is_no_such_file_is_refused(tmp_path, suffix):
    path = tmp_path / f"case.{suffix}"
    path.write_bytes(b"no header at all\n" * 9)
    with pytest.raises(VolumeError, match=rf"header of .*{path.name}.*convert it again"):
        SimpleITKVolume(path)
    with pytest.raises(FileNotFoundError, match="gone"):
        SimpleITKVolume(tmp_path / f"gone.{suffix}")


def test_other_shapes_and_types_are_refused(tmp_path):
    images = {
        "flat": SimpleITK.Image(4, 5, SimpleITK.sitkInt16),
        "time": SimpleITK.Image([4, 5, 6, 2], SimpleITK.sitkInt16),
        "colour": SimpleITK.Image([4, 5, 6], SimpleITK.sitkVectorUInt8, 3),
    }
    for (name, image), problem in zip(
        images.items(), ("not that of one 3-D", "split it", "vector of"), strict=True
    ):
        path = tmp_path / f"{name}.nrrd"
        SimpleITK.WriteImage(image, str(path))
        with pytest.raises(VolumeError, match=rf"{path.name}.*{problem}"):
            SimpleITKVolume(path)


def test_oblique_volume_is_refused(tmp_path):
    image = SimpleITK.Image([4, 5, 6], SimpleITK.sitkInt16)
    cos, sin = float(np.cos(np.radians(8))), float(np.sin(np.radians(8)))
    image.SetDirection([1, 0, 0, 0, cos, -sin, 0, sin, cos])
    SimpleITK.WriteImage(image, str(tmp_path / "tilted.mha"))
    with pytest.raises(VolumeError, match=r"tilted\.mha.*oblique: 8\.0 degrees"):
        SimpleITKVolume(tmp_path / "tilted.mha")


@pytest.mark.parametrize("suffix", ["mhd", "compressed.nhdr"])
def test_new_voxels_under_an_old_header_are_read_again(write, hu_volume, suffix):
    path = write(hu_volume(seed=0), f"case.{suffix}")
    volumes = OpenVolumes()
    before = volumes.open(path)
    before.read_slice(1)
    header, state = path.read_bytes(), path.stat()
    write(hu_volume(seed=1), f"case.{suffix}")
    path.write_bytes(header)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    np.testing.assert_array_equal(volumes.open(path).read_slice(1), hu_volume(seed=1)[1])
    assert volumes.open(path) is not before
    assert len(volumes) == 1
