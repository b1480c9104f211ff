"""What a DICOM file says of its CT slices, read without their pixels."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset

from lidnet_mm.datasets.readers.dicom_error import (
    READ_ERRORS,
    DicomError,
    NotASliceError,
    damaged,
)
from lidnet_mm.datasets.readers.dicom_header import DicomHeader, read_header
from lidnet_mm.datasets.readers.dicom_scale import Scale, StoredType, scale, stored_type
from lidnet_mm.datasets.readers.volume import VolumeError

CT_STORAGE = (
    "1.2.840.10008.5.1.4.1.1.2",  # CT Image
    "1.2.840.10008.5.1.4.1.1.2.1",  # Enhanced CT Image
    "1.2.840.10008.5.1.4.1.1.2.2",  # Legacy Converted Enhanced CT Image
)
"""SOP classes that must hold pixels."""

PASS_KEYWORDS = (
    "AcquisitionNumber",
    "FrameAcquisitionNumber",
    "TemporalPositionIdentifier",
    "TemporalPositionIndex",
    "NominalPercentageOfCardiacPhase",
    "KVP",
    "ConvolutionKernel",
    "ImageType",
    "FrameType",
    "SeriesNumber",
)
"""What tells the acquisitions, phases and reconstructions of one series apart."""

TIME_KEYWORDS = ("AcquisitionDateTime", "AcquisitionTime", "ContentTime", "TriggerTime")
"""What may tell them apart, too, but may differ within each of them."""


@dataclass(frozen=True)
class DicomSlice:
    """One CT slice: a file, or a frame of a multi-frame file.

    Attributes:
        file: The file.
        frame: Frame of the file, from 0.
        frames: How many the file has.
        sop_instance_uid: UID of the file's object, equal for all its frames.
        series_uid: UID of the series; empty where it is not stated, as the next two.
        study_uid: UID of the study.
        patient_id: PatientID.
        transfer_syntax: UID of the encoding of the pixels.
        pixel_offset: Place in the file where the element of the pixels begins; 0 in a deflated
            file.
        position: Centre of the first stored pixel, mm in LPS+.
        orientation: Direction in which the columns are counted, then that of the rows, LPS+.
        spacing: Distance between rows and between columns in mm.
        thickness: Distance of slices, or thickness where that is not stated, in mm; None where
            neither is.
        shape: Rows and columns.
        stored: How the pixels are stored.
        scale: How they become HU.
        number: InstanceNumber; None where it is not stated.
        said: Values of ``PASS_KEYWORDS`` and ``TIME_KEYWORDS``; empty where they are not stated.
    """

    file: Path
    frame: int
    frames: int
    sop_instance_uid: str
    series_uid: str
    study_uid: str
    patient_id: str
    transfer_syntax: str
    pixel_offset: int
    position: tuple[float, ...]
    orientation: tuple[float, ...]
    spacing: tuple[float, ...]
    thickness: float | None
    shape: tuple[int, int]
    stored: StoredType
    scale: Scale
    number: int | None
    said: tuple[str, ...]

    @property
    def name(self) -> str:
        """File, and frame where it is not the first, for errors."""
        return f"{self.file}" if self.frame == 0 else f"{self.file} (frame {self.frame})"


def read_dicom_slices(path: Path) -> list[DicomSlice]:
    """Read what a DICOM file says of its slices.

    Args:
        path: The file.

    Returns:
        Its slices in stored order: one, or as many as a multi-frame object has frames.

    Raises:
        NotASliceError: It is no DICOM file, or holds something else than axial CT in HU.
        DicomError: It is damaged, a CT image without pixels or without its place in the patient,
            or a value of its header cannot be used.
        VolumeError: It is no regular file.
    """
    header = read_header(path)
    try:
        _check_is_slice(header)
        return list(_slices(header))
    except VolumeError:
        raise
    except READ_ERRORS as error:
        raise damaged(path, error) from error


def _check_is_slice(header: DicomHeader) -> None:
    """Tell slices from the other things that lie in DICOM folders, and from broken slices."""
    path, content = header.path, header.content
    storage = content.get("SOPClassUID") or content.file_meta.get("MediaStorageSOPClassUID")
    is_image = storage in CT_STORAGE
    if not header.pixel_tag and is_image:
        raise DicomError(
            f"Cannot read {path}: it is a CT image without pixel data (only a header, or cut"
            " short); download or export it again",
            "a CT image without pixel data; download it again",
        )
    modality = content.get("Modality") or ("CT" if is_image else None)
    if not storage and not modality:
        raise damaged(path, "it does not say what it holds")
    if modality != "CT":
        raise NotASliceError(
            f"{path} is {modality or 'of no modality'}, not CT", "another modality than CT"
        )
    if "LOCALIZER" in (content.get("ImageType") or ()):
        raise NotASliceError(
            f"{path} is a localizer (scout), not an axial slice", "a localizer (scout)"
        )
    has_place = "PerFrameFunctionalGroupsSequence" in content or content.get("ImagePositionPatient")
    if not (is_image or (header.pixel_tag and has_place)):
        raise NotASliceError(
            f"{path} holds no CT image (a report, a screenshot or raw data)",
            "no CT image but a report, a screenshot or raw data",
        )


def _slices(header: DicomHeader) -> Iterator[DicomSlice]:
    """The slices of a header."""
    stored = stored_type(header)
    frames = int((header.numbers("NumberOfFrames", 1) or (1,))[0]) or 1
    groups = header.content.get("PerFrameFunctionalGroupsSequence") or [Dataset()]
    if len(groups) != frames:
        raise DicomError(
            f"Cannot read {header.path}: it states {frames} frames but places {len(groups)} of"
            " them; export it again",
            "it places another number of frames than it states",
        )
    shared = (header.content.get("SharedFunctionalGroupsSequence") or [Dataset()])[0]
    for frame, group in enumerate(groups):
        yield _slice(header, stored, (frame, frames), (group, shared))


def _slice(
    header: DicomHeader, stored: StoredType, frame: tuple[int, int], groups: Sequence[Dataset]
) -> DicomSlice:
    """One slice of a header: frame ``frame[0]`` of ``frame[1]``."""
    spacing = _required(header, "PixelSpacing", 2, groups)
    if min(spacing) <= 0:
        raise DicomError(
            f"Cannot read {header.path}: PixelSpacing {spacing} mm must be above 0; export it"
            " again",
            "its PixelSpacing is not above 0",
        )
    distances = (
        header.numbers(keyword, 1, groups) for keyword in ("SpacingBetweenSlices", "SliceThickness")
    )
    number = header.texts("InstanceNumber")
    return DicomSlice(
        file=header.path,
        frame=frame[0],
        frames=frame[1],
        sop_instance_uid=header.text("SOPInstanceUID"),
        series_uid=header.text("SeriesInstanceUID"),
        study_uid=header.text("StudyInstanceUID"),
        patient_id=header.text("PatientID"),
        transfer_syntax=header.transfer_syntax,
        pixel_offset=header.pixel_offset,
        position=_required(header, "ImagePositionPatient", 3, groups),
        orientation=_required(header, "ImageOrientationPatient", 6, groups),
        spacing=spacing,
        thickness=next((abs(values[0]) for values in distances if values and values[0]), None),
        shape=(int(header.content.Rows), int(header.content.Columns)),
        stored=stored,
        scale=scale(header, groups),
        number=int(number[0]) if number and number[0].isdecimal() else None,
        said=tuple(
            "\\".join(header.texts(keyword, groups)) for keyword in (*PASS_KEYWORDS, *TIME_KEYWORDS)
        ),
    )


def _required(
    header: DicomHeader, keyword: str, count: int, groups: Sequence[Dataset]
) -> tuple[float, ...]:
    """Numbers without which the place of a slice in the patient is unknown."""
    values = header.numbers(keyword, count, groups)
    if values is None:
        raise DicomError(
            f"Cannot read {header.path}: it states no {keyword}, so its place in the patient is"
            " unknown; export it again, or convert the series to NIfTI with a tool that knows its"
            " geometry",
            f"it states no {keyword}, so its place in the patient is unknown",
        )
    return values
