"""The header of a DICOM file, with or without the meta group before it."""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset, read_partial
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from lidnet_mm.datasets.readers.dicom_error import READ_ERRORS, DicomError, NotASliceError, damaged
from lidnet_mm.datasets.readers.regular_file import check_regular

DICOM_SUFFIXES = (".dcm", ".ima", ".dicom")
"""Files that say by their name that they are DICOM."""

PREAMBLE, PREFIX = 128, b"DICM"
"""How DICOM files begin, whatever their name."""

BARE_DATA_SET = re.compile(
    rb"(\x02|\x08)\x00.\x00(AE|CS|DA|DT|LO|OB|PN|SH|SQ|ST|TM|UI|UL|.\x00\x00\x00)"
    rb"|\x00\x08\x00.(AE|CS|DA|DT|LO|PN|SH|SQ|ST|TM|UI|UL)",
    re.DOTALL,
)
"""How a data set begins that was written without preamble: an element of group 0002 or 0008, little
endian and explicit or implicit, or big endian and explicit."""

UNDEFINED_LENGTH = 0xFFFFFFFF
PIXEL_TAGS = (0x7FE00008, 0x7FE00009, 0x7FE00010)

LARGEST_INFLATED = 1 << 31
"""Bytes of a deflated file after inflation; a multi-frame CT of 2000 slices has half of that."""

SEQUENCES = (
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
    "ModalityLUTSequence",
)
FUNCTIONAL_GROUPS = {
    "ImagePositionPatient": "PlanePositionSequence",
    "ImageOrientationPatient": "PlaneOrientationSequence",
    "PixelSpacing": "PixelMeasuresSequence",
    "SliceThickness": "PixelMeasuresSequence",
    "SpacingBetweenSlices": "PixelMeasuresSequence",
    "RescaleSlope": "PixelValueTransformationSequence",
    "RescaleIntercept": "PixelValueTransformationSequence",
    "RescaleType": "PixelValueTransformationSequence",
    "FrameType": "CTImageFrameTypeSequence",
    "FrameAcquisitionNumber": "FrameContentSequence",
    "TemporalPositionIndex": "FrameContentSequence",
    "NominalPercentageOfCardiacPhase": "CardiacSynchronizationSequence",
    "ConvolutionKernel": "CTReconstructionSequence",
    "KVP": "CTXRayDetailsSequence",
}
"""Where multi-frame objects keep what single slices state at the top."""

KEYWORDS = (
    *FUNCTIONAL_GROUPS,
    *SEQUENCES,
    "SpecificCharacterSet",
    "SOPClassUID",
    "SOPInstanceUID",
    "SeriesInstanceUID",
    "StudyInstanceUID",
    "PatientID",
    "Modality",
    "ImageType",
    "AcquisitionNumber",
    "AcquisitionTime",
    "AcquisitionDateTime",
    "ContentTime",
    "TriggerTime",
    "InstanceNumber",
    "TemporalPositionIdentifier",
    "SeriesNumber",
    "Rows",
    "Columns",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "NumberOfFrames",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PixelPaddingValue",
    "PixelPaddingRangeLimit",
)
TAGS = [tag_for_keyword(keyword) for keyword in KEYWORDS]

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
"""A decimal string as DICOM defines it."""

TEXT_TYPES = (None, "DS", "IS", "UN", "CS", "LO", "SH")


@dataclass(frozen=True)
class DicomHeader:
    """What a DICOM file says before its pixels.

    Attributes:
        path: The file.
        content: The elements of ``KEYWORDS``.
        transfer_syntax: UID of the encoding; where the file states none, the one that its first
            elements show.
        pixel_tag: Tag of the element with the pixels; 0 where there is none.
        pixel_offset: Place in the file where their element begins; 0 in a deflated file.
    """

    path: Path
    content: Dataset
    transfer_syntax: str
    pixel_tag: int
    pixel_offset: int

    def numbers(
        self, keyword: str, count: int, groups: Sequence[Dataset] = ()
    ) -> tuple[float, ...] | None:
        """A value as finite numbers.

        Args:
            keyword: Which.
            count: How many numbers it must have.
            groups: Functional groups that are asked before the file, those of the frame first.

        Returns:
            The numbers, or None where the value is absent or empty.

        Raises:
            DicomError: It is something else, such as ``0,7`` with a decimal comma.
        """
        found = self.texts(keyword, groups)
        if not found:
            return None
        if len(found) != count or not all(NUMBER.fullmatch(text) for text in found):
            wanted = "one finite number" if count == 1 else f"{count} finite numbers"
            raise DicomError(
                f"Cannot read {self.path}: its {keyword} is '{chr(92).join(found)}', not {wanted}"
                " with decimal points and a backslash between them; correct the header, or export"
                " it again",
                f"its {keyword} is not {wanted}; correct the header",
            )
        return tuple(float(text) for text in found)

    def texts(self, keyword: str, groups: Sequence[Dataset] = ()) -> list[str]:
        """The values of an element as texts; none where it is absent or empty.

        Args:
            keyword: Which.
            groups: As for :meth:`numbers`.
        """
        for group in groups:
            items = group.get(FUNCTIONAL_GROUPS.get(keyword, ""))
            found = _texts(items[0], keyword) if items else []
            if found:
                return found
        return _texts(self.content, keyword)

    def word(self, keyword: str) -> int | None:
        """An element of 16 or 32 bits without regard to its sign; None where there is none.

        Args:
            keyword: Which. Its type, US or SS, is often another one than that of the pixels.
        """
        tag = tag_for_keyword(keyword)
        if tag not in self.content:
            return None
        element = self.content.get_item(tag)
        if isinstance(element, RawDataElement) and element.VR not in ("DS", "IS"):
            raw = element.value or b""
            order = "little" if element.is_little_endian else "big"
            return int.from_bytes(raw, order) if raw else None
        found = self.numbers(keyword, 1)
        return None if found is None else int(found[0])

    def text(self, keyword: str) -> str:
        """An element as one text; empty where it is absent."""
        value = self.content.get(keyword)
        return "" if value is None else str(value).strip(" \0")


