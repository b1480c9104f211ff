"""Convert pairs of a NIfTI image and a NIfTI lesion mask to COCO json of slices with boxes.

The result is a folder ``annotations/{train,val,test}.json`` and ``volumes/case_0001.nii.gz …``;
the volumes are links to the source or, on demand, copies without header texts. A part of the
split that gets no patient gets no file. Slices of nothing but air are left out: they have no
noise level to which a low dose could be simulated, and nothing to detect.

Patients are numbered in the natural order of their source names, whatever the seed: a case keeps
its number from one split to the next, so that runs on different splits can be compared case by
case. Numbering in an order drawn from the seed would hide nothing, because the seed is published
in the json. Source names appear in no json; the links' targets tell them unless volumes are
copied, and errors on the terminal name the file that is wrong.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmengine.logging import MMLogger

import lidnet_mm
from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.output.coco_writer import (
    coco_annotation,
    coco_document,
    coco_image,
    write_json,
)
from lidnet_mm.datasets.converters.output.conversion_summary import ConversionSummary, PartSummary
from lidnet_mm.datasets.converters.output.header_text import copy_without_header_text
from lidnet_mm.datasets.converters.output.staged_folder import check_destination, staged_folder
from lidnet_mm.datasets.converters.patient_split import DEFAULT_SPLIT, PARTS, split_patients
from lidnet_mm.datasets.converters.sources.lesion_case import LesionCase, read_case
from lidnet_mm.datasets.converters.sources.source_pattern import SourcePair, find_pairs


@dataclass(frozen=True)
class NiftiMaskSettings:
    """How to convert.

    Attributes:
        image: Pattern of the images, see :func:`~.source_pattern.find_pairs`.
        mask: Pattern of the masks.
        split: Part → number of patients or fraction, see :func:`~.patient_split.split_patients`.
        seed: Which of the possible splits.
        min_size_mm: Components whose larger box side is below this many mm get no box.
        connectivity: 8 joins pixels that touch at a corner, 4 does not.
        class_name: Name of the only category.
        copy: Copy the volumes and clear the texts of their headers, instead of linking them.
        only_lesion_slices: Leave slices without box out of the json.
        allow_no_lesion: Keep patients without any lesion as negatives.
        overwrite: Replace an earlier dataset in the same folder.
    """

    image: str = "{patient}/image.nii.gz"
    mask: str = "{patient}/mask.nii.gz"
    split: Mapping[str, int | float] = field(default_factory=lambda: dict(DEFAULT_SPLIT))
    seed: int = 0
    min_size_mm: float = 0.0
    connectivity: int = 8
    class_name: str = "lesion"
    copy: bool = False
    only_lesion_slices: bool = False
    allow_no_lesion: bool = False
    overwrite: bool = False


def convert_nifti_masks(
    source: Path, out: Path, settings: NiftiMaskSettings, dry_run: bool = False
) -> ConversionSummary:
    """Convert a folder of NIfTI pairs.

    Args:
        source: Folder with the volumes.
        out: Folder to write; see :func:`~.staged_folder.check_destination`.
        settings: How to convert.
        dry_run: Read and check everything, but write nothing.

    Returns:
        What was found.

    Raises:
        ConversionError: Anything from which no correct dataset can be made; nothing is written.
    """
    source, out = Path(source), Path(out)
    pairs = find_pairs(source, settings.image, settings.mask)
    parts = split_patients([pair.patient for pair in pairs], settings.split, settings.seed)
    check_destination(out, source, settings.overwrite)
    cases = [_read_case(pair, number, settings) for number, pair in enumerate(pairs, start=1)]
    by_part = {name: [c for c in cases if parts[c.pair.patient] == name] for name in PARTS}
    documents = _documents(by_part, settings)
    summary = ConversionSummary(
        tuple(_summarise(name, by_part[name], documents.get(name)) for name in PARTS)
    )
    if not dry_run:
        with staged_folder(out) as staging:
            _write(staging, cases, documents, settings.copy)
    return summary


def volume_name(case: LesionCase) -> str:
    """Path of a case's volume relative to the dataset's root."""
    suffix = ".nii.gz" if case.pair.image.name.endswith(".gz") else ".nii"
    return f"volumes/{case.pseudonym}{suffix}"


def _read_case(pair: SourcePair, number: int, settings: NiftiMaskSettings) -> LesionCase:
    """Read one patient and log what was found."""
    case = read_case(
        pair,
        f"case_{number:04d}",
        min_size_mm=settings.min_size_mm,
        connectivity=settings.connectivity,
        allow_no_lesion=settings.allow_no_lesion,
    )
    MMLogger.get_current_instance().info(
        "%s: %d slices, %d with lesion, %d slices without body left out",
        case.pseudonym,
        len(case.boxes),
        sum(bool(boxes) for boxes in case.boxes),
        case.without_body,
    )
    return case


def _documents(
    by_part: Mapping[str, Sequence[LesionCase]], settings: NiftiMaskSettings
) -> dict[str, dict[str, Any]]:
    """Make the COCO document of every part that has patients; ids are unique across parts."""
    documents: dict[str, dict[str, Any]] = {}
    image_id = annotation_id = 1
    for part, cases in by_part.items():
        images: list[dict[str, Any]] = []
        annotations: list[dict[str, Any]] = []
        for case in cases:
            for index, boxes in enumerate(case.boxes):
                if not case.has_body[index] or (settings.only_lesion_slices and not boxes):
                    continue
                images.append(_image(image_id, case, index))
                for box in boxes:
                    bbox = (box.x, box.y, box.width, box.height)
                    annotations.append(coco_annotation(annotation_id, image_id, bbox, box.area))
                    annotation_id += 1
                image_id += 1
        if not cases:
            continue
        if not images:
            raise ConversionError(
                f"part {part}: no slice has a lesion; leave out --only-lesion-slices"
            )
        info = _info(part, settings)
        documents[part] = coco_document(images, annotations, info, settings.class_name)
    return documents


def _image(image_id: int, case: LesionCase, index: int) -> dict[str, Any]:
    """Describe one slice of a case."""
    return coco_image(
        image_id,
        file_name=volume_name(case),
        slice_index=index,
        shape=case.shape,
        patient_id=case.pseudonym,
        spacing=case.spacing,
        slice_thickness=case.slice_thickness,
    )


def _info(part: str, settings: NiftiMaskSettings) -> dict[str, Any]:
    """Say how a document was made. Patterns are left out: they may hold names."""
    return {
        "description": "CT slices with lesion boxes, from NIfTI masks",
        "version": lidnet_mm.__version__,
        "converter": {
            "name": "nifti_masks",
            "min_size_mm": settings.min_size_mm,
            "connectivity": settings.connectivity,
            "only_lesion_slices": settings.only_lesion_slices,
            "allow_no_lesion": settings.allow_no_lesion,
        },
        "part": part,
        "split": dict(settings.split),
        "seed": settings.seed,
    }


def _summarise(
    name: str, cases: Sequence[LesionCase], document: Mapping[str, Any] | None
) -> PartSummary:
    """Count what a part holds."""
    boxes = [(case, box) for case in cases for slice_boxes in case.boxes for box in slice_boxes]
    annotations = document["annotations"] if document else []
    ranges = [case.hu_range for case in cases]
    return PartSummary(
        name=name,
        patients=len(cases),
        slices=len(document["images"]) if document else 0,
        lesion_slices=len({annotation["image_id"] for annotation in annotations}),
        sizes_mm=tuple(box.size_mm(case.spacing) for case, box in boxes),
        dropped=sum(case.dropped for case in cases),
        without_body=sum(case.without_body for case in cases),
        hu_range=(min(r[0] for r in ranges), max(r[1] for r in ranges)) if ranges else None,
    )


def _write(
    staging: Path,
    cases: Sequence[LesionCase],
    documents: Mapping[str, Mapping[str, Any]],
    copy: bool,
) -> None:
    """Write volumes and annotations into the staging folder."""
    (staging / "volumes").mkdir()
    for case in cases:
        target = staging / volume_name(case)
        if copy:
            copy_without_header_text(case.pair.image, target)
        else:
            target.symlink_to(case.pair.image.absolute())
    for part, document in documents.items():
        write_json(staging / "annotations" / f"{part}.json", document)
