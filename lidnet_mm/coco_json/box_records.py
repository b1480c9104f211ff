"""The annotations of an annotation file: one record a lesion box."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from lidnet_mm.coco_json.box_corners import corners_instead, fractions_instead
from lidnet_mm.coco_json.json_values import number, plain_id, shown, whole
from lidnet_mm.coco_json.problems import Problems

OVERHANG = 1.0
"""Pixels that a box may reach past the border and be cut: some count the last pixel twice."""

ROUNDING = 1e-6
"""Pixels past the border that nobody meant."""

SMALLEST_SIDE = 1.0
"""Pixels: MMDetection drops narrower boxes. A lesion is on one pixel at least."""


class BoxChecker:
    """Checks the boxes of a file, and corrects what can be meant in one way only.

    Args:
        images (Mapping[int | str, dict]): Id → record of a slice that is right.
        given (set[int | str]): Ids of all slices in the file, right or not.
        categories (set[int | str]): Ids of the categories.
        problems (Problems): Receives what is wrong.
    """

    def __init__(
        self,
        images: Mapping[int | str, dict[str, Any]],
        given: set[int | str],
        categories: set[int | str],
        problems: Problems,
    ) -> None:
        self.images, self.given, self.categories = images, given, categories
        self.problems = problems
        self.corrected: Counter[str] = Counter()

    def check(self, records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Check all boxes.

        Args:
            records (Sequence[dict]): As they are in the file.

        Returns:
            list[dict]: Those that are right: inside of their slices, at least a pixel wide and
                high, with area, ``iscrowd`` and an id of their own. The counts of what was
                corrected are in ``corrected``.
        """
        checked = []
        for place, record in enumerate(records):
            found = self._problems_of(record)
            for what in found:
                self.problems.add(_name_of(place, record), what)
            if not found:
                checked.append(self._plain(record))
        shapes = [(r["bbox"], r.get("area"), self._shape(r)) for r in checked]
        reason = fractions_instead([record["bbox"] for record in checked])
        reason = reason or corners_instead([shape for shape in shapes if shape[2] is not None])
        if reason:
            self.problems.add("bbox of all annotations", reason)
            return []
        inside = [self._inside(place, record) for place, record in enumerate(checked)]
        return self._numbered(self._once([record for record in inside if record is not None]))

    def _problems_of(self, record: dict[str, Any]) -> list[str]:
        """What is wrong with one record by itself."""
        missing = [key for key in ("image_id", "category_id", "bbox") if record.get(key) is None]
        if missing:
            return [f"has no {', '.join(missing)}"]
        found = []
        if plain_id(record["image_id"]) not in self.given:
            found.append("is of no image in the file")
        if plain_id(record["category_id"]) not in self.categories:
            found.append(
                f"has category_id {shown(record['category_id'])}, which is not among categories"
            )
        bbox = record["bbox"]
        sides = [number(v) for v in bbox] if isinstance(bbox, list) else []
        if len(sides) != 4 or None in sides:
            found.append(f"has bbox {shown(bbox)}, not four numbers x, y, width, height")
        elif min(sides[2:]) <= 0:
            found.append(f"has bbox {shown(bbox)}, whose width or height is not above 0")
        area = record.get("area")
        if area is not None and (number(area) is None or number(area) < 0):
            found.append(f"has area {shown(area)}, no number from 0")
        for key in ("iscrowd", "ignore"):
            if record.get(key) not in (None, 0, 1):
                found.append(f"has {key} {shown(record[key])}, neither 0 nor 1")
        diameter = record.get("diameter_mm")
        if diameter is not None and not (number(diameter) or 0) > 0:
            found.append(f"has diameter_mm {shown(diameter)}, not a length in mm")
        return found

    def _plain(self, record: dict[str, Any]) -> dict[str, Any]:
        """A record with plain ids, and ``ignore``, which MMDetection drops, as ``iscrowd``."""
        plain = {key: value for key, value in record.items() if key not in ("ignore", "area")}
        if record.get("iscrowd") is None:
            self.corrected["without iscrowd"] += 1
        if record.get("ignore") and not record.get("iscrowd"):
            self.corrected["with ignore, taken as iscrowd"] += 1
        ids = [record["image_id"], record["category_id"]]
        if not all(isinstance(one, int) for one in ids):
            self.corrected["whose ids are no numbers"] += 1
        if record.get("area"):
            plain["area"] = record["area"]
        return {
            **plain,
            "image_id": plain_id(record["image_id"]),
            "category_id": plain_id(record["category_id"]),
            "iscrowd": int(bool(record.get("iscrowd") or record.get("ignore"))),
        }

    def _shape(self, record: dict[str, Any]) -> tuple[int, int] | None:
        """Rows and columns of a box's slice; None where that is not right itself."""
        image = self.images.get(record["image_id"])
        return None if image is None else (image["height"], image["width"])

    def _inside(self, place: int, record: dict[str, Any]) -> dict[str, Any] | None:
        """A record whose box lies in its slice; None where it does not, which is a problem."""
        shape = self._shape(record)
        if shape is None:
            return None
        x, y, width, height = record["bbox"]
        sides = [(x, width, shape[1]), (y, height, shape[0])]
        beyond = max(max(-low, low + length - size) for low, length, size in sides)
        cut = [_cut(*side) for side in sides]
        if beyond > OVERHANG + ROUNDING or min(length for _, length in cut) <= 0:
            self.problems.add(
                _name_of(place, record),
                f"has bbox {shown(record['bbox'])}, x, y, width, height, which reaches beyond its"
                f" slice of {shape[1]} x {shape[0]} pixels",
            )
            return None
        self.corrected["cut at the border of the slice"] += beyond > ROUNDING
        thin = min(length for _, length in cut) < SMALLEST_SIDE
        self.corrected["narrower than a pixel, drawn as wide as one"] += thin
        (left, wide), (top, high) = (
            _at_least_a_pixel(*side, size) for side, size in zip(cut, shape[::-1], strict=True)
        )
        box = [left, top, wide, high]
        self.corrected["without area"] += "area" not in record
        return {**record, "bbox": box, "area": record.get("area", box[2] * box[3])}

    def _once(self, records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Records that differ in more than their ids."""
        known: dict[str, dict[str, Any]] = {}
        for record in records:
            content = {key: value for key, value in record.items() if key != "id"}
            known.setdefault(json.dumps(content, sort_keys=True), record)
        self.corrected["written twice, taken once"] += len(records) - len(known)
        return list(known.values())

    def _numbered(self, records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Records with numbers of their own from 1, as pycocotools needs them."""
        ids = [record.get("id") for record in records]
        numbers = [one for one in map(whole, ids) if one is not None and one > 0]
        if len(set(numbers)) == len(records):
            return [{**record, "id": whole(record["id"])} for record in records]
        self.corrected["with new ids, for theirs are missing, double or not above 0"] = len(records)
        return [{**record, "id": place} for place, record in enumerate(records, start=1)]


def _name_of(place: int, record: dict[str, Any]) -> str:
    """What messages call a box: its place in the list, since ids may be missing or double."""
    return (
        f"annotations[{place}] (id {shown(record.get('id'))}, image_id"
        f" {shown(record.get('image_id'))})"
    )


def _cut(low: float, length: float, size: int) -> tuple[float, float]:
    """Start and length of the part of a side that is inside of the slice."""
    if low >= 0 and low + length <= size:
        return low, length
    return max(low, 0), min(low + length, size) - max(low, 0)


def _at_least_a_pixel(low: float, length: float, size: int) -> tuple[float, float]:
    """Start and length of a side, not below a pixel and inside of the slice."""
    if length >= SMALLEST_SIDE:
        return low, length
    start = low + (length - SMALLEST_SIDE) / 2
    return min(max(start, 0), size - SMALLEST_SIDE), SMALLEST_SIDE
