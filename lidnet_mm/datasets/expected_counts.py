"""Counts that a data set is known to have, set beside those of an annotation file."""

from collections.abc import Callable, Mapping
from typing import Any

COUNTS: dict[str, Callable[[dict], int]] = {
    "slices": lambda content: len(content["images"]),
    "boxes": lambda content: len(content["annotations"]),
    "patients": lambda content: len({image["patient_id"] for image in content["images"]}),
    "volumes": lambda content: len(
        {(image["patient_id"], image.get("series")) for image in content["images"]}
    ),
}
"""What can be counted in a COCO json of slices."""

MEANINGS = {
    "slices": "slices without a lesion were kept or left out, cases were left out, or the split or"
    " the choice of slices is another",
    "boxes": "lesions were left out or joined, or a smallest size was set",
    "patients": "cases are missing or were left out, or the split is another",
    "volumes": "series are missing, were left out or come twice",
    "shape": "slices were cropped or resampled",
}


def check_expected(expected: Mapping[str, Any]) -> None:
    """Refuse expectations that nothing can be compared with.

    Args:
        expected: As for ``unexpected_counts``.

    Raises:
        ValueError: A name is unknown, a count is no whole number from 0, or the shape no (H, W).
    """
    unknown = sorted(set(expected) - set(MEANINGS))
    if unknown:
        raise ValueError(
            f"expected={dict(expected)} has {', '.join(unknown)}: it may have {', '.join(MEANINGS)}"
        )
    for name, value in expected.items():
        values = tuple(value) if name == "shape" else (value,)
        if len(values) != (2 if name == "shape" else 1) or not all(
            isinstance(number, int) and number >= 0 for number in values
        ):
            raise ValueError(f"expected {name} is {value!r}, not whole numbers from 0")


def unexpected_counts(expected: Mapping[str, Any], content: dict) -> list[str]:
    """What an annotation file has other than expected, and what that may mean.

    Args:
        expected: Any of ``slices``, ``boxes``, ``patients`` and ``volumes``, numbers, and
            ``shape``, the (H, W) of every slice in pixels.
        content: The COCO json.

    Returns:
        One phrase a difference.
    """
    found = {name: count(content) for name, count in COUNTS.items()}
    differences = [
        f"{found[name]} {name} and not {value} ({MEANINGS[name]})"
        for name, value in expected.items()
        if name != "shape" and found[name] != value
    ]
    if "shape" in expected:
        height, width = expected["shape"]
        others = sum((i["height"], i["width"]) != (height, width) for i in content["images"])
        if others:
            differences.append(
                f"{others} slices not of {height} x {width} pixels ({MEANINGS['shape']})"
            )
    return differences
