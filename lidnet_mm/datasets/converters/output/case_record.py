"""What is kept of a converted case until the json files are written: plain values only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lidnet_mm.datasets.converters.checked_case import CheckedCase
from lidnet_mm.datasets.converters.numbering import NumberedCase
from lidnet_mm.datasets.converters.output.coco_writer import coco_annotation, coco_image
from lidnet_mm.datasets.converters.output.volume_files import SliceFile
from lidnet_mm.datasets.converters.same_volumes import DIGEST, digest_of
from lidnet_mm.datasets.converters.source_case import LeftOut

CLASS_NAME = "class_name"
"""Key of a box's category by name, which the document has by number."""


@dataclass(frozen=True)
class CaseFiles:
    """Where the slices of a case are.

    Attributes:
        ndct: Slice → file.
        ldct: Slice → file of its LDCT; empty where there is none.
        masks: Slice → file of its lesion mask; empty where there is none.
    """

    ndct: Mapping[int, SliceFile]
    ldct: Mapping[int, SliceFile]
    masks: Mapping[int, SliceFile]


def case_record(case: NumberedCase, checked: CheckedCase, files: CaseFiles) -> dict[str, Any]:
    """Describe a case in json values.

    Args:
        case: What it is called.
        checked: Its slices and boxes.
        files: Where they were written.

    Returns:
        ``part``, ``patient``, ``slices`` (image fields and boxes without ids), what
        :mod:`.conversion_summary` counts, and the digest of its voxels.
    """
    return {
        "part": case.part,
        "patient": case.patient,
        "slices": [_slice(case, checked, files, index) for index in sorted(checked.boxes)],
        "hu_range": list(checked.hu_range),
        "histogram": checked.histogram.tolist(),
        "too_small": checked.too_small,
        "without_body": checked.without_body,
        "left_out": left_out_records(checked.left_out, case.stem),
        DIGEST: digest_of(checked.hu),
    }


def unused_record(case: NumberedCase, left_out: LeftOut) -> dict[str, Any]:
    """Describe a case that cannot be used."""
    return {
        "part": case.part,
        "patient": case.patient,
        "slices": [],
        "left_out": left_out_records([left_out], case.stem),
    }


def left_out_records(left_out: Sequence[LeftOut], stem: str | None) -> list[dict[str, Any]]:
    """Describe what was left out, without the source's names.

    Args:
        left_out: What was left out.
        stem: Name of the case in the dataset; None where it is of no case.

    Returns:
        One record for each; equal ones of a slice are counted together.
    """
    counts: dict[tuple[str, str, int | None], int] = {}
    for entry in left_out:
        key = (entry.what, entry.reason, entry.slice_index)
        counts[key] = counts.get(key, 0) + entry.count
    return [
        {
            **({} if stem is None else {"case": stem}),
            "what": what,
            **({} if index is None else {"slice_index": index}),
            "count": count,
            "reason": reason,
        }
        for (what, reason, index), count in counts.items()
    ]


def _slice(
    case: NumberedCase, checked: CheckedCase, files: CaseFiles, index: int
) -> dict[str, Any]:
    """The image record of a slice and its boxes, without ids."""
    volume = checked.content.volume
    image = coco_image(
        0,
        file_name=files.ndct[index].name,
        slice_index=index,
        slice_in_file=files.ndct[index].index,
        shape=checked.hu.shape[1:],
        patient_id=case.patient,
        series=case.series,
        spacing=volume.spacing,
        slice_thickness=volume.slice_spacing,
    )
    for key, found in (("ldct", files.ldct), ("mask", files.masks)):
        if index in found:
            image[f"{key}_file_name"] = found[index].name
            image[f"{key}_slice_index"] = found[index].index
    boxes = [
        {
            **coco_annotation(0, 0, (box.x, box.y, box.width, box.height), box.area),
            **box.attributes,
            **({CLASS_NAME: box.class_name} if box.class_name else {}),
        }
        for box in checked.boxes[index]
    ]
    return {"image": image, "boxes": boxes}
