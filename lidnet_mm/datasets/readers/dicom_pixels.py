"""The pixels of one DICOM slice in HU."""

import math

import numpy as np
from pydicom import dcmread
from pydicom.encaps import get_frame
from pydicom.pixels import pixel_array
from pydicom.pixels.utils import get_j2k_parameters
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, JPEG2000TransferSyntaxes, RLELossless
from scipy import ndimage

from lidnet_mm.datasets.readers.dicom_error import DicomError
from lidnet_mm.datasets.readers.dicom_slice import DicomSlice

AIR_HU = -1000.0
"""What padding becomes."""

AIR_RANGE_HU = (-1050.0, -950.0)
"""Padding in this range is air already and stays as it is."""

NO_TISSUE_HU = 20000.0
"""Above this there is no tissue, bone or metal, not even on the extended CT scale in use."""

ELEMENT_HEAD = 12
"""Bytes before the value of an element of pixels in an encapsulated file."""

PLENTY = 1 << 16
"""Bytes of a compressed frame in whose head the size of its picture stands."""


class PixelError(DicomError):
    """Pixels that contradict their header."""


def read_pixels(each: DicomSlice) -> np.ndarray:
    """Decode one slice, without the others of its file.

    Padding becomes air (-1000 HU). Where it has a value that tissue has, too, it is padding only
    in areas that reach a corner of the picture: outside of the round field of view.

    Args:
        each: The slice.

    Returns:
        (rows, columns) in HU as stored, in the type in which they are stored or float64.

    Raises:
        DicomError: The pixels are damaged or contradict the header.
        OSError: The file cannot be read.
    """
    stored = read_stored(each)
    hu = to_hu(each, stored)
    padding = padding_mask(each, stored, hu)
    if padding is None:
        return hu
    hu = hu.astype(np.float64)
    hu[padding] = AIR_HU
    return hu


def read_stored(each: DicomSlice) -> np.ndarray:
    """Decode the stored values of one slice, with the sign and the bits that the header states.

    Args:
        each: The slice.

    Raises:
        DicomError: As :func:`read_pixels`.
    """
    syntax = UID(each.transfer_syntax)
    stream_is_signed = _check_claims(each, syntax)
    whole = syntax.is_compressed and syntax != RLELossless  # a stream that knows its own bits
    options = {
        "photometric_interpretation": "MONOCHROME2",
        "samples_per_pixel": 1,
        "correct_unused_bits": not whole,
    }
    if syntax == DeflatedExplicitVRLittleEndian:  # all of the file is compressed
        return pixel_array(dcmread(each.file, force=True), index=each.frame, raw=True, **options)
    options["transfer_syntax_uid"] = syntax
    found = pixel_array(each.file, index=each.frame, raw=True, **options)
    return _in_stored_bits(each, found, stream_is_signed) if whole else found


def to_hu(each: DicomSlice, stored: np.ndarray) -> np.ndarray:
    """Apply slope and intercept; values that are HU already keep their type."""
    if (each.scale.slope, each.scale.intercept) == (1.0, 0.0):
        return stored
    return stored.astype(np.float64) * each.scale.slope + each.scale.intercept


def padding_mask(each: DicomSlice, stored: np.ndarray, hu: np.ndarray) -> np.ndarray | None:
    """Which pixels are padding that is not air already.

    Args:
        each: The slice.
        stored: (rows, columns) stored values.
        hu: The same in HU.

    Returns:
        (rows, columns) bool, or None where there is none.
    """
    if each.stored.padding is None:
        return None
    lowest, highest = each.stored.padding
    padding = (stored >= lowest) & (stored <= highest)
    padding &= (hu < AIR_RANGE_HU[0]) | (hu > AIR_RANGE_HU[1])
    if not padding.any():
        return None
    ambiguous = padding & (hu > AIR_RANGE_HU[1]) & (hu < NO_TISSUE_HU)
    if ambiguous.any():
        areas, _ = ndimage.label(padding)
        corners = areas[np.ix_((0, -1), (0, -1))]
        padding &= ~ambiguous | np.isin(areas, corners[corners > 0])
    return padding


