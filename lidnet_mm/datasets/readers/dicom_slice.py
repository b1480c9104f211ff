"""What the header of a DICOM file says of its CT slices, read without their pixels."""

import math
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.filereader import read_partial

from lidnet_mm.datasets.readers.volume import VolumeError

READ_ERRORS = (
    OSError,
    EOFError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    NotImplementedError,
    RuntimeError,
    struct.error,
    zlib.error,
)
"""What PyDICOM and its decoders raise on a file that is damaged or breaks the standard."""

PIXEL_TAGS = (0x7FE00008, 0x7FE00009, 0x7FE00010)

CT_STORAGE = (
    "1.2.840.10008.5.1.4.1.1.2",  # CT Image
    "1.2.840.10008.5.1.4.1.1.2.1",  # Enhanced CT Image
    "1.2.840.10008.5.1.4.1.1.2.2",  # Legacy Converted Enhanced CT Image
)
"""SOP classes that must hold pixels."""

FUNCTIONAL_GROUPS = {
    "ImagePositionPatient": "PlanePositionSequence",
    "ImageOrientationPatient": "PlaneOrientationSequence",
    "PixelSpacing": "PixelMeasuresSequence",
    "SliceThickness": "PixelMeasuresSequence",
    "SpacingBetweenSlices": "PixelMeasuresSequence",
    "RescaleSlope": "PixelValueTransformationSequence",
    "RescaleIntercept": "PixelValueTransformationSequence",
}
"""Where multi-frame objects keep what single slices state at the top."""

KEYWORDS = (
    *FUNCTIONAL_GROUPS,
    "SpecificCharacterSet",
    "SOPClassUID",
    "SOPInstanceUID",
    "SeriesInstanceUID",
    "StudyInstanceUID",
    "PatientID",
    "Modality",
    "ImageType",
    "Rows",
    "Columns",
    "SamplesPerPixel",
    "NumberOfFrames",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
)
TAGS = [tag_for_keyword(keyword) for keyword in KEYWORDS]


class NotASliceError(VolumeError):
    """A file that is fine but holds no CT slice, such as a localizer or a dose report."""


@dataclass(frozen=True)
class DicomSlice:
    """One CT slice: a file, or a frame of a multi-frame file.

    Attributes:
        file: The file.
        frame: Frame of the file, from 0.
        sop_instance_uid: UID of the file's object, equal for all its frames.
        series_uid: UID of the series.
        study_uid: UID of the study; empty where it is not stated.
        patient_id: PatientID; empty where it is not stated.
        transfer_syntax: UID of the encoding of the pixels.
        position: Centre of the first stored pixel, mm in LPS+.
        orientation: Direction in which the columns are counted, then that of the rows, LPS+.
        spacing: Distance between rows and between columns in mm.
        thickness: Distance of slices, or thickness where that is not stated, in mm; None where
            neither is.
        shape: Rows and columns.
        slope: Rescale slope; 1 where it is not stated.
        intercept: Rescale intercept in HU; 0 where it is not stated.
    """

    file: Path
    frame: int
    sop_instance_uid: str
    series_uid: str
    study_uid: str
    patient_id: str
    transfer_syntax: str
    position: tuple[float, ...]
    orientation: tuple[float, ...]
    spacing: tuple[float, ...]
    thickness: float | None
    shape: tuple[int, int]
    slope: float
    intercept: float


def read_dicom_slices(path: Path) -> list[DicomSlice]:
    """Read what a DICOM file says of its slices.

    Args:
        path: The file.

    Returns:
        Its slices in stored order: one, or as many as a multi-frame object has frames.

    Raises:
        NotASliceError: It is no DICOM file, or holds something else than axial CT.
        VolumeError: It is damaged, a CT image without pixels or without its place in the patient.
    """
    header, has_pixels = _read_header(path)
    try:
        _check_is_slice(path, header, has_pixels)
        return list(_slices(path, header))
    except VolumeError:
        raise
    except READ_ERRORS as error:
        raise _unreadable(path, error) from error


def _read_header(path: Path) -> tuple[Dataset, bool]:
    """The needed elements before the pixels, and whether there are pixels."""
    reached = []

    def at_pixels(tag: int, _vr: str | None, _length: int) -> bool:
        if tag in PIXEL_TAGS:
            reached.append(tag)
        return bool(reached)

    try:
        with path.open("rb") as stream:
            return read_partial(stream, at_pixels, specific_tags=TAGS), bool(reached)
    except InvalidDicomError as error:
        if path.suffix.lower() in (".dcm", ".ima"):
            raise _unreadable(path, "it does not begin like a DICOM file") from error
        raise NotASliceError(f"{path} is no DICOM file") from error
    except FileNotFoundError:
        raise
    except READ_ERRORS as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, reason: object) -> VolumeError:
    """The error for a damaged header."""
    return VolumeError(
        f"Cannot read the header of {path}: {reason}; the file is damaged or incomplete, copy it"
        " again"
    )


