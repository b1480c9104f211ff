"""Cases of DICOM series whose slices have Pascal-VOC files."""

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path

from mmengine.logging import MMLogger

from lidnet_mm.datasets.converters.left_out_lines import MOST_NAMES
from lidnet_mm.datasets.converters.lesion_boxes import LesionBox
from lidnet_mm.datasets.converters.source_case import (
    CaseContent,
    FoundCases,
    LeftOut,
    SourceCase,
    UnusableCaseError,
)
from lidnet_mm.datasets.converters.sources.dicom_series import DicomSeries
from lidnet_mm.datasets.converters.sources.display_box import display_box
from lidnet_mm.datasets.converters.sources.outside_xml import AnnotationError
from lidnet_mm.datasets.converters.sources.voc.annotation_files import one_annotation
from lidnet_mm.datasets.converters.sources.voc.voc_boxes import VocAnnotation, read_voc
from lidnet_mm.datasets.readers.dicom_slice import DicomSlice

SliceName = Callable[[DicomSlice], str]
"""What the XML file of a slice is called, without suffix."""


@dataclasses.dataclass(frozen=True)
class VocReading:
    """How VOC files are read.

    Attributes:
        corners: What the corners of boxes mean, see :data:`~.voc_boxes.CORNERS`.
        names: Classes of objects that become boxes; empty for all.
        known: Names that may be written into the data set besides those. All others are free text,
            which may name a patient.
        unknown: Receives the names that are neither.
    """

    corners: str = "from-1"
    names: Collection[str] = ()
    known: Collection[str] = ()
    unknown: set[str] = dataclasses.field(default_factory=set, compare=False)

    def attributes(self, name: str) -> dict[str, str]:
        """What is kept of an object's class; tells of several names that are taken as one class."""
        if name in self.names or name in self.known:
            return {"lesion_type": name}
        if name not in self.unknown:
            self.unknown.add(name)
            _warn_of_names(self.unknown, name)
        return {}


def uid_of(each: DicomSlice) -> str:
    """Name of a slice where XML files are called by its SOPInstanceUID."""
    return each.sop_instance_uid


def stem_of(each: DicomSlice) -> str:
    """Name of a slice where XML files are called as its DICOM file."""
    name = each.file.name
    return each.file.stem if each.file.suffix.lower() in (".dcm", ".ima", ".dicom") else name


def voc_cases(
    series: Sequence[DicomSeries], xml_files: Sequence[Path], name: SliceName, reading: VocReading
) -> FoundCases:
    """Match XML files to slices.

    Where several slices have the name of an XML file, the one in its own folder is meant.

    Args:
        series: The series.
        xml_files: The XML files.
        name: What the XML file of a slice is called.
        reading: How the files are read.

    Returns:
        A case for each series with an XML file. Left out are series without one, XML files
        without a slice, and those that cannot tell which slice they mean.
    """
    slices: dict[str, list[tuple[int, DicomSlice]]] = {}
    for number, each in enumerate(series):
        for one in each.slices:
            slices.setdefault(name(one), []).append((number, one))
    by_slice: dict[Path, list[Path]] = {}
    number_of: dict[Path, int] = {}
    left_out = []
    for path in xml_files:
        found = slices.get(path.stem, [])
        found = [each for each in found if each[1].file.parent == path.parent] or found
        if len(found) == 1:
            number, one = found[0]
            number_of[one.file] = number
            by_slice.setdefault(one.file, []).append(path)
            continue
        reason = "several slices have its name" if found else "no slice that is used has its name"
        left_out.append(LeftOut("annotation", reason, str(path)))
    chosen: dict[int, dict[Path, Path]] = {}
    for file, paths in by_slice.items():
        one, doubles = one_annotation(paths)
        left_out += doubles
        if one is not None:
            chosen.setdefault(number_of[file], {})[file] = one
    left_out += [
        LeftOut("volume", "none of its slices has an annotation", f"series {each.name}")
        for number, each in enumerate(series)
        if number not in chosen
    ]
    cases = [_case(series[number], chosen[number], reading) for number in sorted(chosen)]
    return FoundCases(cases, left_out)


def _warn_of_names(names: Collection[str], last: str) -> None:
    """Say which classes of objects become one: of the second name all, then each further one."""
    if 1 < len(names) <= MOST_NAMES:
        found = ", ".join(repr(name) for name in (sorted(names) if len(names) == 2 else [last]))
        more = "" if len(names) < MOST_NAMES else " (further names are not shown)"
        MMLogger.get_current_instance().warning(
            f"objects of the XML files are called {found}{more}: all of them are taken as lesions"
            " of one class, and the names are not written, for they may be a patient's; --classes"
            " NAME ... takes those classes alone and writes their names"
        )


def _case(series: DicomSeries, xml_files: Mapping[Path, Path], reading: VocReading) -> SourceCase:
    """The case of one series."""
    return SourceCase(series.patient, partial(_read, series, xml_files, reading), series.name)


def _read(series: DicomSeries, xml_files: Mapping[Path, Path], reading: VocReading) -> CaseContent:
    """Read one series and the boxes of its slices."""
    volume = series.open()
    boxes: dict[int, tuple[LesionBox, ...]] = {}
    left_out: list[LeftOut] = []
    for index, file in enumerate(volume.slice_files):
        if file not in xml_files:
            continue
        try:
            annotation = read_voc(xml_files[file])
            _check_shape(annotation, volume.stored_shape[1:])
        except AnnotationError as error:
            left_out.append(LeftOut("annotation", error.reason, error.source, index))
            continue
        wanted, others = _boxes(annotation, reading)
        if others:
            reason = "an object of another class"
            left_out.append(LeftOut("box", reason, str(annotation.path), index, others))
        boxes[index] = tuple(display_box(box, volume) for box in wanted)
    if not boxes:
        raise UnusableCaseError(
            "none of its annotations can be used; correct or download them again",
            f"series {series.name}: {left_out[0].source} {left_out[0].reason}",
        )
    return CaseContent(volume, boxes, annotated=frozenset(boxes), left_out=left_out)


def _check_shape(annotation: VocAnnotation, shape: tuple[int, ...]) -> None:
    """Refuse boxes drawn on a picture of another size."""
    if annotation.shape is not None and annotation.shape != tuple(shape):
        raise AnnotationError(
            "its image has another size than its slice",
            f"{annotation.path} (rows, columns {annotation.shape} and {tuple(shape)})",
        )


def _boxes(annotation: VocAnnotation, reading: VocReading) -> tuple[list[LesionBox], int]:
    """The boxes of the wanted classes, and how many there are of others."""
    wanted = [
        dataclasses.replace(each.box(reading.corners), attributes=reading.attributes(each.name))
        for each in annotation.objects
        if not reading.names or each.name in reading.names
    ]
    return wanted, len(annotation.objects) - len(wanted)
