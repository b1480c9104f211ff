"""A 16-bit grey picture is a slice of HU without spacing or place."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from lidnet_mm.datasets.readers import PngVolume, VolumeError, open_volume


def chunk(name: bytes, content: bytes) -> bytes:
    """A chunk of a PNG file (ISO/IEC 15948, section 5.3)."""
    return (
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
    )


def png_bytes(values: np.ndarray, bits: int = 16, colour: int = 0) -> bytes:
    """A PNG file, written from the standard and not by the library that reads it."""
    header = struct.pack(">IIBBBBB", *values.shape[1::-1], bits, colour, 0, 0, 0)
    rows = b"".join(b"\0" + row.tobytes() for row in values.astype(f">u{bits // 8}"))
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.fixture
def path(tmp_path):
    """Where the picture is."""
    (tmp_path / "Ordner mit Ä").mkdir()
    return tmp_path / "Ordner mit Ä" / "012.png"


def test_hu_is_value_minus_32768(path):
    values = np.array([[0, 31744, 32768, 32808], [33768, 35839, 65535, 1]], np.uint16)
    path.write_bytes(png_bytes(values))
    volume = open_volume(path)
    assert isinstance(volume, PngVolume)
    assert (volume.num_slices, volume.slice_shape) == (1, (2, 4))
    slice_ = volume.read_slice(0)
    assert slice_.dtype == np.float32
    np.testing.assert_array_equal(slice_, [[-32768, -1024, 0, 40], [1000, 3071, 32767, -32767]])


def test_geometry_is_not_known(path):
    path.write_bytes(png_bytes(np.zeros((3, 4))))
    volume = PngVolume(path)
    assert (volume.spacing, volume.slice_spacing) == (None, None)
    for place in (lambda: volume.slice_position(0), lambda: volume.voxel_position(0, 1, 1)):
        with pytest.raises(VolumeError, match=r"012\.png does not tell where.*\.nii\.gz"):
            place()
    with pytest.raises(IndexError, match="slices 0 to 0, not 1"):
        volume.read_slice(1)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("L", "grey with 8"), ("1", "grey with 1"), ("RGB", "colour with 8"), ("P", "palette")],
)
def test_picture_that_holds_no_hu_is_refused(path, mode, kind):
    Image.new("L", (8, 6), 100).convert(mode).save(path)
    with pytest.raises(VolumeError, match=rf"012\.png.*{kind}.*not grey with 16.*original CT"):
        PngVolume(path)


def test_colour_with_16_bits_is_refused(path):
    path.write_bytes(png_bytes(np.zeros((3, 4, 3)), colour=2))
    with pytest.raises(VolumeError, match="colour with 16 bits"):
        PngVolume(path)


def test_missing_picture(path):
    with pytest.raises(FileNotFoundError, match=r"012\.png"):
        PngVolume(path)


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b"GIF89a" * 20])
def test_what_is_no_png_is_refused_at_opening(path, content):
    path.write_bytes(content)
    with pytest.raises(VolumeError, match=r"012\.png: it does not begin like a PNG.*again"):
        PngVolume(path)


@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_damaged_picture_is_refused_at_reading(path, damage):
    values = np.random.default_rng(0).integers(0, 65536, (40, 50))
    content = bytearray(png_bytes(values))
    if damage == "cut":
        content = content[: len(content) // 2]
    else:
        content[len(content) // 2] ^= 0x55
    path.write_bytes(content)
    with pytest.raises(VolumeError, match=r"012\.png: the file is damaged or incomplete.*again"):
        PngVolume(path).read_slice(0)
