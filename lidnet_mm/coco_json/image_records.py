"""The images of an annotation file: one record a CT slice."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from lidnet_mm.coco_json.json_values import plain_id, shown, whole
from lidnet_mm.coco_json.problems import Problems
from lidnet_mm.ct_bounds import slice_distance_problem, spacing_problem

REQUIRED = ("id", "file_name", "height", "width", "slice_index", "spacing", "patient_id")
POSITIONS = ("slice_index", "slice_in_file", "ldct_slice_index", "mask_slice_index")
FILES = ("file_name", "ldct_file_name", "mask_file_name")


def check_images(records: Sequence[dict[str, Any]], problems: Problems) -> list[dict[str, Any]]:
    """Check the records of slices, each and together.

    Args:
        records (Sequence[dict]): As they are in the file.
        problems (Problems): Receives what is wrong.

    Returns:
        list[dict]: The records that are right, whole numbers as ``int`` and ids as of
            :func:`.json_values.plain_id`.
    """
    checked = [_checked(record, problems) for record in records]
    right = [record for record in checked if record is not None]
    _check_ids(right, problems)
    _check_slices(right, problems)
    _check_patients(right, problems)
    return right


def name_of(record: dict[str, Any]) -> str:
    """What messages call an image."""
    return f"image {shown(record.get('id'))} ({shown(record.get('file_name'))})"


def _checked(record: dict[str, Any], problems: Problems) -> dict[str, Any] | None:
    """A record with plain values; None where it has problems."""
    found = _problems_of(record)
    for what in found:
        problems.add(name_of(record), what)
    if found:
        return None
    wholes = [key for key in ("height", "width", *POSITIONS) if record.get(key) is not None]
    patient = record["patient_id"]
    return {
        **{key: value for key, value in record.items() if value is not None},
        **{key: whole(record[key]) for key in wholes},
        "id": plain_id(record["id"]),
        "patient_id": patient.strip() if isinstance(patient, str) else str(whole(patient)),
    }


def _problems_of(record: dict[str, Any]) -> list[str]:
    """What is wrong with one record."""
    missing = [key for key in REQUIRED if record.get(key) in (None, "")]
    if missing:
        return [f"has no {', '.join(missing)}"]
    found = []
    for key in ("id", "patient_id"):
        if plain_id(record[key]) is None:
            found.append(f"has {key} {shown(record[key])}, neither a whole number nor a text")
    for key in FILES:
        if record.get(key) is not None and not isinstance(record[key], str):
            found.append(f"has {key} {shown(record[key])}, no text")
    for key in POSITIONS:
        if record.get(key) is not None and not _is_from(0, record[key]):
            found.append(f"has {key} {shown(record[key])}, not a whole number from 0")
    for key in ("height", "width"):
        if not _is_from(1, record[key]):
            found.append(f"has {key} {shown(record[key])}, not a whole number from 1")
    lengths = (
        spacing_problem(record["spacing"]),
        slice_distance_problem(record.get("slice_thickness")),
    )
    found += [f"has {problem}" for problem in lengths if problem]
    return found


def _is_from(least: int, value: object) -> bool:
    """Whether a value is a whole number, not below the least."""
    found = whole(value)
    return found is not None and found >= least


def _check_ids(records: Sequence[dict[str, Any]], problems: Problems) -> None:
    """Refuse slices that share an id: nobody can tell whose a box is."""
    twice = [one for one, count in Counter(r["id"] for r in records).items() if count > 1]
    if twice:
        problems.add(f"{len(twice)} image ids", f"stand for several slices, first {twice[0]}")


def _check_slices(records: Sequence[dict[str, Any]], problems: Problems) -> None:
    """Refuse a slice that is listed twice: the boxes of one are missing on the other."""
    known: dict[tuple, Any] = {}
    for record in records:
        position = record.get("slice_in_file", record["slice_index"])
        key = (
            record["file_name"],
            position,
            record.get("ldct_file_name"),
            record.get("ldct_slice_index"),
        )
        if key in known:
            problems.add(
                name_of(record),
                f"is slice {position} of its file, as is image {known[key]}: join their boxes",
            )
        known.setdefault(key, record["id"])


def _check_patients(records: Sequence[dict[str, Any]], problems: Problems) -> None:
    """Refuse a volume of two patients, who could be in two parts of the split."""
    patients: dict[str, set[str]] = {}
    for record in records:
        patients.setdefault(record["file_name"], set()).add(record["patient_id"])
    for name, ids in patients.items():
        if len(ids) > 1:
            problems.add(f"volume {name}", f"is of several patients, {', '.join(sorted(ids))}")
