"""What a report says of patients and machines: pseudonyms, and no folders.

A report is passed on. Data sets converted by this package carry pseudonyms; an annotation file
that a user wrote need not.
"""

import re

PSEUDONYM = re.compile(r"case_\d{1,8}")
"""Of a converted data set."""

SERIES = re.compile(r"\d{1,3}|[a-z]{1,2}")
"""A series by number or letter; anything longer may be an identifier of the source."""

NAME = re.compile(r"(?P<patient>.*?)(?:, series (?P<series>.*?))?, slice (?P<slice>-?\d+)", re.S)
FOLDERS = re.compile(
    r"(?<![\w.<])(?<!&lt;)(?:[A-Za-z]:)?(?:~|\.{1,2})?(?:[\\/](?=[\w.~])[^\\/\s'\",;:()\[\]]+)+"
)
"""A path from a root, a home or a folder above; what follows ``<``, also in Markdown, is a tag."""


class PublicNames:
    """Names of slices for one report: pseudonyms stay, anything else becomes a number.

    The number of a patient is the same wherever the patient occurs in the report.
    """

    def __init__(self) -> None:
        self._patients: dict[str, int] = {}
        self._series: dict[tuple[str, str], int] = {}

    def __call__(self, name: str) -> str:
        """The public name of a slice.

        Args:
            name (str): As ``CaseRecorderHook`` writes it: ``case_0003, series 2, slice 12``.

        Returns:
            str: Such as ``case_0003, slice 12`` or ``patient 2, slice 12``.
        """
        found = NAME.fullmatch(name)
        if found is None:
            return self._patient(name)
        patient, series = found["patient"], found["series"]
        parts = [self._patient(patient)]
        if series:
            parts.append(f"series {self._number_of(patient, series)}")
        return ", ".join([*parts, f"slice {found['slice']}"])

    def _patient(self, name: str) -> str:
        """A pseudonym, or a number in its place."""
        if PSEUDONYM.fullmatch(name):
            return name
        return f"patient {self._patients.setdefault(name, len(self._patients) + 1)}"

    def _number_of(self, patient: str, series: str) -> str:
        """A series that tells nothing, or a number in its place."""
        if SERIES.fullmatch(series):
            return series
        known = [key for key in self._series if key[0] == patient]
        return f"#{self._series.setdefault((patient, series), len(known) + 1)}"


def without_folders(text: str) -> str:
    """A text with file names in place of paths, which name a user or a machine.

    Args:
        text (str): Such as a note of a comparison. A log is no such text: paths below a folder
            that is not named may hold names of patients.

    Returns:
        str: ``/home/joe/data/a.nii.gz`` becomes ``a.nii.gz``. Paths below a folder that
            is not named, such as ``data/a.nii.gz``, stay.
    """
    return FOLDERS.sub(lambda found: re.split(r"[\\/]", found[0])[-1], text)
