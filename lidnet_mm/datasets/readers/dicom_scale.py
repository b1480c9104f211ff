"""What the pixels of a DICOM slice are: their stored type, and whether they are HU."""

import dataclasses
import re
from collections.abc import Sequence
from math import prod

from pydicom.dataset import Dataset

from lidnet_mm.datasets.readers.dicom_error import DicomError, NotASliceError
from lidnet_mm.datasets.readers.dicom_header import DicomHeader

LARGEST_SLICE = 1 << 24
"""Pixels of a slice; CT has 512 x 512 to 2048 x 2048."""

HU_TYPES = ("", "HU", "US")
"""RescaleType of HU; US is "unspecified", as some scanners write with HU."""

IN_HU = re.compile(r"MONO|KEV|VMI|REMOVED|VNC|VIRTUAL|NON ?CONTRAST|VUE")
"""Names of derived images that are in HU: of one energy, or with a material taken out."""

NOT_IN_HU = re.compile(
    r"IODINE|DENSITY|\bRHO|Z ?EFF|EFF ?Z|ATOMIC|MATERIAL|MAT (SPECIFIC|FRACTIONAL|MODIFIED|VALUE)"
    r"|FRACTION|OVERLAY|\bURIC"
)
"""Names of maps that hold something else, in ImageType or FrameType (DICOM PS3.3 C.8.15.3.1.1 and
what scanners write); signs between words as blanks."""

PERFUSION = re.compile(
    r"PERFUSION|BLOOD ?(FLOW|VOLUME)|PERMEABILITY|\b(CBF|CBV|MTT|TTP|TMAX|PBV)\b"
)
"""The same of images that are not ORIGINAL: those are the CT from which perfusion is computed."""

BITS = (8, 16, 32)
FLOATS = {0x7FE00008: 32, 0x7FE00009: 64}
"""Bits of the pixels of FloatPixelData and DoubleFloatPixelData."""


@dataclasses.dataclass(frozen=True)
class StoredType:
    """How pixels are stored, as a writer of a derived series needs it, too.

    Attributes:
        bits_allocated: Bits of a stored pixel: 8, 16 or 32; 64 for double floats.
        bits_stored: Bits of them that count.
        signed: Whether they are signed.
        padding: Smallest and largest stored value that stand for "outside of the picture"
            (PixelPaddingValue, PixelPaddingRangeLimit); None where there is none.
    """

    bits_allocated: int
    bits_stored: int
    signed: bool
    padding: tuple[int, int] | None = None

    @property
    def limits(self) -> tuple[int, int]:
        """Smallest and largest value that the stored bits hold."""
        half = 1 << self.bits_stored - 1
        return (-half, half - 1) if self.signed else (0, 2 * half - 1)

    def value(self, word: int) -> int:
        """The value of a word of which ``bits_stored`` count, whatever sign it was written with."""
        word &= (1 << self.bits_stored) - 1
        return word - (1 << self.bits_stored) * (self.signed and word >> (self.bits_stored - 1))


@dataclasses.dataclass(frozen=True)
class Scale:
    """From stored values to HU.

    Attributes:
        slope: Rescale slope; 1 where it is not stated.
        intercept: Rescale intercept in HU; 0 where it is not stated.
        doubt: Why the values may be no HU after all, for errors; empty where they are. They are
            taken as HU only where air lies near -1000.
    """

    slope: float
    intercept: float
    doubt: str = ""


def stored_type(header: DicomHeader) -> StoredType:
    """Read how pixels are stored.

    Args:
        header: Of the file.

    Raises:
        DicomError: The header does not say, contradicts itself, or claims more pixels than any CT.
    """
    path = header.path
    photometric = header.text("PhotometricInterpretation").upper()
    colours = photometric and not photometric.startswith("MONOCHROME")
    if colours or header.content.get("SamplesPerPixel") not in (None, 1):
        raise DicomError(
            f"Cannot read {path}: it is a colour picture, not one value (HU) a pixel",
            "a colour picture",
        )
    size = [_whole(header, keyword) for keyword in ("Rows", "Columns")]
    if not 0 < prod(size) <= LARGEST_SLICE:
        raise DicomError(
            f"Cannot read {path}: it claims {size[0]} x {size[1]} pixels, as no CT slice has (at"
            f" most {LARGEST_SLICE}); export it again",
            "it claims a size that no CT slice has",
        )
    if header.pixel_tag in FLOATS:
        bits = FLOATS[header.pixel_tag]
        return StoredType(bits, bits, signed=True)
    allocated, bits = _whole(header, "BitsAllocated"), _whole(header, "BitsStored")
    if allocated not in BITS or not 0 < bits <= allocated:
        raise DicomError(
            f"Cannot read {path}: BitsStored {bits} of BitsAllocated {allocated} is no way to"
            " store CT pixels; export it again",
            "its BitsStored and BitsAllocated are no way to store CT",
        )
    plain = StoredType(allocated, bits, _whole(header, "PixelRepresentation") == 1)
    return dataclasses.replace(plain, padding=_padding(header, plain))


