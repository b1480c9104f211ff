"""What lies in a source folder, and errors that say so."""

import re
from pathlib import Path

from lidnet_mm.datasets.converters.conversion_error import ConversionError

NAMES_SHOWN = 5


def layout_error(source: Path, wanted: str) -> ConversionError:
    """The error for a folder that has not the layout of the dataset.

    Args:
        source: The folder.
        wanted: What was looked for in it.
    """
    if not source.is_dir():
        return ConversionError(f"{source}: no such folder; name the folder that holds {wanted}")
    return ConversionError(
        f"{source}: no {wanted} in this folder, which holds {_content(source)}; "
        "name the folder of the dataset as it is unpacked"
    )


def files_by_name(folder: Path, pattern: str) -> dict[str, Path]:
    """Map what names of files in a folder have in common with their partners to the files.

    Hidden files, such as the ``._*`` companions in some archives, are never found.

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
        if match is None or path.name.startswith("."):
            continue
        key = re.sub(r"(?<!\d)0+(?=\d)", "", match[1].lower())
        if key in found:
            raise ConversionError(
                f"{found[key]} and {path} are of one patient; move one of them elsewhere"
            )
        found[key] = path
    return found


def _content(folder: Path) -> str:
    """The first names in a folder."""
    names = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    if not names:
        return "nothing"
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return ", ".join(names[:NAMES_SHOWN]) + more
