"""What annotation files say of lesions besides where they are."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mmengine.fileio import get

from lidnet_mm.coco_json.annotation_file import parse_annotations

COCO_KEYS = frozenset(
    ("id", "image_id", "category_id", "bbox", "area", "iscrowd", "segmentation", "ignore")
)
"""Keys of an annotation that say where a lesion is; the others say what it is."""

Attributes = Mapping[str, str | float | int | bool]
Place = tuple[str, str, int, tuple[float, ...]]
"""Patient, series, slice and x1 y1 x2 y2 in pixels."""


def read_attributes(dataset: Any) -> dict[Place, Attributes]:
    """Attributes of all lesions of a data set that have any.

    Args:
        dataset: A ``CTLesionDataset``, or MMEngine's wrapper of some.

    Returns:
        The attributes by where the lesion is.
    """
    found: dict[Place, Attributes] = {}
    for inner in _innermost(dataset):
        found.update(_read(inner.ann_file))
    return found


def place(record: Mapping[str, Any], box: tuple[float, ...]) -> Place:
    """Where a lesion is.

    Args:
        record: ``patient_id``, ``slice_index``, and ``series`` where there is one.
        box: x1 y1 x2 y2 in pixels of the whole slice.

    Returns:
        Its place.
    """
    edges = tuple(float(edge) for edge in box)
    return (
        str(record["patient_id"]),
        str(record.get("series") or ""),
        int(record["slice_index"]),
        edges,
    )


def _read(path: str | Path) -> dict[Place, Attributes]:
    """Attributes in one annotation file."""
    content = parse_annotations(get(path), str(path)).content
    told = [entry for entry in content["annotations"] if not COCO_KEYS.issuperset(entry)]
    wanted = {entry["image_id"] for entry in told}
    images = {record["id"]: record for record in content["images"] if record["id"] in wanted}
    found = {}
    for entry in told:
        if entry["image_id"] in images:
            x, y, width, height = entry["bbox"]
            where = place(images[entry["image_id"]], (x, y, x + width, y + height))
            found[where] = {
                key: value
                for key, value in entry.items()
                if key not in COCO_KEYS and isinstance(value, str | float | int | bool)
            }
    return found


def _innermost(dataset: Any) -> Iterator[Any]:
    """The data sets with an annotation file inside MMEngine's wrappers."""
    if hasattr(dataset, "ann_file"):
        yield dataset
        return
    for inside in getattr(dataset, "datasets", None) or [dataset.dataset]:
        yield from _innermost(inside)
