"""Lesions as COCO json with their places in the patient beside it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lidnet_mm.datasets.converters.output.coco_writer import write_json
from lidnet_mm.evaluation.lesions import Lesion, SliceGeometry

COORDINATES = {
    "slice_index": "from 0, towards superior",
    "rows": "towards posterior",
    "columns": "towards left",
    "bbox": "x, y, width, height in pixels; pixel column 3 reaches from x = 3 to 4",
    "mm": "patient coordinates of DICOM (LPS+): x towards left, y towards posterior, z towards"
    " superior; null where the source does not tell its place",
    "first_pixel_mm": "centre of the pixel in row 0 and column 0",
    "centre_mm": "mean of the middles of the boxes, weighted by their areas",
    "diameter_mm": "longer side of the largest box",
    "extent_mm": "from the lower face of the first slice to the upper face of the last one",
}
"""What the numbers of the file mean; part of every file."""


def write_lesions_json(
    path: Path, lesions: Sequence[Lesion], geometry: SliceGeometry, class_names: Sequence[str]
) -> None:
    """Write the lesions of a volume, whole or not at all.

    The file is COCO: every slice is an image (``id`` = slice index + 1), every box an annotation
    with its ``score`` and the number of its ``lesion``. ``lesions`` holds the measures. Nothing in
    it names the patient or the source.

    Args:
        path: The file.
        lesions: In the order of their numbers, from 1.
        geometry: The volume on which they were found.
        class_names: All classes of the detector in its order; category ids count from 1.

    Raises:
        ValueError: A lesion's class is not among them.
        OSError: It cannot be written.
    """
    categories = {name: number for number, name in enumerate(class_names, 1)}
    unknown = sorted({lesion.label for lesion in lesions} - set(categories))
    if unknown:
        raise ValueError(f"no category for {', '.join(unknown)}; give all classes of the detector")
    annotations: list[dict[str, Any]] = []
    records = []
    for number, lesion in enumerate(lesions, 1):
        first = len(annotations) + 1
        annotations += _annotations(lesion, number, categories[lesion.label], first)
        records.append(_record(lesion, number, range(first, len(annotations) + 1)))
    write_json(
        path,
        {
            "info": {
                "description": "lesions found by lidnet_mm; not for diagnosis",
                "coordinates": COORDINATES,
            },
            "images": [_image(index, geometry) for index in range(geometry.num_slices)],
            "annotations": annotations,
            "categories": [{"id": number, "name": name} for name, number in categories.items()],
            "lesions": records,
        },
    )


def _image(index: int, geometry: SliceGeometry) -> dict[str, Any]:
    """A slice."""
    height, width = geometry.slice_shape
    image = {"id": index + 1, "slice_index": index, "height": height, "width": width}
    if geometry.spacing is not None:
        image["spacing"] = [round(float(size), 6) for size in geometry.spacing]
        image["first_pixel_mm"] = _rounded(geometry.voxel_position(index, 0, 0).tolist())
    return image


def _annotations(lesion: Lesion, number: int, category: int, first: int) -> list[dict[str, Any]]:
    """The boxes of a lesion, the first one numbered ``first``."""
    return [
        {
            "id": first + place,
            "image_id": box.slice_index + 1,
            "category_id": category,
            "bbox": _rounded((*box.box[:2], *box.size[::-1])),
            "area": round(box.area, 4),
            "iscrowd": 0,
            "score": round(box.score, 6),
            "lesion": number,
        }
        for place, box in enumerate(lesion.boxes)
    ]


def _record(lesion: Lesion, number: int, annotation_ids: range) -> dict[str, Any]:
    """A lesion and its measures."""
    return {
        "number": number,
        "label": lesion.label,
        "score": round(lesion.score, 6),
        "first_slice": lesion.first_slice,
        "last_slice": lesion.last_slice,
        "key_slice": lesion.key_slice,
        "centre_mm": None if lesion.centre_mm is None else _rounded(lesion.centre_mm),
        "diameter_mm": None if lesion.diameter_mm is None else round(lesion.diameter_mm, 4),
        "extent_mm": None if lesion.extent_mm is None else round(lesion.extent_mm, 4),
        "annotation_ids": list(annotation_ids),
    }


def _rounded(values: Sequence[float]) -> list[float]:
    """Numbers to four digits: a tenth of a micrometre."""
    return [round(float(value), 4) for value in values]
