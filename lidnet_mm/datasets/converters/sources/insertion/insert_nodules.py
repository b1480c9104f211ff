"""Nodules of known size and contrast, put into CT that has none of its own marked."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lidnet_mm.datasets.converters.checked_case import read_hounsfield
from lidnet_mm.datasets.converters.checks.hounsfield_check import check_hounsfield
from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.converter import Converter
from lidnet_mm.datasets.converters.lesion_boxes import LesionBox
from lidnet_mm.datasets.converters.source_case import (
    CaseContent,
    FoundCases,
    LeftOut,
    SourceCase,
    UnusableCaseError,
)
from lidnet_mm.datasets.converters.sources.insertion.insertion_options import (
    add_insertion_arguments,
    ranges_of,
)
from lidnet_mm.datasets.converters.sources.masks.labelled_volume import open_case_volume
from lidnet_mm.datasets.converters.sources.named_volumes import NamedVolume, find_named_volumes
from lidnet_mm.datasets.converters.sources.patient_names import patients_of
from lidnet_mm.datasets.nodules.changed_volume import ChangedVolume
from lidnet_mm.datasets.nodules.insertion import Insertion, insert_nodules
from lidnet_mm.datasets.nodules.lung_map import map_lungs
from lidnet_mm.datasets.nodules.nodule_kinds import NoduleRanges
from lidnet_mm.datasets.readers import CTVolume
from lidnet_mm.seeding import seed_for

NO_LUNGS = "it shows no lung to put nodules into"
NO_SPACING = (
    "its pixel spacing is not known, without which no nodule has a size; convert it to a file type "
    "that tells, such as .nii.gz"
)
UNEVEN = "its slices are not evenly spaced; give a volume that is complete"
NO_ROOM = "no nodule of the asked sizes fits into its lungs; ask for smaller ones"


@dataclass(frozen=True)
class InsertionPlan:
    """What is put into every volume.

    Attributes:
        ranges: From what nodules are drawn.
        number: Range of their number in a volume.
        negatives: Share of volumes that are left without.
        thickness: Of a slice in mm; None: the slices' distance.
    """

    ranges: NoduleRanges
    number: tuple[int, int]
    negatives: float
    thickness: float | None

    def count(self, rng: np.random.Generator) -> int:
        """Draw how many nodules a volume gets."""
        without = rng.random() < self.negatives
        return 0 if without else int(rng.integers(self.number[0], self.number[1] + 1))


class InsertNodules(Converter):
    """Volumes of any file type, each once or several times with other nodules.

    All slices are annotated: what the volumes showed before is taken for healthy.
    """

    name = "insert_nodules"
    description = "CT slices with inserted lung nodules of known size and contrast"
    class_name = "nodule"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the pattern of the volumes and what is put into them."""
        add_insertion_arguments(parser)

    def settings(self, options: Namespace) -> dict[str, Any]:
        """What is put in, for the json."""
        return {
            "diameter_mm": list(options.diameter_mm),
            "kinds": list(options.kinds),
            "margins": list(options.margins),
            "attachment": list(options.attachment),
            "solid_hu": list(options.solid_hu),
            "ground_glass_hu": list(options.ground_glass_hu),
            "min_contrast_hu": options.min_contrast_hu,
            "nodules": list(options.nodules),
            "copies": options.copies,
            "negatives": options.negatives,
            "slice_thickness_mm": options.slice_thickness_mm,
            "insert_seed": options.insert_seed,
        }

    def find_cases(self, source: Path, options: Namespace) -> FoundCases:
        """List every volume as often as it is to be used; see the base class."""
        plan = _plan(options)
        found = find_named_volumes(source, options.image, options.leave_out)
        names = [file.patient for file in found.files]
        remedy = "end {patient} before what tells scans apart in --image, or give --patients"
        patients = patients_of(names, options.patients, remedy)
        cases = [
            SourceCase(
                patients[file.patient],
                _reader(file, plan, seed_for("nodules", options.insert_seed, file.name, copy)),
                series=f"{file.name}, copy {copy}",
            )
            for copy in range(1, options.copies + 1)
            for file in found.files
        ]
        return FoundCases(cases, found.left_out)


