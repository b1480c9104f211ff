"""Which of the source's names are scans of one person."""

import re
from argparse import ArgumentParser
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from mmengine.logging import MMLogger

from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.natural_order import natural_key
from lidnet_mm.datasets.converters.sources.csv_table import csv_rows

COLUMNS = ("name", "patient")
GROUPS_SHOWN = 5
MOST_SCANS = 3
"""Scans of one person who is the only one; more names that begin alike number patients."""

_WORDS = (
    r"scan|ct|visit|series|ser|study|session|ses|exam|time|tp|baseline|base|line|bl|follow|followup"
    r"|fu|up|pre|post|before|after|prior|previous|current|first|second|third|old|new|months?|weeks?"
    r"|days?|years?|mo|date|arterial|venous|portal|native|contrast|thin|thick|soft|lung|bone"
)
_DATE = r"(19|20)\d{2}([-.]?\d{2}([-.]?\d{2})?)?"
SCAN_WORD = re.compile(rf"[-_ .]*(?<![a-z])(({_WORDS})[-_ .]?\d*|\d+({_WORDS})|{_DATE})$")
"""An ending that says which scan it is, such as ``_scan1``, ``-followup``, ``_2019-03-01``."""

SCAN_NUMBER = re.compile(r"(?<=\d)([-_ .]+([vtsdwmy]?\d{1,2}|[a-h])|[a-h]|[vt]\d)$")
"""An ending that may say it: ``p01_2``, ``p01b``. In ``case_02`` the number is the patient's."""

UID = re.compile(r"[\d.]+")


def person_of(name: str, numbered: bool = True) -> str:
    """What is left of a name without endings that say which scan it is.

    Args:
        name: Source name of a patient.
        numbered: Take a number or letter after a number for a scan's, too.

    Returns:
        The stem in small letters, numbers without leading zeros.
    """
    stem = name.strip().lower()
    while not UID.fullmatch(stem):
        shorter = SCAN_WORD.sub("", stem)
        if numbered and shorter == stem:
            shorter = SCAN_NUMBER.sub("", stem)
        if shorter in ("", stem):
            break
        stem = shorter
    return re.sub(r"(?<!\d)0+(?=\d)", "", stem)


def same_person(names: Iterable[str]) -> dict[str, list[str]]:
    """Groups of names that may be scans of one person.

    Args:
        names: Source names of patients.

    Returns:
        Stem → its names, in natural order, where there are several.
    """
    names = sorted(set(names), key=natural_key)
    numbered = _groups(names, numbered=True)
    if len(numbered) == 1:  # the number tells patients apart, not the scans of one
        numbered = _groups(names, numbered=False)
    return {
        stem: group
        for stem, group in numbered.items()
        if len(group) > 1 and not (len(group) == len(names) and _is_title(stem, names))
    }


def warn_of_same_person(names: Iterable[str], remedy: str) -> None:
    """Say which names may be scans of one person, who could come into two parts of the split.

    Args:
        names: Source names of patients.
        remedy: What to do where they are.
    """
    groups = same_person(names)
    if not groups:
        return
    shown = [", ".join(group[:GROUPS_SHOWN]) + (", ..." if group[GROUPS_SHOWN:] else "")
             for group in list(groups.values())[:GROUPS_SHOWN]]  # fmt: skip
    more = f"; and {len(groups) - GROUPS_SHOWN} more" if len(groups) > GROUPS_SHOWN else ""
    MMLogger.get_current_instance().warning(
        f"taken for different patients, but their names look like scans of one: {'; '.join(shown)}"
        f"{more}. If they are, they may be in two parts of the split now: {remedy}"
    )


def add_patients(parser: ArgumentParser) -> None:
    """Add the table of who is who."""
    parser.add_argument(
        "--patients",
        type=Path,
        metavar="CSV",
        help="table with the columns name and patient: whose scan is what {patient} finds "
        "(default: each name is a patient)",
    )


def patients_of(names: Sequence[str], table: Path | None, remedy: str) -> Mapping[str, str]:
    """Tell whose scans are under which name.

    Args:
        names: Names as the pattern finds them.
        table: As of :func:`read_patients`. None takes each name for a patient, and says which may
            be the same.
        remedy: What to do where they are.

    Returns:
        Name → patient.
    """
    if table is not None:
        return read_patients(table, names)
    warn_of_same_person(names, remedy)
    return {name: name for name in names}


def read_patients(table: Path, names: Sequence[str]) -> Mapping[str, str]:
    """Read a table of who is who.

    Args:
        table: CSV file with the columns ``name``, as the pattern finds it, and ``patient``.
        names: The names that have to be in it; it may have others.

    Returns:
        Name → patient.

    Raises:
        ConversionError: The table cannot be read, lacks a column or a name, or gives a name two
            patients or none.
    """
    found: dict[str, str] = {}
    remedy = "give a table with a head line 'name,patient' and commas"
    for place, row in csv_rows(table, COLUMNS, remedy):
        name, patient = ((row[column] or "").strip() for column in COLUMNS)
        if not patient:
            raise ConversionError(f"{place}: no patient for '{name}'; fill it in")
        if found.setdefault(name, patient) != patient:
            raise ConversionError(
                f"{place}: '{name}' is patient {found[name]} above and {patient} here; correct one"
            )
    missing = sorted({*names} - found.keys(), key=natural_key)
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise ConversionError(
            f"--patients {table} has no row for {missing[0]}{more}; add name and patient of each"
        )
    return found


def _is_title(stem: str, names: Sequence[str]) -> bool:
    """Whether a stem of all names is the data set's, as in ``lung_scan_001`` to ``_100``."""
    return len(names) > MOST_SCANS and not re.search(r"\d", stem)


def _groups(names: Iterable[str], numbered: bool) -> dict[str, list[str]]:
    """Names by stem."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(person_of(name, numbered), []).append(name)
    return groups
