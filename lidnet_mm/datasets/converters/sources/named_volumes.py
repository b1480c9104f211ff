"""Find the volumes of a folder by a pattern, one or many of a patient."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.natural_order import natural_key
from lidnet_mm.datasets.converters.source_case import LeftOut
from lidnet_mm.datasets.converters.sources.source_folder import layout_error
from lidnet_mm.datasets.converters.sources.source_pattern import (
    PLACEHOLDER,
    SCAN,
    pattern_expression,
)


@dataclass(frozen=True)
class NamedVolume:
    """A volume as it lies in the source folder.

    Attributes:
        patient: Source name of the patient, as matched by the pattern.
        path: The file, or the folder of a DICOM series.
        name: Path below the source folder.
    """

    patient: str
    path: Path
    name: str


@dataclass(frozen=True)
class FoundVolumes:
    """What lies in a folder.

    Attributes:
        files: In natural order of patients, then names.
        left_out: What the user asked to leave out.
    """

    files: Sequence[NamedVolume]
    left_out: Sequence[LeftOut]


def find_named_volumes(source: Path, pattern: str, leave_out: Sequence[str] = ()) -> FoundVolumes:
    """List volumes.

    Args:
        source: Folder that the patterns are relative to.
        pattern: Path with ``{patient}``, and ``*`` or ``{scan}`` for any characters of one path
            part, e.g. ``'{patient}_*.nii.gz'``. A pattern that ends in ``/`` finds folders.
        leave_out: Patterns with ``*`` of files that are not to be used, such as ``'case7_*'``.

    Raises:
        ConversionError: There is no such folder, the pattern lacks ``{patient}``, or a pattern
            matches nothing.
    """
    folders = pattern.endswith("/")
    expression = pattern_expression(pattern.rstrip("/"), "--image")
    found = []
    for path in sorted(source.glob(_wildcard(pattern.rstrip("/")))):
        name = path.relative_to(source).as_posix()
        match = expression.fullmatch(name)
        if match is not None and path.is_dir() == folders:
            found.append(NamedVolume(match["patient"], path, name))
    if not found:
        raise layout_error(source, f"volumes named as --image '{pattern}'")
    return _without(found, leave_out)


def _without(found: Sequence[NamedVolume], leave_out: Sequence[str]) -> FoundVolumes:
    """Take out what the user named."""
    for pattern in leave_out:
        if not any(fnmatchcase(file.name, pattern) for file in found):
            raise ConversionError(f"--leave-out '{pattern}' matches none of the volumes")
    out = [f for f in found if any(fnmatchcase(f.name, pattern) for pattern in leave_out)]
    kept = sorted(
        (f for f in found if f not in out),
        key=lambda file: (natural_key(file.patient), natural_key(file.name)),
    )
    if not kept:
        raise ConversionError("--leave-out takes out every volume; name fewer")
    reason = "left out by the user's choice"
    return FoundVolumes(kept, [LeftOut("volume", reason, file.name) for file in out])


def _wildcard(pattern: str) -> str:
    """Turn a pattern into one for ``Path.glob``."""
    for character in "[?":
        pattern = pattern.replace(character, f"[{character}]")
    return pattern.replace(PLACEHOLDER, "*").replace(SCAN, "*")
