"""Lesions as a DICOM structured report: a measurement report after TID 1500."""

import io
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from highdicom.sr import (
    CodedConcept,
    ComprehensiveSR,
    ContainerContentItem,
    ContentSequence,
    DeviceObserverIdentifyingAttributes,
    ImageContentItem,
    MeasurementReport,
    ObservationContext,
    ObserverContext,
)
from pydicom import dcmwrite
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.valuerep import DA, TM

from lidnet_mm.atomic_write import write_whole
from lidnet_mm.datasets.writers.derived_uid import derived_uid
from lidnet_mm.datasets.writers.measurement_groups import (
    ReportAlgorithm,
    ReportImages,
    ToStored,
    lesion_group,
    nothing_found_group,
)
from lidnet_mm.evaluation.lesions import Lesion

MANUFACTURER = "lidnet_mm"

SERIES_NUMBER_OFFSET = 1000
"""Added to the number of the images' series, so that the report stands behind it."""

NEEDED = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
"""What every image must state."""

PATIENT_AND_STUDY = (
    *("PatientID", "PatientName", "PatientBirthDate", "PatientSex"),
    *("AccessionNumber", "StudyID", "StudyDate", "StudyTime", "ReferringPhysicianName"),
)
"""What a report must hold too, possibly empty; taken over as it stands."""

IF_STATED = (
    *("IssuerOfPatientID", "StudyDescription", "TimezoneOffsetFromUTC"),
    *("PatientIdentityRemoved", "DeidentificationMethod", "DeidentificationMethodCodeSequence"),
    "LongitudinalTemporalInformationModified",
)
"""Whose patient this is and whether names were taken away; taken over where the images tell."""

SOURCE_TIMES = (
    ("ContentDate", "ContentTime"),
    ("AcquisitionDate", "AcquisitionTime"),
    ("SeriesDate", "SeriesTime"),
    ("StudyDate", "StudyTime"),
)
"""Where an image tells its time, the most telling first."""

UNKNOWN_TIME = datetime(1900, 1, 1)
"""A report must state a date; this one is of images that state none, and the same on every run."""


def write_structured_report(
    path: Path,
    lesions: Sequence[Lesion],
    slices: Sequence[Dataset],
    to_stored: ToStored,
    algorithm: ReportAlgorithm,
    uid_seed: str,
    *,
    frame_numbers: Sequence[int] | None = None,
    content_datetime: datetime | None = None,
    series_number: int | None = None,
    series_description: str = "Lesions found by lidnet_mm, unverified",
) -> Dataset:
    """Write a Comprehensive SR, whole or not at all.

    One measurement group a lesion: its class, score, diameter, the model, and its box as a closed
    line on every image where it was found. Patient and study are those of the images. Of the same
    arguments the same file comes out, bit by bit. Without a lesion the report says so.

    Args:
        path: The file.
        lesions: In the order of their numbers, from 1.
        slices: Header of the image of every slice of the volume, in display order; pixels are not
            needed. Of a multi-frame image the same header for all.
        to_stored: Row and column in display order to those of the stored picture, both counted from
            pixel centres, such as ``CTVolume.stored_pixel``.
        algorithm: What found them.
        uid_seed: From which all UIDs follow: name the source, the weights and the options in it.
        frame_numbers: Frame of each slice, from 1; for multi-frame images.
        content_datetime: When the report was made; None takes the time of the images, for the
            same file on every run, and :data:`UNKNOWN_TIME` where they state none.
        series_number: Number of the report's series; None takes the images' + 1000.
        series_description: At most 64 characters.

    Returns:
        The report as it was written.

    Raises:
        ValueError: There is no slice, a header lacks its UIDs, a lesion lies on a slice that is not
            given, or a multi-frame image comes without frame numbers.
        OSError: It cannot be written.
    """
    _check(lesions, slices, frame_numbers)
    uid = partial(derived_uid, uid_seed)
    images = ReportImages(slices, frame_numbers, to_stored)
    groups = [
        lesion_group(
            lesion, number, derived_uid(uid_seed, "lesion", str(number)), images, algorithm
        )
        for number, lesion in enumerate(lesions, 1)
    ] or [nothing_found_group(uid("no lesion"), algorithm)]
    content = MeasurementReport(
        observation_context=ObservationContext(_observer(algorithm)),
        procedure_reported=codes.LN.CTUnspecifiedBodyRegion,
        imaging_measurements=groups,
        title=codes.DCM.ImagingMeasurementReport,
    )
    content[0].ContentSequence.insert(-1, _library(lesions, slices))
    made = content_datetime or _time_of(slices[0])
    report = ComprehensiveSR(
        evidence=_evidence(slices),
        content=content[0],
        series_instance_uid=uid("series"),
        series_number=series_number
        or int(slices[0].get("SeriesNumber") or 0) + SERIES_NUMBER_OFFSET,
        sop_instance_uid=uid("report"),
        instance_number=1,
        manufacturer=MANUFACTURER,
        manufacturer_model_name=algorithm.name,
        software_versions=algorithm.version,
        is_complete=True,
        content_date=made.date(),
        content_time=made.time(),
        series_description=series_description,
        specific_character_set="ISO_IR 192",  # class names may be in any script
    )
    # The clock of this machine would make another file at every run; all of these are optional.
    del report.InstanceCreationDate, report.InstanceCreationTime
    for equipment in report.get("ContributingEquipmentSequence", ()):
        equipment.pop("ContributionDateTime", None)
    for keyword in (*PATIENT_AND_STUDY, *IF_STATED):
        if keyword in slices[0]:
            # By keyword: a source that mistook the value representation does not pass it on.
            setattr(report, keyword, slices[0][keyword].value)
    buffer = io.BytesIO()
    dcmwrite(buffer, report, enforce_file_format=True)
    write_whole(path, buffer.getvalue())
    return report


