"""The CT series of a folder tree, found by the headers of its DICOM files."""

import dataclasses
import filecmp
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tqdm import tqdm

from lidnet_mm.datasets.converters.natural_order import natural_key
from lidnet_mm.datasets.converters.source_case import LeftOut, Note, UnusableCaseError
from lidnet_mm.datasets.converters.sources.dicom_people import patients_of
from lidnet_mm.datasets.readers import DicomVolume, VolumeError
from lidnet_mm.datasets.readers.dicom_error import NotASliceError
from lidnet_mm.datasets.readers.dicom_header import (
    DICOM_SUFFIXES,
    PREAMBLE,
    PREFIX,
    begins_like_dicom,
)
from lidnet_mm.datasets.readers.dicom_passes import passes, without_odd
from lidnet_mm.datasets.readers.dicom_slice import DicomSlice, read_dicom_slices
from lidnet_mm.datasets.readers.dicom_stack import regular_steps, stack_slices
from lidnet_mm.datasets.readers.regular_file import is_regular

SMALLEST_JOINED = 3
"""Series of one slice each that are joined at least: two slices are no evidence of a volume."""


@dataclasses.dataclass(frozen=True)
class DicomSeries:
    """The slices of one volume.

    Attributes:
        patient: Whose it is, see :func:`~.dicom_people.patients_of`.
        uid: SeriesInstanceUID; empty where it is not stated.
        slices: Its slices, in the natural order of the files' paths.
        part: What tells it from other volumes of its series, or of no series; else empty.
    """

    patient: str
    uid: str
    slices: tuple[DicomSlice, ...]
    part: str = ""

    @property
    def name(self) -> str:
        """Tells it from the other volumes of its patient."""
        return " ".join(text for text in (self.uid, self.part) if text)

    @property
    def files(self) -> tuple[Path, ...]:
        """The files of the slices, each once."""
        return tuple(dict.fromkeys(each.file for each in self.slices))

    def open(self) -> DicomVolume:
        """Open the series as a volume.

        Raises:
            UnusableCaseError: Its slices are not one volume, such as slices of two spacings, or
                cannot be read.
        """
        try:
            return DicomVolume.of_slices(self.slices)
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", "its DICOM slices cannot be read as one volume")
            raise UnusableCaseError(reason, f"series {self.name}: {error}") from error


@dataclasses.dataclass(frozen=True)
class FoundSeries:
    """The CT series of a folder tree.

    Attributes:
        series: In the natural order of patient and name.
        left_out: What is in none: other things than CT slices in HU (counted by folder), files
            that cannot be read, files that have the SOPInstanceUID of another one, and odd slices.
        notes: What was joined and separated.
        files: How many files were looked at.
    """

    series: list[DicomSeries]
    left_out: list[LeftOut]
    notes: list[Note]
    files: int


def dicom_files(folders: Iterable[Path]) -> list[Path]:
    """List the DICOM files below folders, in natural order.

    A file is DICOM by its suffix, or by its first bytes. Hidden files and folders, such as the
    ``._*`` companions in some archives, are none.
    """
    found = []
    for folder in folders:
        for place, below, names in os.walk(folder):
            below[:] = [name for name in below if not name.startswith(".")]
            paths = (Path(place, name) for name in names if not name.startswith("."))
            found += [path for path in paths if _is_dicom(path)]
    return sorted(found, key=lambda path: natural_key(path.as_posix()))


def find_series(files: Sequence[Path]) -> FoundSeries:
    """Group DICOM files into the volumes of patients, reading headers only.

    A series is one volume whatever its PatientIDs are, unless it holds several passes (see
    :func:`~lidnet_mm.datasets.readers.dicom_passes.passes`). Slices without a SeriesInstanceUID are
    one series where they lie in one folder. Where each slice of a study has a series of its own,
    and together they are one even stack, they are one volume.

    Args:
        files: The files, as from :func:`dicom_files`.

    Returns:
        The series. Of equal copies the first is kept; of files that differ and have one UID none,
        since nobody knows which is meant.
    """
    slices, left_out = _read_headers(files)
    slices, doubles = _each_once(slices)
    patients, notes = patients_of(slices)
    groups: dict[tuple[str, str, str], list[DicomSlice]] = {}
    for each, patient in zip(slices, patients, strict=True):
        place = "" if each.series_uid else f"study {each.study_uid} in {each.file.parent}"
        groups.setdefault((patient, each.series_uid, place), []).append(each)
    all_series = [
        DicomSeries(patient, uid, tuple(group), place)
        for (patient, uid, place), group in groups.items()
    ]
    series, joined = _join_lone_slices(all_series)
    volumes: list[DicomSeries] = []
    odd: list[LeftOut] = []
    for each in series:
        found, strange = _volumes(each)
        volumes += found
        odd += strange
        if len(found) > 1:
            named = "; ".join(f"{len(one.slices)} slices of {one.part}" for one in found)
            text = "several passes of one series are volumes of their own"
            joined.append(Note(text, f"series {each.name}: {named}"))
    volumes.sort(key=lambda one: (natural_key(one.patient), natural_key(one.name)))
    return FoundSeries(volumes, [*left_out, *doubles, *odd], [*notes, *joined], len(files))


