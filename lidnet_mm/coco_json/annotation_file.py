"""Reading an annotation file: what all readers of it share."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lidnet_mm.coco_json.box_records import BoxChecker
from lidnet_mm.coco_json.image_records import check_images
from lidnet_mm.coco_json.json_values import as_numbers, plain_id, shown
from lidnet_mm.coco_json.problems import REMEDY, Problems

PARTS = ("images", "annotations", "categories")


@dataclass(frozen=True)
class AnnotationFile:
    """The content of an annotation file, checked.

    Attributes:
        content: COCO: every box is inside of its slice, every id is a number of its own, and
            nothing that a lesion box needs is missing.
        corrected: What of the boxes was corrected, one phrase each; empty for what a converter
            writes. A reader that takes the file as it is sees something else.
    """

    content: dict[str, Any]
    corrected: tuple[str, ...]


def read_annotation_file(path: str | Path) -> AnnotationFile:
    """Read and check an annotation file.

    Args:
        path (str | Path): The file.

    Returns:
        AnnotationFile: Its content.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: As of :func:`parse_annotations`.
    """
    return parse_annotations(Path(path).read_bytes(), str(path))


def parse_annotations(data: bytes, name: str) -> AnnotationFile:
    """Check the content of an annotation file.

    Args:
        data (bytes): Json in UTF-8, with or without a byte order mark, or in UTF-16 or 32.
        name (str): What messages call the file.

    Returns:
        AnnotationFile: Its content.

    Raises:
        ValueError: If it is no json, not COCO, or has problems: one message names them with their
            records, the first ten in words.
    """
    content = parse_json(data, name)
    problems = Problems(name)
    categories = _check_categories(content["categories"], problems)
    images = check_images(content["images"], problems)
    given = {plain_id(record.get("id")) for record in content["images"]} - {None}
    checker = BoxChecker({i["id"]: i for i in images}, given, {*categories}, problems)
    boxes = checker.check(content["annotations"])
    problems.refuse()
    numbers = as_numbers([image["id"] for image in images])
    content = {
        **content,
        "images": [{**image, "id": numbers[image["id"]]} for image in images],
        "annotations": [
            {
                **box,
                "image_id": numbers[box["image_id"]],
                "category_id": categories[box["category_id"]],
            }
            for box in boxes
        ],
        "categories": [
            {**category, "id": categories[plain_id(category["id"])]}
            for category in content["categories"]
        ],
    }
    corrected = tuple(f"{n} {what}" for what, n in checker.corrected.items() if n)
    return AnnotationFile(content, corrected)


def parse_json(data: bytes, name: str) -> dict[str, Any]:
    """Read the json of an annotation file, whose records are not looked at.

    Args:
        data (bytes): As for :func:`parse_annotations`.
        name (str): What messages call the file.

    Returns:
        dict: The content, its parts lists of records.

    Raises:
        ValueError: If it is no json, or not COCO.
    """
    try:
        content = json.loads(data, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name} is not valid json ({error}): {REMEDY}") from error
    if not isinstance(content, dict) or not all(_is_records(content.get(key)) for key in PARTS):
        raise ValueError(
            f"{name} is not a COCO file: it needs {', '.join(PARTS)}, each a list of records;"
            f" {REMEDY}"
        )
    return content


def class_names(content: dict[str, Any]) -> tuple[str, ...]:
    """Names of the categories, in the order of the file.

    Args:
        content (dict): Of an :class:`AnnotationFile`.
    """
    return tuple(category["name"] for category in content["categories"])


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """A json object, which has no key twice: Python would take the last and forget the others."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"one record has {shown(twice)} twice")
    return found


def _is_records(value: object) -> bool:
    """Whether a part of the file is a list of json objects."""
    return isinstance(value, list) and all(isinstance(record, dict) for record in value)


def _check_categories(
    records: Sequence[dict[str, Any]], problems: Problems
) -> dict[int | str, int]:
    """Id → number of each category; ids and names come once."""
    ids: list[int | str] = []
    names: list[str] = []
    for place, record in enumerate(records):
        name, one = record.get("name"), plain_id(record.get("id"))
        where = f"categories[{place}]"
        if one is None:
            problems.add(where, f"has id {shown(record.get('id'))}, no number and no text")
        elif one in ids:
            problems.add(where, f"has id {shown(one)} as another one")
        else:
            ids.append(one)
        if not isinstance(name, str) or not name:
            problems.add(where, f"has name {shown(name)}, no text")
        elif name in names:
            problems.add(where, f"has name {shown(name)} as another one")
        else:
            names.append(name)
    return as_numbers(ids)


def require_annotated(content: dict[str, Any], name: str) -> None:
    """Refuse slices of unknown lesions.

    Args:
        content (dict): As of :class:`AnnotationFile`.
        name (str): What messages call the file.

    Raises:
        ValueError: If nobody looked for lesions in them.
    """
    info = content.get("info")
    if isinstance(info, dict) and info.get("annotated") is False:
        raise ValueError(
            f"{name} has slices in which nobody looked for lesions, and a detector would learn "
            "them as negatives: set unannotated=True of the dataset in the config to train or "
            "measure a denoiser alone on them"
        )