def _check_claims(each: DicomSlice, syntax: UID) -> bool | None:
    """Compare the claimed size with the file's; whether a JPEG 2000 stream says it is signed."""
    if syntax == DeflatedExplicitVRLittleEndian:
        return None  # inflated and counted when its header was read
    if not syntax.is_compressed:
        _check_native_size(each)
        return None
    with each.file.open("rb") as stream:
        stream.seek(each.pixel_offset + ELEMENT_HEAD)
        frame = get_frame(stream, each.frame, number_of_frames=each.frames)
    size = stream_size(frame[:PLENTY])
    if size is not None and size != each.shape:
        raise PixelError(
            f"its compressed picture has {size[0]} x {size[1]} pixels and its header"
            f" {each.shape[0]} x {each.shape[1]}",
            "its compressed picture has another size than its header states",
        )
    if syntax in JPEG2000TransferSyntaxes:
        return get_j2k_parameters(frame).get("is_signed")
    return None


def _check_native_size(each: DicomSlice) -> None:
    """Refuse pixels that cannot be in the file, before memory is taken for them."""
    needed = math.prod(each.shape) * each.stored.bits_allocated // 8 * (each.frame + 1)
    there = each.file.stat().st_size - each.pixel_offset
    if needed > there:
        raise EOFError(f"{needed} bytes of pixels claimed, {there} bytes left in the file")


def stream_size(frame: bytes) -> tuple[int, int] | None:
    """Rows and columns that a JPEG, JPEG-LS or JPEG 2000 stream claims.

    Args:
        frame: The stream, or its beginning.

    Returns:
        The size; None where it is not found, as of RLE, which has none.
    """
    siz = frame.find(b"\xff\x4f\xff\x51")
    if 0 <= siz < len(frame) - 24:
        right, lower, left, upper = (
            int.from_bytes(frame[siz + place : siz + place + 4], "big") for place in (8, 12, 16, 20)
        )
        return lower - upper, right - left
    if not frame.startswith(b"\xff\xd8"):
        return None
    place = 2
    while place + 9 <= len(frame) and frame[place] == 0xFF:
        marker = frame[place + 1]
        if marker == 0xFF:  # a fill byte
            place += 1
            continue
        if marker == 0xF7 or (0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)):
            rows, columns = (
                int.from_bytes(frame[place + at : place + at + 2], "big") for at in (5, 7)
            )
            return rows, columns
        place += 2 + int.from_bytes(frame[place + 2 : place + 4], "big")
    return None


def _in_stored_bits(
    each: DicomSlice, found: np.ndarray, stream_is_signed: bool | None
) -> np.ndarray:
    """Give decoded values the sign that the header states, whatever the stream said of it.

    Above the stored bits a value may have zeros or copies of its sign, and one of both only.
    """
    bits, signed = each.stored.bits_stored, each.stored.signed
    size = 8 * found.dtype.itemsize
    words = found.astype(np.int64) & ((1 << size) - 1)
    values, above = words & ((1 << bits) - 1), words >> bits
    negative = (values >> (bits - 1)).astype(bool)
    zeros = above == 0
    copies = (above == (1 << max(size - bits, 0)) - 1) & negative & (size > bits) & signed
    padding = np.zeros_like(zeros)
    if each.stored.padding is not None:
        padding = np.isin(values, [value & ((1 << bits) - 1) for value in each.stored.padding])
    doubtful = bool((negative & zeros & ~padding).any())
    if signed:
        mixed = stream_is_signed or bool((copies & ~padding).any())
        turned = doubtful and size > bits and mixed
    else:
        turned = doubtful and bool(stream_is_signed)
    if turned or not (zeros | copies | padding).all():
        raise PixelError(
            f"its compressed values do not fit into BitsStored {bits} and PixelRepresentation"
            f" {int(signed)} of its header",
            "its compressed pixels contradict BitsStored or PixelRepresentation",
        )
    return values - (negative.astype(np.int64) << bits) if signed else values


def pixel_error(where: str, each: DicomSlice, error: Exception) -> DicomError:
    """The error of a slice whose pixels cannot be read.

    Args:
        where: Slice and volume.
        each: The slice.
        error: What was raised.
    """
    if isinstance(error, PixelError):
        return DicomError(
            f"{where}: the pixels of {each.file} contradict its header: {error}; decompress it with"
            " the software that wrote it, or export it again",
            error.reason,
        )
    return DicomError(
        f"{where}: the pixels of {each.file} are damaged or incomplete ({error}); copy it again",
        "its pixels are damaged or incomplete; copy it again",
    )
