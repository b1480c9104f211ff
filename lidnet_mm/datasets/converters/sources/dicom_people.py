"""Which DICOM slices are of one person, whatever their PatientIDs say."""

from collections.abc import Sequence

from lidnet_mm.datasets.converters.natural_order import natural_key
from lidnet_mm.datasets.converters.source_case import Note
from lidnet_mm.datasets.readers.dicom_slice import DicomSlice

JOINED = "several PatientIDs in one study or series are taken as one patient"
NAMELESS = (
    "files without PatientID, StudyInstanceUID and SeriesInstanceUID are taken as one patient; "
    "give them PatientIDs if they are several"
)


def patients_of(slices: Sequence[DicomSlice]) -> tuple[list[str], list[Note]]:
    """Name the patient of each slice so that nobody has two names.

    Slices are of one patient that share a study, a series, or a PatientID: that is compared
    without regard to letter case and blanks, as archives and de-identification change those. Who
    can be told by none of the three is one patient together.

    Args:
        slices: Slices of any number of patients.

    Returns:
        The patient of each slice: its PatientID, of several the first in natural order, where all
        are empty the UID of the study, or else of the series. And what was joined.
    """
    sets = _DisjointSets()
    ids = [_ids(each) for each in slices]
    for own in ids:
        for other in own[1:]:
            sets.join(own[0], other)
    members: dict[tuple[str, str], list[DicomSlice]] = {}
    for each, own in zip(slices, ids, strict=True):
        members.setdefault(sets.root(own[0]), []).append(each)
    names = {root: _name(group) for root, group in members.items()}
    notes = [note for group in members.values() for note in _notes(group)]
    return [names[sets.root(own[0])] for own in ids], notes


class _DisjointSets:
    """Things in sets that are joined pair by pair."""

    def __init__(self) -> None:
        self._above: dict[tuple[str, str], tuple[str, str]] = {}

    def root(self, thing: tuple[str, str]) -> tuple[str, str]:
        """The thing that stands for the set of another."""
        self._above.setdefault(thing, thing)
        while self._above[thing] != thing:
            self._above[thing] = self._above[self._above[thing]]
            thing = self._above[thing]
        return thing

    def join(self, one: tuple[str, str], other: tuple[str, str]) -> None:
        """Make one set of two."""
        self._above[self.root(one)] = self.root(other)


def _ids(each: DicomSlice) -> list[tuple[str, str]]:
    """What tells whose slice it is."""
    ids = [
        ("patient", " ".join(each.patient_id.split()).casefold()),
        ("study", each.study_uid),
        ("series", each.series_uid),
    ]
    return [one for one in ids if one[1]] or [("nobody", "")]


def _name(group: Sequence[DicomSlice]) -> str:
    """What a patient is called."""
    for values in (
        {each.patient_id for each in group},
        {each.study_uid for each in group},
        {each.series_uid for each in group},
    ):
        if values - {""}:
            return min(values - {""}, key=natural_key)
    return "without any id"


def _notes(group: Sequence[DicomSlice]) -> list[Note]:
    """What is said of a patient whose slices had several ids, or none."""
    found = sorted({each.patient_id for each in group}, key=natural_key)
    if len(found) > 1:
        named = ", ".join(f"'{one}'" for one in found)
        studies = sorted({each.study_uid for each in group}, key=natural_key)
        return [Note(JOINED, f"{named} (study {', '.join(studies)})")]
    if not any(_ids(each)[0][1] for each in group):
        return [Note(NAMELESS, f"{group[0].file} and {len(group) - 1} more")]
    return []
