"""Headers that claim more voxels than their file can hold, in each type of file."""

import gzip
import struct
import zlib

import nibabel
import numpy as np
import pytest

from lidnet_mm.datasets.readers import VolumeError, open_volume
from lidnet_mm.datasets.readers.claimed_size import check_claimed_size

HUGE = (30000, 4000, 30000)


def nifti(shape, kind=nibabel.Nifti1Image):
    """A header that claims a shape, and a few voxels."""
    content = bytearray(kind(np.zeros((4, 4, 3), np.int16), np.diag([-1, -1, 3, 1])).to_bytes())
    place, form = (40, "<4h") if kind is nibabel.Nifti1Image else (16, "<4q")
    content[place : place + struct.calcsize(form)] = struct.pack(form, 3, *shape)
    return bytes(content)


def png(width, height):
    """A picture that claims a size, of a few bytes."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 16, 0, 0, 0, 0)
    head = struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    data = b"IDAT" + zlib.compress(b"\0" * 100)
    tail = struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))
    return b"\x89PNG\r\n\x1a\n" + head + tail


def meta(shape, compressed):
    """A MetaImage that claims a shape."""
    packed = "CompressedData = True\n" if compressed else ""
    return (
        "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n"
        f"{packed}DimSize = {' '.join(map(str, shape))}\nElementSpacing = 1 1 3\n"
        "ElementType = MET_SHORT\nElementDataFile = LOCAL\n"
    ).encode() + bytes(64)


def nrrd(shape, encoding):
    """An NRRD that claims a shape."""
    return (
        "NRRD0004\ntype: short\ndimension: 3\nspace: left-posterior-superior\n"
        f"sizes: {' '.join(map(str, shape))}\nspace directions: (1,0,0) (0,1,0) (0,0,3)\n"
        f"endian: little\nencoding: {encoding}\nspace origin: (0,0,0)\n\n"
    ).encode() + bytes(64)


FILES = {
    "case.nii": nifti(HUGE),
    "case.nii.gz": gzip.compress(nifti(HUGE)),
    "case2.nii": nifti((4, 4, 1 << 61), nibabel.Nifti2Image),
    "case2.nii.gz": gzip.compress(nifti((1 << 40, 4, 3), nibabel.Nifti2Image)),
    "case.png": png(2**31 - 1, 2**31 - 1),
    "small.png": png(9000, 9000),
    "case.mha": meta(HUGE, False),
    "packed.mha": meta(HUGE, True),
    "raw.nrrd": nrrd(HUGE, "raw"),
    "packed.nrrd": nrrd(HUGE, "gzip"),
    "bzip.nrrd": nrrd(HUGE, "bzip2"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_size_that_no_file_can_hold_is_refused_at_opening(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(FILES[name])
    with pytest.raises(VolumeError, match=rf"Cannot read .*{name}.*again"):
        open_volume(path)


def test_more_data_than_the_header_claims_is_not_unpacked(tmp_path):
    path = tmp_path / "bomb.nii.gz"
    path.write_bytes(gzip.compress(nifti((4, 4, 3)) + bytes(64 << 20)))
    with pytest.raises(VolumeError, match=r"bomb.*goes on behind the last voxel"):
        open_volume(path).read_slice(0)


def test_what_is_read_as_a_whole_has_a_largest_size(tmp_path):
    check_claimed_size(tmp_path, (512, 512, 4096), 4, whole=True)
    check_claimed_size(tmp_path, (1024, 1024, 4096), 2)
    with pytest.raises(VolumeError, match=r"at most 4 GiB; convert it to \.nii"):
        check_claimed_size(tmp_path, (1024, 1024, 4096), 2, whole=True)


@pytest.mark.parametrize("shape", [(512, 512, 0), (512, 512, -3), (40000, 20, 20), (20000, 20000)])
def test_a_size_that_is_no_ct_is_refused(tmp_path, shape):
    with pytest.raises(VolumeError, match="no size of a CT"):
        check_claimed_size(tmp_path, shape, 2)
