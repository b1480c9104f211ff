"""What lies in a source folder, and errors that say so."""

import re
from collections.abc import Sequence
from pathlib import Path

from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.left_out_lines import left_out_lines
from lidnet_mm.datasets.converters.source_case import LeftOut
from lidnet_mm.datasets.readers.regular_file import is_regular

NAMES_SHOWN = 5


def layout_error(source: Path, wanted: str, left_out: Sequence[LeftOut] = ()) -> ConversionError:
    """The error for a folder that has not the layout of the dataset.

    Args:
        source: The folder.
        wanted: What was looked for in it.
        left_out: What was found in it and cannot be used.
    """
    if not source.is_dir():
        return ConversionError(f"{source}: no such folder; name the folder that holds {wanted}")
    unused = f" (not used: {_reasons(left_out)})" if left_out else ""
    return ConversionError(
        f"{source}: no {wanted} in this folder, which holds {_content(source)}{unused}; "
        "name the folder of the dataset as it is unpacked"
    )


def unusable_error(source: Path, what: str, left_out: Sequence[LeftOut]) -> ConversionError:
    """The error for a folder of which everything that was looked for is there, and nothing usable.

    Args:
        source: The folder.
        what: What there is, such as ``'12 DICOM files'``.
        left_out: Why none of it can be used.
    """
    return ConversionError(f"{source}: {_reasons(left_out)}; so none of its {what} can be used")


def files_by_name(folder: Path, pattern: str) -> dict[str, Path]:
    """Map what names of files in a folder have in common with their partners to the files.

    Hidden files, such as the ``._*`` companions in some archives, are never found, nor is what is
    neither a regular file nor a folder: a pipe would never answer.

    Args:
        folder: The folder; one that does not exist has no files.
        pattern: Regular expression of a whole file name, whose first group is the common part.
            Letters count in either case, and leading zeros of a number do not.

    Returns:
        Common part → file.

    Raises:
        ConversionError: Two files have the same common part.
    """
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        match = re.fullmatch(pattern, path.name, re.IGNORECASE)
        if match is None or path.name.startswith(".") or not (path.is_dir() or is_regular(path)):
            continue
        key = re.sub(r"(?<!\d)0+(?=\d)", "", match[1].lower())
        if key in found:
            raise ConversionError(
                f"{found[key]} and {path} are of one patient; move one of them elsewhere"
            )
        found[key] = path
    return found


def _reasons(left_out: Sequence[LeftOut]) -> str:
    """Why things are not used, the most frequent reason first."""
    ordered = sorted(left_out, key=lambda entry: -entry.count)
    return "; ".join(left_out_lines(ordered, 1))


def _content(folder: Path) -> str:
    """The first names in a folder."""
    names = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    if not names:
        return "nothing"
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return ", ".join(names[:NAMES_SHOWN]) + more