def _volumes(series: DicomSeries) -> tuple[list[DicomSeries], list[LeftOut]]:
    """The passes of a series, and its slices that lie on another grid than most."""
    kept, odd = without_odd(series.slices)
    left_out = [
        LeftOut("slice", f"it has {why}", f"{each.name} of series {series.name}")
        for each, why in odd
    ]
    parts = [(" ".join(filter(None, (series.part, p.name))), p.slices) for p in passes(kept)]
    return [dataclasses.replace(series, part=p, slices=s) for p, s in parts], left_out


def _join_lone_slices(series: list[DicomSeries]) -> tuple[list[DicomSeries], list[Note]]:
    """Make one volume of the slices of a study that have a series of their own each."""
    lone: dict[tuple[str, str], list[DicomSeries]] = {}
    for each in series:
        if len(each.slices) == 1:
            lone.setdefault((each.patient, each.slices[0].study_uid), []).append(each)
    notes = []
    for group in lone.values():
        slices = tuple(one.slices[0] for one in group)
        if len(group) < SMALLEST_JOINED or not _is_even_stack(slices):
            continue
        series = [one for one in series if all(one is not other for other in group)]
        series.append(dataclasses.replace(group[0], slices=slices))
        text = "slices that have a series each are one volume"
        named = f"{len(group)} series, such as {group[0].name}"
        notes.append(Note(text, named))
    return series, notes


def _is_even_stack(slices: Sequence[DicomSlice]) -> bool:
    """Whether slices lie above each other at equal steps."""
    try:
        steps = stack_slices(slices[0].file.parent, slices).steps
    except VolumeError:
        return False
    return bool(regular_steps(steps).all())


def _is_dicom(path: Path) -> bool:
    """Whether a file is DICOM by its name or its first bytes."""
    if path.suffix.lower() in DICOM_SUFFIXES:
        return True
    if not is_regular(path):  # a pipe would never answer
        return False
    try:
        with path.open("rb") as stream:
            return begins_like_dicom(stream.read(PREAMBLE + len(PREFIX)))
    except OSError:  # no permission: no DICOM as far as anybody can tell
        return False


def _read_headers(files: Sequence[Path]) -> tuple[list[DicomSlice], list[LeftOut]]:
    """The slices of all files, and what is no slice or cannot be read."""
    slices: list[DicomSlice] = []
    unusable: list[LeftOut] = []
    others: dict[tuple[Path, str], list[str]] = {}
    for path in tqdm(files, desc="headers", unit="file", disable=None):
        try:
            slices += read_dicom_slices(path)
        except NotASliceError as error:
            others.setdefault((path.parent, error.reason), []).append(str(error))
        except OSError as error:
            unusable.append(LeftOut("file", "it cannot be opened", str(error), told=True))
        except VolumeError as error:
            reason = getattr(error, "reason", "it is no regular file")
            unusable.append(LeftOut("file", reason, str(error), told=True))
    left_out = [_others(reason, texts) for (_, reason), texts in others.items()]
    return slices, [*unusable, *left_out]


def _others(reason: str, texts: Sequence[str]) -> LeftOut:
    """The files of one folder that are no CT slices for one reason."""
    more = f" (and {len(texts) - 1} more files of its folder)" if len(texts) > 1 else ""
    return LeftOut("file", reason, f"{texts[0]}{more}", count=len(texts), told=True)


def _each_once(slices: Sequence[DicomSlice]) -> tuple[list[DicomSlice], list[LeftOut]]:
    """The slices whose UID is theirs alone, and the files left out for the others."""
    by_uid: dict[str, list[Path]] = {}
    for each in slices:
        files = by_uid.setdefault(each.sop_instance_uid or str(each.file), [])
        if each.file not in files:
            files.append(each.file)
    bad: set[Path] = set()
    left_out = []
    for files in by_uid.values():
        for entry, path in _doubles(files):
            left_out.append(entry)
            bad.add(path)
    return [each for each in slices if each.file not in bad], left_out


def _doubles(files: Sequence[Path]) -> Iterator[tuple[LeftOut, Path]]:
    """What of the files of one UID is left out."""
    first, *others = files
    if all(filecmp.cmp(first, other, shallow=False) for other in others):
        for other in others:
            yield LeftOut("file", "a copy of another file", f"{other} (of {first})"), other
        return
    for path in files:
        reason = "it has the SOPInstanceUID of another file that differs; delete the wrong one"
        named = next(other for other in files if other != path)
        yield LeftOut("file", reason, f"{path} (and {named})"), path
