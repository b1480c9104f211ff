"""What is wrong with a DICOM series is told with its files and a remedy."""

import re
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.pixels import get_decoder
from pydicom.uid import HTJ2KLossless

from lidnet_mm.datasets.readers import DicomVolume, VolumeError


def rewrite(path: Path, save, **elements) -> Path:
    """Change elements of a file, None to delete one."""
    dataset = dcmread(path)
    for keyword, value in elements.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    return save(dataset, path, dataset.file_meta.TransferSyntaxUID)


def refused(source, *patterns: str) -> str:
    """The message with which a volume is refused at opening, its patterns in this order."""
    with pytest.raises(VolumeError, match=r"(?s)" + ".*".join(patterns)) as caught:
        DicomVolume(source)
    return str(caught.value)


@pytest.fixture
def series(write_series, hu_volume) -> Path:
    """Folder of five slices."""
    return write_series(hu_volume(slices=5))


@pytest.fixture
def one(series) -> Path:
    """One of its files."""
    return sorted(series.iterdir())[2]


def test_missing_folder_and_empty_list(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        DicomVolume(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match=r"gone\.dcm"):
        DicomVolume([tmp_path / "gone.dcm"])
    refused([], "at least one file")


def test_empty_folder(tmp_path):
    refused(tmp_path, re.escape(str(tmp_path)), "no axial CT slice", "no file in it")


def test_folder_of_folders(series):
    refused(series.parent, "no axial CT slice", "sub-folders are not searched")


def test_other_modality(series, save):
    for path in series.iterdir():
        rewrite(path, save, Modality="PT")
    message = refused(series, "no axial CT slice", "is PT, not CT", "and 2 more files")
    assert message.count("PT") == 3


def test_localizer_alone(one, save):
    rewrite(one, save, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    refused(one, re.escape(one.name), "localizer")


def test_several_series(series, write_series, hu_volume):
    write_series(hu_volume(slices=2), series="1.2.3.9")
    refused(series, re.escape(str(series)), "2 series", "1.2.3.4, 1.2.3.9", "folder of its own")


def test_object_that_comes_twice(series, one, save):
    copy = one.with_name("copy.dcm")
    copy.write_bytes(one.read_bytes())
    refused(series, re.escape(str(one)), re.escape(str(copy)), "SOPInstanceUID", "delete")


def test_two_slices_at_one_place(series, one, save):
    copy = one.with_name("copy.dcm")
    copy.write_bytes(one.read_bytes())
    rewrite(copy, save, SOPInstanceUID="1.2.3.4.5.6")
    message = refused(series, "lie at one place", "keep one")
    assert str(one) in message
    assert str(copy) in message


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("PixelSpacing", [0.5, 0.81]),
        ("ImageOrientationPatient", [1, 0, 0, 0, 0.999, 0.04]),
        ("ImageOrientationPatient", [-1, 0, 0, 0, 1, 0]),
    ],
)
def test_slices_of_different_grids(series, one, save, keyword, value):
    rewrite(one, save, **{keyword: value})
    refused(series, re.escape(str(one)), f"differ in {keyword}", "folder of their own")


