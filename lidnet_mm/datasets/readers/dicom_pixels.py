"""The pixels of one DICOM slice in HU."""

import math
from dataclasses import dataclass

import numpy as np
from pydicom import dcmread
from pydicom.encaps import get_frame
from pydicom.pixels import pixel_array
from pydicom.pixels.utils import get_j2k_parameters
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, RLELossless
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

FRAME_MARKERS = {0xF7, *range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
"""Markers of JPEG and JPEG-LS after which precision and size of the picture stand."""


@dataclass(frozen=True)
class StreamHead:
    """What a compressed stream says of its picture.

    Attributes:
        shape: Rows and columns.
        precision: Bits of a value.
        signed: Whether values are signed; None where such streams do not say.
    """

    shape: tuple[int, int]
    precision: int
    signed: bool | None


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
    stream = _check_claims(each, syntax)
    whole = syntax.is_compressed and syntax != RLELossless  # a stream that knows its own bits
    options = {
        "photometric_interpretation": "MONOCHROME2",
        "samples_per_pixel": 1,
        "correct_unused_bits": not whole,
    }
    if syntax == DeflatedExplicitVRLittleEndian:  # all of the file is compressed
        dataset = dcmread(each.file, force=True)
        return pixel_array(dataset, index=each.frame, raw=True, **options)
    options["transfer_syntax_uid"] = syntax
    if stream is not None:
        options["bits_stored"] = min(stream.precision, each.stored.bits_allocated)
    found = pixel_array(each.file, index=each.frame, raw=True, **options)
    signed = stream.signed if stream else None
    return _in_stored_bits(each, found, signed) if whole else found


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


def _check_claims(each: DicomSlice, syntax: UID) -> StreamHead | None:
    """Compare the claimed size with the file's; what a compressed stream says of itself."""
    if syntax == DeflatedExplicitVRLittleEndian:
        return None  # inflated and counted when its header was read
    if not syntax.is_compressed:
        _check_native_size(each)
        return None
    with each.file.open("rb") as stream:
        stream.seek(each.pixel_offset + ELEMENT_HEAD)
        head = stream_head(get_frame(stream, each.frame, number_of_frames=each.frames))
    if head is not None and head.shape != each.shape:
        raise PixelError(
            f"its compressed picture has {head.shape[0]} x {head.shape[1]} pixels and its header"
            f" {each.shape[0]} x {each.shape[1]}",
            "its compressed picture has another size than its header states",
        )
    return head


def _check_native_size(each: DicomSlice) -> None:
    """Refuse pixels that cannot be in the file, before memory is taken for them."""
    needed = math.prod(each.shape) * each.stored.bits_allocated // 8 * (each.frame + 1)
    there = each.file.stat().st_size - each.pixel_offset
    if needed > there:
        raise EOFError(f"{needed} bytes of pixels claimed, {there} bytes left in the file")


def stream_head(frame: bytes) -> StreamHead | None:
    """What a JPEG, JPEG-LS or JPEG 2000 stream says of its picture.

    Args:
        frame: The stream.

    Returns:
        It; None where it is not found, as of RLE, which has none.
    """
    siz = frame.find(b"\xff\x4f\xff\x51")
    known = get_j2k_parameters(frame)
    if siz >= 0 and known:
        right, lower, left, upper = (_big(frame, siz + place, 4) for place in (8, 12, 16, 20))
        return StreamHead((lower - upper, right - left), known["precision"], known["is_signed"])
    place = 2 if frame.startswith(b"\xff\xd8") else len(frame)
    while place + 9 <= len(frame) and frame[place] == 0xFF:
        marker = frame[place + 1]
        if marker in FRAME_MARKERS:
            shape = (_big(frame, place + 5, 2), _big(frame, place + 7, 2))
            return StreamHead(shape, frame[place + 4], None)
        place += 1 if marker == 0xFF else 2 + _big(frame, place + 2, 2)
    return None


def _big(data: bytes, place: int, size: int) -> int:
    """A big endian number."""
    return int.from_bytes(data[place : place + size], "big")


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
