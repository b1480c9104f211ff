"""Pseudonyms and parts of the cases of a source."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.natural_order import natural_key
from lidnet_mm.datasets.converters.patient_split import split_patients
from lidnet_mm.datasets.converters.source_case import SourceCase


@dataclass(frozen=True)
class NumberedCase:
    """A case and what it is called in the dataset.

    Attributes:
        source: The case.
        patient: Pseudonym of the patient, such as ``'case_0001'``.
        series: ``''`` for a patient's first volume, then ``'2'``, ``'3'``, ...
        part: ``'train'``, ``'val'`` or ``'test'``.
    """

    source: SourceCase
    patient: str
    series: str
    part: str

    @property
    def stem(self) -> str:
        """Name of its files, without suffix: ``'case_0001'`` or ``'case_0001_2'``."""
        return f"{self.patient}_{self.series}" if self.series else self.patient


def number_cases(
    cases: Sequence[SourceCase], split: Mapping[str, int | float] | None, seed: int
) -> list[NumberedCase]:
    """Number patients, and the volumes of each, in the natural order of their source names.

    Numbers depend on neither split nor seed: a case keeps its number from one split to the next.

    Args:
        cases: The cases of a source.
        split: Part → number of patients or fraction; None takes the parts of the source.
        seed: Which of the possible splits; without effect on the parts of a source.

    Returns:
        The cases in the order of their numbers.

    Raises:
        ConversionError: Two cases have one name, the split cannot be filled, or the source has
            no parts, or two for one patient.
    """
    by_patient: dict[str, list[SourceCase]] = {}
    for case in cases:
        by_patient.setdefault(case.patient, []).append(case)
    patients = sorted(by_patient, key=natural_key)
    if split is None:
        parts = {name: _part_of_source(name, by_patient[name]) for name in patients}
    else:
        parts = split_patients(patients, split, seed)
    return [
        NumberedCase(case, f"case_{number:04d}", "" if place == 1 else str(place), parts[name])
        for number, name in enumerate(patients, start=1)
        for place, case in enumerate(_in_order(name, by_patient[name]), start=1)
    ]


def _in_order(patient: str, cases: Sequence[SourceCase]) -> list[SourceCase]:
    """A patient's cases in the natural order of their series."""
    names = [case.series for case in cases]
    doubles = sorted({name for name in names if names.count(name) > 1})
    if doubles:
        raise ConversionError(
            f"patient {patient}: two volumes are called '{doubles[0]}'; give each a name of its own"
        )
    return sorted(cases, key=lambda case: natural_key(case.series))


def _part_of_source(patient: str, cases: Sequence[SourceCase]) -> str:
    """The part that the source gives a patient."""
    parts = {case.part for case in cases}
    if len(parts) > 1 or None in parts:
        found = ", ".join(sorted(str(part) for part in parts))
        raise ConversionError(
            f"patient {patient}: the source gives the parts {found}, not one; give --split"
        )
    return parts.pop()
