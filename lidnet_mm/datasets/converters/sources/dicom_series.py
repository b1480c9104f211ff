"""The CT series of a folder tree, found by the headers of its DICOM files."""

import filecmp
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from lidnet_mm.datasets.converters.natural_order import natural_key
from lidnet_mm.datasets.converters.source_case import LeftOut, UnusableCaseError
from lidnet_mm.datasets.readers import DicomVolume, VolumeError
from lidnet_mm.datasets.readers.dicom_slice import DicomSlice, NotASliceError, read_dicom_slices

DICOM_SUFFIXES = (".dcm", ".ima", ".dicom")

PREAMBLE, PREFIX = 128, b"DICM"
"""How DICOM files begin, whatever their name."""


@dataclass(frozen=True)
class DicomSeries:
    """The slices of one series of one patient.

    Attributes:
        patient: PatientID; where that is empty the UID of the study, or else of the series.
        uid: SeriesInstanceUID.
        slices: Its slices, in the natural order of the files' paths.
    """

    patient: str
    uid: str
    slices: tuple[DicomSlice, ...]

    @property
    def files(self) -> tuple[Path, ...]:
        """The files of the slices, each once."""
        return tuple(dict.fromkeys(each.file for each in self.slices))

    def open(self) -> DicomVolume:
        """Open the series as a volume.

        Raises:
            UnusableCaseError: Its slices are not one volume, such as slices of two spacings.
        """
        try:
            return DicomVolume(self.files)
        except (OSError, ValueError) as error:
            raise UnusableCaseError(
                "its DICOM slices are not one volume of one grid; copy them again, or give each "
                "grid a series of its own",
                f"series {self.uid}: {error}",
            ) from error


def dicom_files(folders: Iterable[Path]) -> list[Path]:
    """List the DICOM files below folders, in natural order.

    A file is DICOM by its suffix, or by the letters ``DICM`` after its preamble. Hidden files and
    folders, such as the ``._*`` companions in some archives, are none.
    """
    found = []
    for folder in folders:
        for place, below, names in os.walk(folder):
            below[:] = [name for name in below if not name.startswith(".")]
            paths = (Path(place, name) for name in names if not name.startswith("."))
            found += [path for path in paths if _is_dicom(path)]
    return sorted(found, key=lambda path: natural_key(path.as_posix()))


def find_series(files: Sequence[Path]) -> tuple[list[DicomSeries], list[LeftOut]]:
    """Group DICOM files into CT series, reading headers only.

    Args:
        files: The files, as from :func:`dicom_files`.

    Returns:
        The series in the natural order of patient and UID, and what is in none: other things than
        CT slices (PET, localizers, reports; counted by folder), damaged files, and files that
        have the SOPInstanceUID of another one. Of equal copies the first is kept; of files that
        differ none, since nobody knows which is meant.
    """
    slices, left_out = _read_headers(files)
    slices, doubles = _each_once(slices)
    groups: dict[tuple[str, str], list[DicomSlice]] = {}
    for each in slices:
        patient = each.patient_id or each.study_uid or each.series_uid
        groups.setdefault((patient, each.series_uid), []).append(each)
    ordered = sorted(groups, key=lambda key: (natural_key(key[0]), natural_key(key[1])))
    return [DicomSeries(*key, tuple(groups[key])) for key in ordered], [*left_out, *doubles]


def _is_dicom(path: Path) -> bool:
    """Whether a file is DICOM by its name or its first bytes."""
    if path.suffix.lower() in DICOM_SUFFIXES:
        return True
    try:
        with path.open("rb") as stream:
            return stream.read(PREAMBLE + len(PREFIX))[PREAMBLE:] == PREFIX
    except OSError:  # a dangling link or no permission: no DICOM as far as anybody can tell
        return False


def _read_headers(files: Sequence[Path]) -> tuple[list[DicomSlice], list[LeftOut]]:
    """The slices of all files, and what is no slice or damaged."""
    slices: list[DicomSlice] = []
    damaged: list[LeftOut] = []
    others: dict[Path, list[str]] = {}
    for path in tqdm(files, desc="headers", unit="file", disable=None):
        try:
            slices += read_dicom_slices(path)
        except NotASliceError as error:
            others.setdefault(path.parent, []).append(str(error))
        except (OSError, VolumeError) as error:
            reason = "damaged, without pixels, or its place in the patient is not stated"
            damaged.append(LeftOut("file", reason, str(error)))
    reason = "no axial CT slice but another modality, a localizer, a report or raw data"
    return slices, [*damaged, *(_others(reason, texts) for texts in others.values())]


def _others(reason: str, texts: Sequence[str]) -> LeftOut:
    """The files of one folder that are no CT slices."""
    more = f" (and {len(texts) - 1} more files of its folder)" if len(texts) > 1 else ""
    return LeftOut("file", reason, f"{texts[0]}{more}", count=len(texts))


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
