"""Split patients into training, validation and test parts."""

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence

from lidnet_mm.datasets.converters.conversion_error import ConversionError

PARTS = ("train", "val", "test")
DEFAULT_SPLIT: Mapping[str, int | float] = {"train": 0.7, "val": 0.15, "test": 0.15}


def split_patients(
    patients: Sequence[str], split: Mapping[str, int | float] = DEFAULT_SPLIT, seed: int = 0
) -> dict[str, str]:
    """Give each patient one part.

    Patients are ranked by SHA-256 of ``seed|name``, so that the split depends on nothing but
    their names and the seed: not on the order of listing nor on a random generator's version,
    and a patient added later moves few of the others.

    Args:
        patients: Names, each once.
        split: Part → whole number of patients (``int``, together all patients) or fraction
            (``float`` in [0, 1], together 1). A part that is left out gets nobody.
        seed: Which of the possible splits.

    Returns:
        Patient → ``'train'``, ``'val'`` or ``'test'``.

    Raises:
        ConversionError: Double patients, or a split that these patients cannot fill.
    """
    doubles = sorted({name for name in patients if patients.count(name) > 1})
    if doubles:
        raise ConversionError(f"patient {doubles[0]} comes twice; give each patient one volume")
    counts = patients_per_part(len(patients), split)
    ranked = sorted(patients, key=lambda name: _rank(f"{seed}|{name}"))
    parts = [part for part in PARTS for _ in range(counts[part])]
    return dict(zip(ranked, parts, strict=True))


def _rank(name: str) -> bytes:
    """Digest of a name, which may be that of a folder and no text in UTF-8."""
    return hashlib.sha256(name.encode(errors="surrogateescape")).digest()


def patients_per_part(total: int, split: Mapping[str, int | float]) -> dict[str, int]:
    """Turn counts or fractions into the number of patients of every part.

    Fractions are rounded by largest remainder, but a part with a fraction above 0 gets at least
    one patient.

    Raises:
        ConversionError: Unknown part, counts mixed with fractions, a number out of range, or a
            sum that does not fit ``total``.
    """
    unknown = sorted(set(split) - set(PARTS))
    if unknown:
        raise ConversionError(f"split: unknown part '{unknown[0]}'; the parts are {PARTS}")
    values = {part: split.get(part, 0) for part in PARTS}
    if any(value < 0 or not math.isfinite(value) for value in values.values()):
        raise ConversionError(f"split {_text(split)}: numbers must be 0 or more")
    if all(isinstance(value, int) for value in values.values()):
        return _check_counts(total, {part: int(value) for part, value in values.items()})
    return _round_fractions(total, values, split)


def parse_split(words: Iterable[str]) -> dict[str, int | float]:
    """Read ``['train=18', 'val=0', 'test=6']``; a decimal point makes a number a fraction.

    Raises:
        ConversionError: A word is not ``part=number``, or a part comes twice.
    """
    split: dict[str, int | float] = {}
    for word in words:
        part, _, text = word.partition("=")
        try:
            value = int(text) if text.isdigit() else float(text)
        except ValueError as error:
            raise ConversionError(
                f"split: '{word}' is not part=number, e.g. train=18 val=0 test=6 (patients) or "
                "train=0.7 val=0.15 test=0.15 (fractions)"
            ) from error
        if part in split:
            raise ConversionError(f"split: part '{part}' comes twice")
        split[part] = value
    return split


def _check_counts(total: int, counts: dict[str, int]) -> dict[str, int]:
    """Return the counts if they use every patient exactly once."""
    if sum(counts.values()) != total:
        raise ConversionError(
            f"split {_text(counts)} asks for {sum(counts.values())} patients, but the source has "
            f"{total}; make the counts add up to {total}, or give fractions with a decimal point"
        )
    return counts


def _round_fractions(
    total: int, values: dict[str, int | float], split: Mapping[str, int | float]
) -> dict[str, int]:
    """Round fractions of ``total`` by largest remainder, at least one for each wanted part."""
    if not math.isclose(sum(values.values()), 1.0, abs_tol=1e-6):
        raise ConversionError(
            f"split {_text(split)}: fractions must add up to 1 (and counts have no decimal point)"
        )
    wanted = [part for part in PARTS if values[part] > 0]
    if total < len(wanted):
        raise ConversionError(
            f"split {_text(split)}: {total} patients cannot fill {len(wanted)} parts; add "
            f"patients, or give counts such as --split train={total} val=0 test=0"
        )
    counts = {part: max(1, math.floor(values[part] * total)) for part in wanted}
    while sum(counts.values()) < total:
        neediest = max(wanted, key=lambda part: values[part] * total - counts[part])
        counts[neediest] += 1
    while sum(counts.values()) > total:
        fullest = max(
            wanted, key=lambda part: (counts[part] > 1, counts[part] - values[part] * total)
        )
        counts[fullest] -= 1
    return {part: counts.get(part, 0) for part in PARTS}


def _text(split: Mapping[str, int | float]) -> str:
    """Write a split as on the command line."""
    return " ".join(f"{part}={value}" for part, value in split.items())
