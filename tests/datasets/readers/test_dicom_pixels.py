"""Padding, bits and signs of DICOM pixels against SimpleITK and against what was written."""

import gdcm
import numpy as np
import pytest
import SimpleITK
from pydicom import dcmread

from lidnet_mm.datasets.readers import DicomVolume, VolumeError
from lidnet_mm.datasets.readers.dicom_pixels import stream_head

SIDE = 32
y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
OUTSIDE = np.hypot(y, x) > SIDE / 2
HU = np.full((1, SIDE, SIDE), -1000)
HU[0, 6:26, 6:26] = np.random.default_rng(0).integers(-900, 700, (20, 20))
HU[0, 10:12, 10:20] = 0  # tissue that has the value of some padding


@pytest.fixture
def write_words(write_series):
    """Function that writes the words of a slice with elements; returns its file."""

    def write(words, intercept=-1024, signed=False, **elements):
        def change(_, dataset):
            dataset.PixelData = np.asarray(words).astype(np.uint16).tobytes()
            dataset.PixelRepresentation, dataset.RescaleIntercept = int(signed), intercept
            for keyword, value in elements.items():
                if isinstance(value, tuple):
                    dataset.add_new(keyword, *value)
                else:
                    setattr(dataset, keyword, value)

        return next(write_series(HU, change=change).iterdir())

    return write


@pytest.mark.parametrize(
    ("word", "intercept", "signed", "elements"),
    [
        (63536, -1024, False, {"PixelPaddingValue": ("US", 63536)}),
        (63536, -1024, False, {"PixelPaddingValue": ("SS", -2000)}),
        (63536, -1024, True, {"PixelPaddingValue": ("US", 63536)}),
        (63530, 0, True,
         {"PixelPaddingValue": ("SS", -2000), "PixelPaddingRangeLimit": ("SS", -2010)}),
        (0, 0, True, {"PixelPaddingValue": ("SS", 0)}),  # of water's value: only in the corners
        (2096, -1024, False,
         {"PixelPaddingValue": ("US", 63536), "BitsStored": 12, "HighBit": 11}),
    ],
)  # fmt: skip
def test_padding_becomes_air_and_nothing_else_changes(
    write_words, word, intercept, signed, elements
):
    words = (HU[0] - intercept) & 0xFFFF
    words[OUTSIDE] = word
    found = DicomVolume(write_words(words, intercept, signed, **elements)).read_slice(0)
    np.testing.assert_array_equal(found, np.where(OUTSIDE, -1000, HU[0]))


def test_padding_of_the_value_of_air_stays_as_simpleitk_reads_it(write_words):
    words = HU[0] + 1024
    words[OUTSIDE] = 0
    path = write_words(words, PixelPaddingValue=("US", 0))
    truth = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))[0]
    found = DicomVolume(path).read_slice(0)
    np.testing.assert_array_equal(found, truth)
    assert found.min() == -1024


def compress(path, syntax):
    """Compress a file without loss, in place, as its header is."""
    reader, change, writer = (
        gdcm.ImageReader(),
        gdcm.ImageChangeTransferSyntax(),
        gdcm.ImageWriter(),
    )
    reader.SetFileName(str(path))
    assert reader.Read()
    change.SetTransferSyntax(gdcm.TransferSyntax(syntax))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer.SetFileName(str(path))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()


def relabel(path, **elements):
    """Change elements of a file and nothing else."""
    dataset = dcmread(path)
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    dataset.save_as(path)


J2K, JLS = gdcm.TransferSyntax.JPEG2000Lossless, gdcm.TransferSyntax.JPEGLSLossless
JPEG = gdcm.TransferSyntax.JPEGLosslessProcess14_1
THIRTEEN = {"BitsStored": 13, "HighBit": 12}


@pytest.mark.parametrize("syntax", [J2K, JLS, JPEG])
@pytest.mark.parametrize("fill", ["zeros", "signs"])
def test_a_stream_of_more_bits_than_the_header_has_gives_what_simpleitk_gives(
    write_words, syntax, fill
):
    words = HU[0] & (0x1FFF if fill == "zeros" else 0xFFFF)
    path = write_words(words, 0)
    compress(path, syntax)
    relabel(path, PixelRepresentation=1, **THIRTEEN)
    np.testing.assert_array_equal(DicomVolume(path).read_slice(0), HU[0])
    if fill == "zeros":
        truth = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))[0]
        np.testing.assert_array_equal(truth, HU[0])


@pytest.mark.parametrize("syntax", [J2K, JLS, JPEG])
@pytest.mark.parametrize(
    "header",
    [
        {"BitsStored": 9, "HighBit": 8, "PixelRepresentation": 0},  # the values have 11 bits
        {"BitsStored": 10, "HighBit": 9, "PixelRepresentation": 1},
    ],
)
def test_a_stream_that_contradicts_its_header_is_refused(write_words, syntax, header):
    path = write_words(HU[0] + 1024)
    compress(path, syntax)
    relabel(path, **header)
    with pytest.raises(VolumeError, match=r"\.dcm contradict its header.*BitsStored") as caught:
        DicomVolume(path).read_slice(0)
    assert "damaged" not in str(caught.value)


def test_a_signed_stream_of_negative_values_with_an_unsigned_header_is_refused(write_words):
    path = write_words(HU[0] & 0xFFFF, 0, signed=True)
    compress(path, J2K)
    relabel(path, PixelRepresentation=0)
    with pytest.raises(VolumeError, match="contradict its header"):
        DicomVolume(path).read_slice(0)


@pytest.mark.parametrize("syntax", [J2K, JLS, JPEG])
def test_a_stream_of_another_size_than_its_header_is_refused(write_words, syntax):
    path = write_words(HU[0] + 1024)
    compress(path, syntax)
    relabel(path, Rows=4000, Columns=4000)
    with pytest.raises(VolumeError, match="32 x 32 pixels and its header 4000 x 4000"):
        DicomVolume(path).read_slice(0)


def test_native_pixels_that_the_file_cannot_hold_take_no_memory(write_words):
    path = write_words(HU[0] + 1024)
    relabel(path, Rows=4000, Columns=4000)
    with pytest.raises(VolumeError, match=r"32000000 bytes of pixels claimed, .* bytes left"):
        DicomVolume(path).read_slice(0)


def test_what_is_no_stream_says_nothing():
    assert stream_head(b"\xff\x4f\xff\x51" + b"\x00" * 7) is None
    assert stream_head(b"\xff\xd8\xff") is None
    assert stream_head(b"RLE") is None


def test_slices_tell_a_writer_how_they_are_stored(write_words):
    path = write_words(HU[0] + 1024, PixelPaddingValue=("US", 63536))
    (one,) = DicomVolume(path).slices
    assert one.file == path
    assert (one.stored.bits_allocated, one.stored.bits_stored, one.stored.signed) == (16, 16, False)
    assert (one.stored.padding, one.scale.slope, one.scale.intercept) == ((63536, 63536), 1, -1024)