def test_slices_of_different_shape(series, one, save):
    dataset = dcmread(one)
    rewrite(one, save, Rows=dataset.Rows // 2, PixelData=dataset.PixelData[: 12 * 32 * 2])
    refused(series, re.escape(str(one)), "differ in shape", r"\(24, 32\) and \(12, 32\)")


def test_slice_beside_the_stack(series, one, save):
    x, y, z = dcmread(one).ImagePositionPatient
    rewrite(one, save, ImagePositionPatient=[x + 2.0, y, z])
    refused(series, re.escape(str(one)), r"shifted by 2\.00 mm")


@pytest.mark.parametrize("kind", ["tilted planes", "slanted stack"])
def test_gantry_tilt(series, save, kind):
    angle = np.radians(10.0)
    for path in series.iterdir():
        x, y, z = dcmread(path).ImagePositionPatient
        if kind == "tilted planes":
            turned = [1, 0, 0, 0, np.cos(angle).round(8), -np.sin(angle).round(8)]
            rewrite(path, save, ImageOrientationPatient=turned)
        else:
            shifted = [x, round(y + np.tan(angle) * (z + 400), 6), z]
            rewrite(path, save, ImagePositionPatient=shifted)
    refused(series, re.escape(str(series)), r"oblique: 10\.0 degrees", "resample")


def test_coronal_series(series, save):
    for path in series.iterdir():
        x, y, z = dcmread(path).ImagePositionPatient
        place = [x, y + z, 0.0]
        orientation = [1, 0, 0, 0, 0, -1]
        rewrite(path, save, ImagePositionPatient=place, ImageOrientationPatient=orientation)
    refused(series, "sagittal or coronal", "axial series")


@pytest.mark.parametrize(
    ("elements", "problem"),
    [
        ({"PixelData": None}, "without pixel data"),
        ({"ImagePositionPatient": None}, "states no ImagePositionPatient"),
        ({"ImageOrientationPatient": None}, "states no ImageOrientationPatient"),
        ({"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]}, "not two directions at right angles"),
        ({"PixelSpacing": None}, "states no PixelSpacing"),
        ({"PixelSpacing": [0.0, 0.8]}, r"PixelSpacing \(0\.0, 0\.8\) mm .* above 0"),
        ({"RescaleSlope": 0}, "RescaleSlope 0 must be"),
        ({"SamplesPerPixel": 3}, "colour picture"),
        ({"NumberOfFrames": 2}, "2 frames but places 1"),
    ],
)
def test_slice_that_cannot_be_used(one, save, elements, problem):
    rewrite(one, save, **elements)
    refused(one, re.escape(str(one)), problem)


def test_multi_frame_object_that_places_too_few_frames(enhanced, save, hu_volume, tmp_path):
    dataset = enhanced(hu_volume(slices=3), order=(0, 1, 2), slopes=(1, 1, 1))
    del dataset.PerFrameFunctionalGroupsSequence[1]
    path = save(dataset, tmp_path / "enhanced.dcm")
    refused(path, r"enhanced\.dcm", "3 frames but places 2")


@pytest.mark.parametrize("content", [b"", b"not DICOM" * 40])
def test_damaged_file_is_not_skipped(series, one, content):
    one.write_bytes(content)
    refused(series, re.escape(str(one)), "copy it again")


@pytest.mark.parametrize("size", [0, 135, 150, 200, 300, 500, 700])
def test_file_cut_short_in_its_header(series, one, size):
    assert size < one.read_bytes().index(b"\xe0\x7f\x10\x00")
    one.write_bytes(one.read_bytes()[:size])
    refused(series, re.escape(str(one)), "again")


def test_pixels_cut_short_are_told_with_slice_and_file(series, one):
    one.write_bytes(one.read_bytes()[:-100])
    volume = DicomVolume(series)
    index = volume.slice_files.index(one)
    with pytest.raises(
        VolumeError, match=rf"slice {index} of .*{re.escape(str(one))} are damaged.*copy it again"
    ):
        volume.read_slice(index)
    volume.read_slice((index + 1) % 5)


def test_slice_outside_the_series(series):
    with pytest.raises(IndexError, match="slices 0 to 4, not 5"):
        DicomVolume(series).read_slice(5)


def test_missing_decoder_names_what_to_install(one):
    if get_decoder(HTJ2KLossless).is_available:
        pytest.skip("this environment decodes high-throughput JPEG 2000")
    relabel(one, HTJ2KLossless)
    refused(one, re.escape(str(one)), "High-Throughput JPEG 2000", "install", "pylibjpeg-openjpeg")


def test_encoding_that_no_package_decodes(one):
    relabel(one, "1.2.840.10008.1.2.4.100")
    refused(one, re.escape(str(one)), "MPEG2", "decompress")


def relabel(path: Path, syntax: str) -> None:
    """State another transfer syntax without changing the pixels."""
    dataset = dcmread(path)
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    dataset.PixelData = b"\xfe\xff\x00\xe0\0\0\0\0\xfe\xff\x00\xe0\4\0\0\0abcd"
    dataset.save_as(path)