def _check(
    lesions: Sequence[Lesion], slices: Sequence[Dataset], frame_numbers: Sequence[int] | None
) -> None:
    """Refuse what no report can be made of."""
    if not slices:
        raise ValueError("a report needs the images that it speaks of; give their headers")
    for index, header in enumerate(slices):
        missing = [keyword for keyword in NEEDED if not header.get(keyword)]
        if missing:
            raise ValueError(f"the image of slice {index} states no {', '.join(missing)}")
        if frame_numbers is None and int(header.get("NumberOfFrames") or 1) > 1:
            raise ValueError(f"the image of slice {index} is multi-frame; give frame_numbers")
    if frame_numbers is not None and len(frame_numbers) != len(slices):
        raise ValueError(
            f"there are {len(slices)} slices and {len(frame_numbers)} frame numbers; give one each"
        )
    for number, lesion in enumerate(lesions, 1):
        if not 0 <= lesion.first_slice <= lesion.last_slice < len(slices):
            raise ValueError(
                f"lesion {number} is on slices {lesion.first_slice} to {lesion.last_slice}, but"
                f" {len(slices)} images are given; give those of the whole volume"
            )


def _observer(algorithm: ReportAlgorithm) -> ObserverContext:
    """The observer is a program."""
    weights = (f"{part} {digest}" for part, digest in sorted(algorithm.weights.items()))
    return ObserverContext(
        observer_type=codes.DCM.Device,
        observer_identifying_attributes=DeviceObserverIdentifyingAttributes(
            uid=derived_uid("device", algorithm.name, algorithm.version, *weights),
            name=MANUFACTURER,
            manufacturer_name=MANUFACTURER,
            model_name=algorithm.name,
        ),
    )


def _library(lesions: Sequence[Lesion], slices: Sequence[Dataset]) -> ContainerContentItem:
    """TID 1600: the images with a box, or the first one; OHIF reads no report without it."""
    indices = sorted({box.slice_index for lesion in lesions for box in lesion.boxes}) or [0]
    used = {slices[index].SOPInstanceUID: slices[index] for index in indices}
    group = ContainerContentItem(codes.DCM.ImageLibraryGroup, relationship_type="CONTAINS")
    group.ContentSequence = ContentSequence(
        [
            ImageContentItem(
                CodedConcept("260753009", "SCT", "Source"),
                header.SOPClassUID,
                uid,
                relationship_type="CONTAINS",
            )
            for uid, header in used.items()
        ]
    )
    library = ContainerContentItem(codes.DCM.ImageLibrary, relationship_type="CONTAINS")
    library.ContentSequence = ContentSequence([group])
    return library


def _evidence(slices: Sequence[Dataset]) -> list[Dataset]:
    """The images once each, with what highdicom looks up; the real values are put in later."""
    unique = {header.SOPInstanceUID: header for header in slices}
    evidence = []
    for header in unique.values():
        brief = Dataset()
        for keyword in NEEDED:
            setattr(brief, keyword, header[keyword].value)
        for keyword in PATIENT_AND_STUDY:
            setattr(brief, keyword, "")
        evidence.append(brief)
    return evidence


def _time_of(header: Dataset) -> datetime:
    """The first time that an image states; where it states none, one that says so."""
    for date_keyword, time_keyword in SOURCE_TIMES:
        try:
            date = DA(header.get(date_keyword) or None)
            time = TM(header.get(time_keyword) or "000000")
        except ValueError:
            continue
        if date is not None:
            return datetime.combine(date, time)
    return UNKNOWN_TIME
