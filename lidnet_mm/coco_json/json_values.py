"""What a value of a json is: a number, a whole number, the id of a record."""

import math
import re
from collections.abc import Sequence

LONGEST = 60
"""Characters of a wrong value that a message shows."""


def number(value: object) -> float | None:
    """A finite number, which a truth value is not.

    Args:
        value (object): Value of a json.

    Returns:
        float | None: The number; None where it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        value = float(value)
    except OverflowError:  # an integer of hundreds of digits
        return None
    return value if math.isfinite(value) else None


def whole(value: object) -> int | None:
    """A whole number, also where it is written with a decimal point, as tables write it.

    Args:
        value (object): Value of a json.

    Returns:
        int | None: The number; None where it is none.
    """
    found = number(value)
    return int(found) if found is not None and found.is_integer() else None


def plain_id(value: object) -> int | str | None:
    """An id: a whole number, also of digits in a text, or another text.

    Args:
        value (object): Value of a json.

    Returns:
        int | str | None: The id; None where it can be none.
    """
    if isinstance(value, str):
        text = value.strip()
        return int(text) if re.fullmatch(r"-?[0-9]{1,18}", text) else text or None
    return whole(value)


def as_numbers(ids: Sequence[int | str]) -> dict[int | str, int]:
    """Numbers for ids, which metrics need.

    Args:
        ids (Sequence[int | str]): As of :func:`plain_id`, each once.

    Returns:
        dict[int | str, int]: Each id itself where all are numbers, else their places from 1.
    """
    if all(isinstance(one, int) for one in ids):
        return {one: one for one in ids}
    return {one: place for place, one in enumerate(ids, start=1)}


def shown(value: object) -> str:
    """A value as a message shows it: on one line, and not longer than a few words."""
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
