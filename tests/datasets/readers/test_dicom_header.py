"""Files with and without preamble and meta group, and files that would hang or fill the memory."""

import os
import zlib

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from lidnet_mm.datasets.readers import VolumeError, dicom_header, open_volume
from lidnet_mm.datasets.readers.dicom_error import NotASliceError
from lidnet_mm.datasets.readers.dicom_slice import read_dicom_slices


@pytest.fixture
def one(write_series, hu_volume):
    """A file of one slice."""
    return next(write_series(hu_volume(slices=1)).iterdir())


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian]
)
@pytest.mark.parametrize("name", ["1.dcm", "no suffix"])
def test_a_data_set_without_preamble_and_meta_group_is_read(one, hu_volume, syntax, name):
    dataset = dcmread(one)
    little = syntax != ExplicitVRBigEndian
    dataset.PixelData = dataset.pixel_array.astype("<u2" if little else ">u2").tobytes()
    bare = Dataset()
    bare.update(dataset)
    path = one.parent.parent / name
    bare.save_as(path, implicit_vr=syntax == ImplicitVRLittleEndian, little_endian=little)
    assert b"DICM" not in path.read_bytes()
    volume = open_volume(path)
    np.testing.assert_array_equal(volume.read_slice(0), hu_volume(slices=1)[0])
    assert volume.slices[0].transfer_syntax == syntax


def test_a_meta_group_without_preamble_is_read(one, hu_volume):
    one.write_bytes(one.read_bytes()[132:])
    np.testing.assert_array_equal(open_volume(one).read_slice(0), hu_volume(slices=1)[0])


def test_compressed_pixels_without_a_transfer_syntax_are_refused_by_what_is_missing(one):
    dataset = dcmread(one)
    dataset.compress(RLELossless)
    del dataset.file_meta, dataset.preamble
    dataset.save_as(one, implicit_vr=False, little_endian=True)
    with pytest.raises(VolumeError, match=r"no TransferSyntaxUID .* compressed") as caught:
        read_dicom_slices(one)
    assert "damaged" not in str(caught.value)


@pytest.mark.parametrize(
    "content", [b"", b"\x08\x00", b"GIF89a" * 99, bytes(999), b"\x93NUMPY\1\0"]
)
def test_what_is_no_dicom_is_told_from_what_is_damaged(tmp_path, content):
    (tmp_path / "notes").write_bytes(content)
    with pytest.raises(NotASliceError, match="notes is no DICOM file"):
        read_dicom_slices(tmp_path / "notes")
    (tmp_path / "notes").rename(tmp_path / "notes.dcm")
    with pytest.raises(VolumeError, match="damaged or incomplete"):
        read_dicom_slices(tmp_path / "notes.dcm")


def test_a_deflated_file_that_grows_beyond_all_measure_is_refused(
    write_series, hu_volume, monkeypatch
):
    folder = write_series(hu_volume(slices=1), syntax=DeflatedExplicitVRLittleEndian)
    path = next(folder.iterdir())
    assert len(read_dicom_slices(path)) == 1
    monkeypatch.setattr(dicom_header, "LARGEST_INFLATED", 1 << 20)
    pack = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    head = path.read_bytes()
    start = 132 + 12 + int.from_bytes(head[140:144], "little")
    path.write_bytes(head[:start] + pack.compress(bytes(1 << 22)) + pack.flush())
    with pytest.raises(VolumeError, match="inflated it is larger"):
        read_dicom_slices(path)


@pytest.mark.parametrize("name", ["p.dcm", "p.nii.gz", "p.mhd", "p.nrrd", "p.png", "p"])
def test_a_pipe_is_refused_whatever_its_name(tmp_path, name):
    os.mkfifo(tmp_path / name)
    with pytest.raises(VolumeError, match="no regular file but a pipe"):
        open_volume(tmp_path / name)
    with pytest.raises(VolumeError, match="no regular file"):
        read_dicom_slices(tmp_path / name)


@pytest.mark.parametrize("error", [MemoryError, OverflowError, RecursionError])
def test_an_error_of_any_kind_in_a_file_ends_that_file(one, monkeypatch, error):
    def fail(*_args, **_options):
        raise error("too much")

    monkeypatch.setattr(dicom_header, "read_partial", fail)
    with pytest.raises(VolumeError, match="too much"):
        read_dicom_slices(one)
