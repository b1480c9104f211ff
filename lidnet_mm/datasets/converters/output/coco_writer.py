"""COCO documents of CT slices, written whole or not at all."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lidnet_mm.atomic_write import write_whole


def coco_image(
    image_id: int,
    *,
    file_name: str,
    slice_index: int,
    shape: tuple[int, int],
    patient_id: str,
    spacing: tuple[float, float],
    slice_thickness: float | None,
    slice_in_file: int | None = None,
    series: str = "",
) -> dict[str, Any]:
    """Describe one slice.

    Args:
        image_id: Number of the slice, unique in the dataset.
        file_name: Path of the volume relative to the dataset's root.
        slice_index: Position in the volume, from 0 towards superior.
        shape: Rows and columns.
        patient_id: Pseudonym.
        spacing: Row and column spacing in mm.
        slice_thickness: Distance of neighbouring slices in mm; None where it is not known.
        slice_in_file: Position in the file where that is not the position in the volume.
        series: Which of the patient's volumes, where there are several.
    """
    record = {
        "id": image_id,
        "file_name": file_name,
        "slice_index": slice_index,
        "height": shape[0],
        "width": shape[1],
        "patient_id": patient_id,
        "spacing": [round(float(value), 6) for value in spacing],
    }
    if slice_thickness is not None:
        record["slice_thickness"] = round(float(slice_thickness), 6)
    if slice_in_file not in (None, slice_index):
        record["slice_in_file"] = slice_in_file
    if series:
        record["series"] = series
    return record


def coco_annotation(
    annotation_id: int, image_id: int, bbox: Sequence[float], area: float, category_id: int = 1
) -> dict[str, Any]:
    """Describe one lesion box.

    Args:
        annotation_id: Number of the box, unique in the dataset.
        image_id: Number of its slice.
        bbox: x, y, width, height in pixels; right and bottom edge exclusive.
        area: Lesion area in square pixels.
        category_id: Number of its category, from 1.
    """
    return {
        "id": annotation_id,
        "image_id": image_id,
        "category_id": category_id,
        "bbox": list(bbox),
        "area": area,
        "iscrowd": 0,
    }


def coco_document(
    images: Sequence[Mapping[str, Any]],
    annotations: Sequence[Mapping[str, Any]],
    info: Mapping[str, Any],
    class_names: Sequence[str] = ("lesion",),
) -> dict[str, Any]:
    """Join slices and boxes into a COCO document; categories are numbered from 1."""
    return {
        "info": dict(info),
        "images": list(images),
        "annotations": list(annotations),
        "categories": [
            {"id": number, "name": name} for number, name in enumerate(class_names, start=1)
        ],
    }


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write a json file under a temporary name and rename it, so that it is whole or absent.

    Args:
        path: Where to; the folder is made where missing.
        document: What to write; NaN and infinity are refused (``ValueError``).
    """
    text = json.dumps(document, allow_nan=False)
    write_whole(path, f"{text}\n".encode())