def read_header(path: Path) -> DicomHeader:
    """Read what a file says before its pixels.

    Files without preamble and meta group are read, too: their first elements show the encoding.

    Args:
        path: The file.

    Returns:
        Its header.

    Raises:
        FileNotFoundError: There is no such file.
        NotASliceError: It is no DICOM file.
        DicomError: It is damaged, or compressed without saying how.
        VolumeError: It is no regular file.
    """
    check_regular(path)
    reached: list[tuple[int, int]] = []

    def at_pixels(tag: int, _vr: str | None, length: int) -> bool:
        if tag in PIXEL_TAGS:
            reached.append((tag, length))
        return bool(reached)

    try:
        with path.open("rb") as stream:
            _check_beginning(path, stream)
            content = read_partial(stream, at_pixels, force=True, specific_tags=TAGS)
            offset = stream.tell()
    except (FileNotFoundError, DicomError):
        raise
    except READ_ERRORS as error:
        raise damaged(path, error) from error
    syntax = str(content.file_meta.get("TransferSyntaxUID") or "")
    if not syntax:
        compressed = any(length == UNDEFINED_LENGTH for _, length in reached)
        syntax = _seen_syntax(path, content, compressed)
    deflated = syntax == DeflatedExplicitVRLittleEndian
    return DicomHeader(
        path, content, syntax, reached[0][0] if reached else 0, 0 if deflated else offset
    )


def begins_like_dicom(start: bytes) -> bool:
    """Whether the first 132 bytes of a file are those of DICOM, with or without preamble."""
    return start[PREAMBLE:].startswith(PREFIX) or BARE_DATA_SET.match(start) is not None


def _check_beginning(path: Path, stream: BinaryIO) -> None:
    """Refuse what is no DICOM, and what would inflate beyond all measure."""
    start = stream.read(1024)
    if not begins_like_dicom(start[: PREAMBLE + len(PREFIX)]):
        if path.suffix.lower() in DICOM_SUFFIXES:
            raise damaged(path, "it does not begin like a DICOM file")
        raise NotASliceError(f"{path} is no DICOM file", "no DICOM file")
    if str(DeflatedExplicitVRLittleEndian).encode() in start:
        _check_inflated(path, stream, start)
    stream.seek(0)


def _check_inflated(path: Path, stream: BinaryIO, start: bytes) -> None:
    """Refuse a deflated file that would fill the memory, by counting what comes out of it."""
    stream.seek(PREAMBLE + len(PREFIX) if start[PREAMBLE:].startswith(PREFIX) else 0)
    read_dataset(stream, False, True, stop_when=lambda tag, _vr, _length: tag >> 16 != 2)
    inflate, size, packed = zlib.decompressobj(-zlib.MAX_WBITS), 0, stream.read(1 << 16)
    while packed:
        size += len(inflate.decompress(packed, 1 << 24))
        if size > LARGEST_INFLATED:
            raise DicomError(
                f"Cannot read {path}: inflated it is larger than {LARGEST_INFLATED >> 20} MiB, as"
                " no CT is; export it again",
                "larger than any CT when it is inflated",
            )
        packed = inflate.unconsumed_tail or stream.read(1 << 16)


def _seen_syntax(path: Path, content: Dataset, compressed: bool) -> str:
    """The encoding of a file that does not state it."""
    if compressed:
        raise DicomError(
            f"Cannot read {path}: it has no TransferSyntaxUID (0002,0010) and its pixels are"
            " compressed, so nobody knows how; write the file meta group with the transfer syntax"
            " into it, for example with dcmconv, or export it again",
            "its pixels are compressed and it states no TransferSyntaxUID; add the file meta group",
        )
    implicit, little = content.original_encoding
    if implicit:
        return str(ImplicitVRLittleEndian)
    return str(ExplicitVRLittleEndian if little else ExplicitVRBigEndian)


def _texts(dataset: Dataset, keyword: str) -> list[str]:
    """Values of an element, as they are written where they are text."""
    tag = tag_for_keyword(keyword)
    if tag not in dataset:
        return []
    element = dataset.get_item(tag)
    if isinstance(element, RawDataElement) and element.VR in TEXT_TYPES:
        value = (element.value or b"").decode("latin-1").split("\\")
    else:
        value = dataset[tag].value
        value = [] if value is None else [value] if isinstance(value, str | int | float) else value
    found = [str(each).strip(" \0") for each in value]
    return found if any(found) else []