def _plan(options: Namespace) -> InsertionPlan:
    """Check the options."""
    try:
        ranges = ranges_of(options)
    except ValueError as error:
        raise ConversionError(str(error)) from error
    low, high = options.nodules
    if not 1 <= low <= high <= np.iinfo(np.uint8).max:
        raise ConversionError(
            f"--nodules {low} {high}: give two increasing numbers from 1 to 255; for volumes "
            "without any give --negatives"
        )
    if options.copies < 1:
        raise ConversionError(f"--copies {options.copies}: give at least 1")
    if not 0 <= options.negatives < 1:
        raise ConversionError(f"--negatives {options.negatives:g}: give a share from 0 to below 1")
    thickness = options.slice_thickness_mm
    if thickness is not None and not thickness > 0:
        raise ConversionError(f"--slice-thickness-mm {thickness:g}: give a length above 0")
    return InsertionPlan(ranges, (low, high), options.negatives, thickness)


def _reader(file: NamedVolume, plan: InsertionPlan, seed: int) -> Callable[[], CaseContent]:
    """The function that reads one volume and changes it."""
    return lambda: _read(file, plan, np.random.default_rng(seed))


def _read(file: NamedVolume, plan: InsertionPlan, rng: np.random.Generator) -> CaseContent:
    """Put nodules into one volume."""
    volume = open_case_volume(file.path, f"image {file.path}")
    spacing = _spacing(volume, file)
    where = f"image {file.path}"
    voxels = read_hounsfield(volume, range(volume.num_slices), where)
    check_hounsfield(voxels, where)
    count = plan.count(rng)
    lungs = map_lungs(voxels, spacing)
    if not lungs.lungs.any():
        raise UnusableCaseError(NO_LUNGS, where)
    inserted = insert_nodules(voxels, spacing, lungs, plan.ranges, count, rng, plan.thickness)
    if count and not inserted.nodules:
        raise UnusableCaseError(NO_ROOM, where)
    missing = []
    if inserted.missing:
        missing = [LeftOut("annotation", NO_ROOM, where, count=inserted.missing)]
    limits = np.iinfo(np.int16)
    rounded = np.clip(np.rint(inserted.volume), limits.min, limits.max).astype(np.int16)
    return CaseContent(
        volume=ChangedVolume(volume, rounded, "with nodules"),
        boxes=_boxes(inserted),
        left_out=missing,
        lesion_mask=inserted.labels,
    )


def _spacing(volume: CTVolume, file: NamedVolume) -> tuple[float, float, float]:
    """Distance of slices, rows and columns in mm."""
    if volume.spacing is None or volume.slice_spacing is None:
        raise UnusableCaseError(NO_SPACING, f"image {file.path}")
    if not volume.uniform:
        raise UnusableCaseError(UNEVEN, f"image {file.path}")
    return (volume.slice_spacing, *volume.spacing)


def _boxes(inserted: Insertion) -> dict[int, list[LesionBox]]:
    """One box for each nodule and slice that shows it."""
    boxes: dict[int, list[LesionBox]] = {}
    for number, entry in enumerate(inserted.nodules, start=1):
        nodule = entry.nodule
        for index, contrast in entry.slice_contrast_hu.items():
            rows, columns = np.nonzero(inserted.labels[index] == number)
            box = LesionBox(
                x=int(columns.min()),
                y=int(rows.min()),
                width=int(np.ptp(columns)) + 1,
                height=int(np.ptp(rows)) + 1,
                area=len(rows),
                attributes={
                    "nodule": number,
                    "diameter_mm": round(nodule.diameter, 2),
                    "kind": nodule.kind,
                    "margin": nodule.margin,
                    "attachment": nodule.attachment,
                    "contrast_hu": round(entry.contrast_hu, 1),
                    "slice_contrast_hu": round(contrast, 1),
                },
            )
            boxes.setdefault(index, []).append(box)
    return boxes
