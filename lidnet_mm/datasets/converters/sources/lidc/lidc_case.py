"""One CT of LIDC-IDRI with the nodules on which its readers agree."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from lidnet_mm.datasets.converters.lesion_boxes import LesionBox
from lidnet_mm.datasets.converters.source_case import CaseContent, LeftOut, UnusableCaseError
from lidnet_mm.datasets.converters.sources.dicom_series import DicomSeries
from lidnet_mm.datasets.converters.sources.display_box import display_box
from lidnet_mm.datasets.converters.sources.lidc.enclosed_pixels import nodule_pixels
from lidnet_mm.datasets.converters.sources.lidc.lidc_readings import Outline, ReadNodule, read_lidc
from lidnet_mm.datasets.converters.sources.lidc.reader_consensus import (
    DrawnNodule,
    SliceGrid,
    consensus_boxes,
    group_nodules,
)
from lidnet_mm.datasets.readers import DicomVolume


@dataclasses.dataclass(frozen=True)
class ReadingRules:
    """When readers agree.

    Attributes:
        consensus: Readers who must have drawn a nodule.
        outline: How their outlines become one box, see :data:`~.reader_consensus.OUTLINES`.
        near_mm: Largest distance in mm of what two readers drew of one nodule; None: the distance
            of slices.
    """

    consensus: int = 3
    outline: str = "half"
    near_mm: float | None = None


def read_lidc_case(series: DicomSeries, path: Path, rules: ReadingRules) -> CaseContent:
    """Read one CT and its reading.

    Args:
        series: The CT.
        path: Its XML file.
        rules: When readers agree.

    Raises:
        UnusableCaseError: The slices are not one volume, or there are fewer readers than have to
            agree.
    """
    volume = series.open()
    reading = read_lidc(path)
    if reading.readers < rules.consensus:
        raise UnusableCaseError(
            f"it has {reading.readers} readers, of whom {rules.consensus} cannot agree; lower "
            "--consensus",
            str(path),
        )
    left_out = _Counts(str(path))
    left_out.add("a non-nodule", reading.non_nodules)
    marks = [nodule for nodule in reading.nodules if nodule.is_mark]
    left_out.add("the mark of a nodule below 3 mm", len(marks))
    slice_of = {uid: index for index, uid in enumerate(volume.sop_instance_uids)}
    drawn = []
    for nodule in (each for each in reading.nodules if not each.is_mark):
        one = _drawn(nodule, slice_of, volume.stored_shape[1:], left_out)
        if one is not None:
            drawn.append(one)
    boxes = _agreed(drawn, volume, rules, left_out)
    touched = {
        slice_of.get(outline.sop_uid) for nodule in reading.nodules for outline in nodule.outlines
    }
    annotated = frozenset(range(volume.num_slices)) - (touched - boxes.keys())
    return CaseContent(volume, boxes, annotated=annotated, left_out=left_out.entries())


class _Counts:
    """What is left out of a file, counted by reason."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._counts: dict[str, int] = {}

    def add(self, reason: str, count: int = 1) -> None:
        """Count something."""
        if count:
            self._counts[reason] = self._counts.get(reason, 0) + count

    def entries(self) -> list[LeftOut]:
        """All that was counted."""
        return [
            LeftOut("annotation", reason, self._source, count=count)
            for reason, count in self._counts.items()
        ]


def _drawn(
    nodule: ReadNodule, slice_of: Mapping[str, int], shape: tuple[int, int], left_out: _Counts
) -> DrawnNodule | None:
    """The pixels of a nodule; None where there are none."""
    by_slice: dict[int, list[Outline]] = {}
    for outline in nodule.outlines:
        if outline.sop_uid not in slice_of:
            left_out.add("an outline on a slice that is not there")
        elif (outline.points >= shape).any():
            left_out.add("an outline beyond the image")
        else:
            by_slice.setdefault(slice_of[outline.sop_uid], []).append(outline)
    pixels = {index: nodule_pixels(lines, shape) for index, lines in by_slice.items()}
    pixels = {index: found for index, found in pixels.items() if len(found)}
    if not pixels:
        left_out.add("a nodule whose outlines enclose no pixel")
        return None
    return DrawnNodule(nodule.reader, pixels, nodule.malignancy)


def _agreed(
    drawn: Sequence[DrawnNodule], volume: DicomVolume, rules: ReadingRules, left_out: _Counts
) -> dict[int, list[LesionBox]]:
    """The boxes of the nodules that enough readers drew."""
    columns = volume.stored_shape[2]
    heights = [float(volume.slice_position(index)[2]) for index in range(volume.num_slices)]
    rows_mm, columns_mm = np.linalg.norm(volume.affine[:3, 1:3], axis=0)
    grid = SliceGrid(columns, (float(rows_mm), float(columns_mm)), heights)
    near = rules.near_mm if rules.near_mm is not None else (volume.slice_spacing or 0.0)
    boxes: dict[int, list[LesionBox]] = {}
    number = 0
    for group in group_nodules(drawn, grid, near):
        if len(group) < rules.consensus:
            left_out.add(f"a nodule that fewer than {rules.consensus} readers drew")
            continue
        number += 1
        attributes = _attributes(group, number)
        for index, box in consensus_boxes(group, columns, rules.outline).items():
            box = dataclasses.replace(box, attributes=attributes)
            boxes.setdefault(index, []).append(display_box(box, volume))
    return boxes


def _attributes(group: Sequence[DrawnNodule], number: int) -> dict[str, float | int]:
    """What is said of a nodule beside its boxes."""
    attributes: dict[str, float | int] = {"nodule": number, "readers": len(group)}
    grades = [nodule.malignancy for nodule in group if nodule.malignancy is not None]
    if grades:
        attributes["malignancy"] = round(sum(grades) / len(grades), 2)
    return attributes