def scale(header: DicomHeader, groups: Sequence[Dataset]) -> Scale:
    """Read how stored values become HU.

    Args:
        header: Of the file.
        groups: Functional groups of the frame, then those of all frames.

    Raises:
        NotASliceError: They do not: it is a map of something else.
        DicomError: They are given by a lookup table, or the slope is 0.
    """
    path = header.path
    _check_is_hu(header, groups)
    if header.content.get("ModalityLUTSequence"):
        raise DicomError(
            f"Cannot read {path}: a ModalityLUTSequence turns its pixels into values, as no CT has"
            " it; export it again with RescaleSlope and RescaleIntercept",
            "it has a ModalityLUTSequence in place of RescaleSlope and RescaleIntercept",
        )
    slope, intercept = (
        header.numbers(keyword, 1, groups) for keyword in ("RescaleSlope", "RescaleIntercept")
    )
    if slope is not None and slope[0] == 0:
        raise DicomError(
            f"Cannot read {path}: its RescaleSlope 0 must be above 0; export it again",
            "its RescaleSlope is 0",
        )
    return Scale(
        slope=1.0 if slope is None else slope[0],
        intercept=0.0 if intercept is None else intercept[0],
        doubt=_doubt(header, slope is None, intercept is None),
    )


def _check_is_hu(header: DicomHeader, groups: Sequence[Dataset]) -> None:
    """Refuse maps of iodine, density, atomic number, perfusion and the like."""
    kind = " ".join(header.texts("RescaleType", groups)).upper()
    names = [*header.texts("ImageType"), *header.texts("FrameType", groups)]
    maps = [name for name in names if _is_map(name, names[0].upper() == "ORIGINAL")]
    if kind in HU_TYPES and not maps:
        return
    found = f"RescaleType {kind}" if kind not in HU_TYPES else f"ImageType {maps[0]}"
    raise NotASliceError(
        f"{header.path} is a map that is not in HU ({found}); use the conventional or a"
        " monoenergetic series of the scan",
        "a map that is not in HU, such as of iodine or density",
    )


def _is_map(name: str, original: bool) -> bool:
    """Whether a value of ImageType names a map that is not in HU."""
    name = re.sub(r"[^A-Z0-9]+", " ", name.upper())
    if IN_HU.search(name):
        return False
    return bool(NOT_IN_HU.search(name) or (not original and PERFUSION.search(name)))


def _doubt(header: DicomHeader, no_slope: bool, no_intercept: bool) -> str:
    """Why values may be no HU although nothing says so."""
    doubts = []
    missing = [
        keyword
        for keyword, absent in (("RescaleSlope", no_slope), ("RescaleIntercept", no_intercept))
        if absent
    ]
    if missing:
        doubts.append(f"states no {' and no '.join(missing)}")
    if header.text("PhotometricInterpretation").upper() == "MONOCHROME1":
        doubts.append("has PhotometricInterpretation MONOCHROME1, by which some turn values round")
    high, stored = header.content.get("HighBit"), header.content.get("BitsStored")
    if None not in (high, stored) and high != stored - 1:
        doubts.append(f"has HighBit {high} with BitsStored {stored}, which contradict each other")
    return " and ".join(doubts)


def _padding(header: DicomHeader, stored: StoredType) -> tuple[int, int] | None:
    """The range of stored values that are padding; None where there is none."""
    words = [header.word(keyword) for keyword in ("PixelPaddingValue", "PixelPaddingRangeLimit")]
    if words[0] is None:
        return None
    values = [stored.value(word) for word in words if word is not None]
    return min(values), max(values)


def _whole(header: DicomHeader, keyword: str) -> int:
    """A whole number that a file with pixels must state."""
    value = header.content.get(keyword)
    if not isinstance(value, int):
        raise DicomError(
            f"Cannot read {header.path}: it states no {keyword}, so its pixels have no meaning;"
            " export it again",
            f"it states no {keyword}",
        )
    return value