def _check_is_slice(path: Path, header: Dataset, has_pixels: bool) -> None:
    """Tell slices from the other things that lie in DICOM folders, and from broken slices."""
    storage = header.get("SOPClassUID") or header.file_meta.get("MediaStorageSOPClassUID")
    is_image = storage in CT_STORAGE
    if not has_pixels and is_image:
        raise VolumeError(
            f"Cannot read {path}: it is a CT image without pixel data (only a header, or cut"
            " short); download or export it again"
        )
    modality = header.get("Modality") or ("CT" if is_image else None)
    if not storage and not modality:
        raise _unreadable(path, "it does not say what it holds")
    if modality != "CT":
        raise NotASliceError(f"{path} is {modality or 'of no modality'}, not CT")
    if "LOCALIZER" in (header.get("ImageType") or ()):
        raise NotASliceError(f"{path} is a localizer (scout), not an axial slice")
    has_place = "PerFrameFunctionalGroupsSequence" in header or header.get("ImagePositionPatient")
    if not (is_image or (has_pixels and has_place)):
        raise NotASliceError(f"{path} holds no CT image (a report, a screenshot or raw data)")


def _slices(path: Path, header: Dataset) -> Iterator[DicomSlice]:
    """The slices of a header."""
    if header.get("SamplesPerPixel", 1) != 1:
        raise VolumeError(f"Cannot read {path}: it is a colour picture, not one value (HU) a pixel")
    frames = int(header.get("NumberOfFrames") or 1)
    groups = header.get("PerFrameFunctionalGroupsSequence") or [Dataset()]
    if len(groups) != frames:
        raise VolumeError(
            f"Cannot read {path}: it states {frames} frames but places {len(groups)} of them;"
            " export it again"
        )
    shared = (header.get("SharedFunctionalGroupsSequence") or [Dataset()])[0]
    for frame, group in enumerate(groups):
        yield _slice(path, header, frame, (group, shared))


def _slice(path: Path, header: Dataset, frame: int, groups: Sequence[Dataset]) -> DicomSlice:
    """One slice of a header."""

    def numbers(keyword: str, count: int) -> tuple[float, ...] | None:
        return _numbers(path, keyword, _find(keyword, header, groups), count)

    spacing = _required(path, "PixelSpacing", numbers("PixelSpacing", 2))
    slope = (numbers("RescaleSlope", 1) or (1.0,))[0]
    if min(spacing) <= 0 or slope == 0:
        raise VolumeError(
            f"Cannot read {path}: PixelSpacing {spacing} mm and RescaleSlope {slope:g} must be"
            " above 0; export it again"
        )
    distances = numbers("SpacingBetweenSlices", 1), numbers("SliceThickness", 1)
    return DicomSlice(
        file=path,
        frame=frame,
        sop_instance_uid=str(header.get("SOPInstanceUID", "")),
        series_uid=str(header.get("SeriesInstanceUID", "")),
        study_uid=str(header.get("StudyInstanceUID", "")),
        patient_id=str(header.get("PatientID", "")),
        transfer_syntax=str(header.file_meta.get("TransferSyntaxUID", "")),
        position=_required(path, "ImagePositionPatient", numbers("ImagePositionPatient", 3)),
        orientation=_required(
            path, "ImageOrientationPatient", numbers("ImageOrientationPatient", 6)
        ),
        spacing=spacing,
        thickness=next((abs(values[0]) for values in distances if values and values[0]), None),
        shape=(int(header.Rows), int(header.Columns)),
        slope=slope,
        intercept=(numbers("RescaleIntercept", 1) or (0.0,))[0],
    )


def _find(keyword: str, header: Dataset, groups: Sequence[Dataset]) -> object:
    """A value of the frame, else of all frames, else of the file; None where it is empty."""
    for group in groups:
        items = group.get(FUNCTIONAL_GROUPS[keyword])
        if items and items[0].get(keyword) is not None:
            return items[0].get(keyword)
    return header.get(keyword)


def _numbers(path: Path, keyword: str, value: object, count: int) -> tuple[float, ...] | None:
    """A value as ``count`` finite numbers, or None where it is absent or empty."""
    if value is None or value == "":
        return None
    values = tuple(float(number) for number in (value if count > 1 else [value]))
    if len(values) != count or not all(math.isfinite(number) for number in values):
        raise VolumeError(
            f"Cannot read {path}: its {keyword} is {value}, not {count} finite numbers; export it"
            " again"
        )
    return values


def _required(path: Path, keyword: str, values: tuple[float, ...] | None) -> tuple[float, ...]:
    """Refuse a slice whose place in the patient is unknown."""
    if values is None:
        raise VolumeError(
            f"Cannot read {path}: it states no {keyword}, so its place in the patient is unknown;"
            " export it again, or convert the series to NIfTI with a tool that knows its geometry"
        )
    return values
