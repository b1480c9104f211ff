"""Derived DICOM series, against PyDICOM, SimpleITK and dciodvfy."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK
from dicom_files import SYNTAXES
from dicom_sources import CHANGES, body, images_by_place, write_source, write_wide

from lidnet_mm.apis.inferencer import LIDInferencer
from lidnet_mm.datasets.readers import DicomVolume
from lidnet_mm.datasets.writers import Derivation, open_writer

DCIODVFY = shutil.which("dciodvfy")
WEIGHTS = hashlib.sha256(b"weights").hexdigest()
DERIVATION = Derivation("test", "1.0", WEIGHTS)
CHANGE = 3.3  # HU

GEOMETRY = ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness")


@pytest.fixture(scope="module")
def identity():
    return LIDInferencer("identity")


def write(source: Path, out: Path, change=0.0) -> Path:
    """A derived series with a known change in HU, its slices in another order; its folder."""
    volume = DicomVolume(source, oblique=True)
    out.mkdir()
    writer = open_writer(volume, out, DERIVATION, "ct")
    for index in np.random.default_rng(1).permutation(volume.num_slices):
        hu = volume.read_slice(int(index))
        writer.write(int(index), hu, np.full(hu.shape, change, np.float32))
    writer.finish()
    return out


def digests(folder: Path) -> dict[str, str]:
    """Content of the images."""
    files = (p for p in folder.rglob("*.dcm") if ".lidnet_mm" not in p.parts)
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


def geometry_by_simpleitk(folder: Path) -> list[tuple]:
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    image = reader.Execute()
    return [image.GetSize(), image.GetSpacing(), image.GetOrigin(), image.GetDirection()]


@pytest.mark.parametrize("name", CHANGES)
def test_identity_gives_the_stored_pixels_at_the_same_place(write_series, tmp_path, identity, name):
    source = write_source(write_series, name)
    identity(source, out_dir=tmp_path / "out")
    before, after = images_by_place(source), images_by_place(tmp_path / "out")
    assert list(before) != [] and before.keys() == after.keys()
    for place, (old, pixels) in before.items():
        new, found = after[place]
        np.testing.assert_array_equal(found, pixels)
        assert found.dtype == pixels.dtype.newbyteorder("=")
        for keyword in (*GEOMETRY, "RescaleSlope", "RescaleIntercept", "BitsStored"):
            assert new.get(keyword) == old.get(keyword), keyword
        assert new.PhotometricInterpretation == old.PhotometricInterpretation
        assert (new.SmallestImagePixelValue, new.LargestImagePixelValue) == (
            pixels.min(),
            pixels.max(),
        )
    for ours, theirs in zip(
        geometry_by_simpleitk(source), geometry_by_simpleitk(tmp_path / "out"), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-3)


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_half_a_stored_step_off_at_most(write_series, tmp_path, name):
    source = write_source(write_series, name)
    before, after = images_by_place(source), images_by_place(write(source, tmp_path / "o", CHANGE))
    for place, (old, pixels) in before.items():
        new, found = after[place]
        slope, intercept = float(old.RescaleSlope), float(old.RescaleIntercept)
        padding = np.zeros(pixels.shape, bool)
        if "padding" in name:
            padding[:3, :5] = True
            np.testing.assert_array_equal(found[padding], pixels[padding])
        largest = (1 << int(old.BitsStored)) - (2 if name == "padding at the top" else 1)
        largest = largest >> int(old.PixelRepresentation)
        wanted = pixels * slope + intercept + CHANGE
        wanted = np.minimum(wanted, largest * slope + intercept)
        error = np.abs(found * float(new.RescaleSlope) + float(new.RescaleIntercept) - wanted)
        assert error[~padding].max() <= slope / 2 + 1e-3


@pytest.mark.parametrize("name", SYNTAXES)
def test_compressed_sources_give_what_the_plain_file_gives(write_series, tmp_path, name):
    plain = write(write_source(write_series, "unsigned"), tmp_path / "plain", CHANGE)
    after = images_by_place(write(write_source(write_series, name), tmp_path / "out", CHANGE))
    for place, (image, pixels) in images_by_place(plain).items():
        other, found = after[place]
        np.testing.assert_array_equal(found, pixels)
        assert other.SOPInstanceUID == image.SOPInstanceUID
        assert other.file_meta.TransferSyntaxUID == image.file_meta.TransferSyntaxUID


@pytest.mark.parametrize("kind", ["integers", "float"])
def test_pixels_of_32_bits_become_whole_hu(write_series, tmp_path, kind):
    out = write(write_wide(tmp_path / "wide", write_series, kind), tmp_path / "out")
    found = np.stack([pixels for _, (_, pixels) in sorted(images_by_place(out).items())])
    np.testing.assert_array_equal(found, body())
    for image, _ in images_by_place(out).values():
        assert (image.BitsStored, image.RescaleSlope, image.RescaleIntercept) == (16, 1, 0)


def test_enhanced_multi_frame_becomes_single_frames(enhanced, save, tmp_path, identity):
    hu = body() // 4 * 4
    dataset = enhanced(hu, order=(2, 0, 4, 1, 3), slopes=(1, 2, 4, 2, 1))
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    path = save(dataset, tmp_path / "in" / "ct.dcm")
    identity(path.parent, out_dir=tmp_path / "out")
    before, after = images_by_place(path.parent), images_by_place(tmp_path / "out")
    assert before.keys() == after.keys() and len(after) == 5
    assert len({image.SOPInstanceUID for image, _ in after.values()}) == 5
    for number, (place, (old, pixels)) in enumerate(before.items(), 1):
        new, found = after[place]
        np.testing.assert_array_equal(found, pixels)
        group = old.PerFrameFunctionalGroupsSequence[number - 1]
        assert new.RescaleSlope == group.PixelValueTransformationSequence[0].RescaleSlope
        assert new.SOPClassUID == pydicom.uid.CTImageStorage
        assert new.ImageType[:3] == ["DERIVED", "SECONDARY", "AXIAL"]
        assert "PerFrameFunctionalGroupsSequence" not in new and "NumberOfFrames" not in new
        assert new.SourceImageSequence[0].ReferencedFrameNumber == number
        assert new.PixelSpacing == [0.5, 0.8] and new.SliceThickness == 3
        assert list(new.ImageOrientationPatient) == [1, 0, 0, 0, 1, 0]


def test_header_says_what_was_done_and_keeps_what_is_still_true(write_series, tmp_path):
    source = write_source(write_series, "signed")
    for path in source.iterdir():
        image = pydicom.dcmread(path)
        block = image.private_block(0x0009, "MAKER", create=True)
        block.add_new(1, "LO", "planted")
        image.LossyImageCompression, image.LossyImageCompressionRatio = "01", 8
        image.LossyImageCompressionMethod = "ISO_10918_1"
        image.add_new("SmallestImagePixelValue", "SS", -5)
        image.add_new("LargestImagePixelValue", "SS", 5)
        image.SeriesDescription = "x" * 64
        image.WindowCenter, image.WindowWidth = [40, -600], [400, 1500]
        image.save_as(path)
    out = write(source, tmp_path / "out", CHANGE)
    before, after = images_by_place(source), images_by_place(out)
    assert len({image.SeriesInstanceUID for image, _ in after.values()}) == 1
    assert len({image.SOPInstanceUID for image, _ in after.values()}) == len(after)
    for place, (old, _) in before.items():
        new, pixels = after[place]
        for keyword in (
            *("PatientID", "StudyInstanceUID", "FrameOfReferenceUID", "StudyDate", "WindowCenter"),
            *("WindowWidth", "LossyImageCompression", "LossyImageCompressionRatio", "KVP"),
            *("LossyImageCompressionMethod", "AcquisitionNumber", "InstanceNumber"),
        ):
            assert new[keyword].value == old[keyword].value, keyword
        assert new.SeriesInstanceUID != old.SeriesInstanceUID
        assert new.ImageType == ["DERIVED", "SECONDARY", "AXIAL"]
        assert "test" in new.SeriesDescription and len(new.SeriesDescription) <= 64
        assert WEIGHTS in new.DerivationDescription
        assert new.DerivationCodeSequence[0].CodeMeaning
        (reference,) = new.SourceImageSequence
        assert reference.ReferencedSOPInstanceUID == old.SOPInstanceUID
        (equipment,) = new.ContributingEquipmentSequence
        assert WEIGHTS in equipment.ContributionDescription
        assert equipment.SoftwareVersions == "1.0"
        assert not any(element.tag.is_private for element in new)
        assert (new.SmallestImagePixelValue, new.LargestImagePixelValue) == (
            pixels.min(),
            pixels.max(),
        )
        assert new.file_meta.MediaStorageSOPInstanceUID == new.SOPInstanceUID


def test_the_same_run_gives_the_same_bytes_and_another_one_other_uids(write_series, tmp_path):
    source = write_source(write_series, "unsigned")
    first = digests(write(source, tmp_path / "first", CHANGE))
    moved = shutil.copytree(source, tmp_path / "elsewhere")
    assert digests(write(moved, tmp_path / "second", CHANGE)) == first
    volume = DicomVolume(source)
    other = open_writer(volume, tmp_path, Derivation("test", "1.0", WEIGHTS, 0.5), "ct")
    ours = open_writer(volume, tmp_path, DERIVATION, "ct")
    assert other.series_uid != ours.series_uid


def test_files_of_one_name_become_series_of_their_own(write_volume, tmp_path, identity):
    """Two patients whose files have one name, one header and voxels in files of their own."""
    for number, name in enumerate(("a", "b")):
        write_volume(body() + np.int16(number), f"in/{name}/ct.mhd")
    identity(tmp_path / "in", out_dir=tmp_path / "out", format="dicom")
    images = [pydicom.dcmread(path) for path in (tmp_path / "out").rglob("*.dcm")]
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID"):
        assert len({image[keyword].value for image in images}) == 2
    assert len({image.SOPInstanceUID for image in images}) == len(images) == 10


def test_words_of_a_big_endian_header_keep_their_value(write_series, tmp_path):
    source = write_source(write_series, "big endian")
    for path in source.iterdir():
        image = pydicom.dcmread(path)
        image.add_new(0x60000010, "US", 16)
        image.add_new(0x60000011, "US", 16)
        image.add_new(0x60003000, "OW", np.arange(16, dtype=">u2").tobytes())
        image.add_new(0x60020010, "US", 20)  # lies in unused bits of the pixels
        item = pydicom.Dataset()
        item.add_new("LUTDescriptor", "US", [4, 0, 16])
        item.add_new("LUTData", "OW", np.arange(4, dtype=">u2").tobytes())
        image.VOILUTSequence = [item]
        pydicom.dcmwrite(path, image)
    for path in write(source, tmp_path / "out").iterdir():
        image = pydicom.dcmread(path)
        assert image.file_meta.TransferSyntaxUID == pydicom.uid.ExplicitVRLittleEndian
        assert image[0x60000010].value == 16
        np.testing.assert_array_equal(np.frombuffer(image[0x60003000].value, "<u2"), range(16))
        assert 0x60020010 not in image
        (item,) = image.VOILUTSequence
        assert list(item.LUTDescriptor) == [4, 0, 16]
        np.testing.assert_array_equal(np.frombuffer(item.LUTData, "<u2"), range(4))


def test_images_without_uids_become_a_series_with_uids(write_series, tmp_path):
    uids = set()
    for number, name in enumerate(("a", "b")):
        source = write_source(write_series, "unsigned").rename(tmp_path / name)
        for path in source.iterdir():
            image = pydicom.dcmread(path)
            for keyword in ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID"):
                del image[keyword]
            image.StudyID = str(number)
            image.save_as(path)
        images = [
            pydicom.dcmread(path) for path in write(source, tmp_path / f"out{name}").iterdir()
        ]
        assert all("SourceImageSequence" not in image for image in images)
        assert len({image.SOPInstanceUID for image in images}) == 5
        uids |= {(image.StudyInstanceUID, image.SeriesInstanceUID) for image in images}
    assert len(uids) == 2


def errors_of(path: Path) -> set[str]:
    """What dciodvfy calls an error."""
    done = subprocess.run([DCIODVFY, "-new", str(path)], capture_output=True, text=True)
    return {line for line in (done.stderr + done.stdout).splitlines() if "Error" in line}


@pytest.mark.skipif(DCIODVFY is None, reason="dciodvfy is not installed (Debian's dicom3tools)")
@pytest.mark.parametrize("name", CHANGES)
def test_dciodvfy_finds_no_new_error(write_series, tmp_path, name):
    source = write_source(write_series, name)
    out = write(source, tmp_path / "out", CHANGE)
    for path in out.iterdir():
        assert errors_of(path) <= errors_of(source / path.name)


@pytest.mark.skipif(DCIODVFY is None, reason="dciodvfy is not installed (Debian's dicom3tools)")
def test_dciodvfy_finds_no_error_in_a_frame_nor_in_another_format(
    enhanced, save, write_volume, tmp_path, identity
):
    dataset = enhanced(body() // 4 * 4, order=(2, 0, 4, 1, 3), slopes=(1, 2, 4, 2, 1))
    dataset.FrameOfReferenceUID, dataset.StudyID, dataset.BodyPartExamined = "1.2.8", "7", "CHEST"
    dataset.PatientPosition = "HFS"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    identity(save(dataset, tmp_path / "in" / "ct.dcm").parent, out_dir=tmp_path / "out")
    identity(write_volume(body()), out_dir=tmp_path / "new", format="dicom")
    for folder in ("out", "new"):
        files = sorted((tmp_path / folder).rglob("*.dcm"))
        assert len(files) == 5
        for path in files:
            assert errors_of(path) == set()


def real_series(real_data: Path) -> list[Path]:
    """Folders of real DICOM series."""
    kinds = ("lidc_series/**/*.dcm", "lung_pet_ct_dx/**/*.dcm")
    return sorted({path.parent for kind in kinds for path in real_data.glob(kind)})


def test_real_series_come_back(real_data, tmp_path, identity):
    folders = real_series(real_data)
    if not folders:
        pytest.skip("no DICOM in the real data")
    for number, source in enumerate(folders):
        out = tmp_path / str(number)
        identity(source, out_dir=out)
        before, after = images_by_place(source), images_by_place(out)
        assert before.keys() == after.keys()
        for place, (old, pixels) in before.items():
            new, found = after[place]
            np.testing.assert_array_equal(found, pixels)
            assert new.PixelSpacing == old.PixelSpacing
            assert (
                new.get("PixelPaddingValue") is None
                or (new.PixelPaddingValue - old.PixelPaddingValue) % 65536 == 0
            )
        for ours, theirs in zip(
            geometry_by_simpleitk(source), geometry_by_simpleitk(out), strict=True
        ):
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-3)
        if DCIODVFY is not None:
            name = next(path.name for path in out.glob("*.dcm"))
            assert errors_of(out / name) <= errors_of(source / name)
