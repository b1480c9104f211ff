"""Annotation files below a folder, and which of several is meant."""

from collections.abc import Sequence
from pathlib import Path

from lidnet_mm.datasets.converters.natural_order import natural_key
from lidnet_mm.datasets.converters.source_case import LeftOut


def find_xml(folder: Path) -> list[Path]:
    """List the XML files below a folder in natural order, without hidden ones."""
    found = [
        path
        for path in folder.rglob("*")
        if path.suffix.lower() == ".xml" and not path.name.startswith(".") and path.is_file()
    ]
    return sorted(found, key=lambda path: natural_key(path.as_posix()))


def one_annotation(paths: Sequence[Path]) -> tuple[Path | None, list[LeftOut]]:
    """Choose among the annotation files of one slice or volume.

    Args:
        paths: At least one file.

    Returns:
        The only file, or the first of equal copies; none where they differ, since nobody knows
        which is right. And the files that are left out.
    """
    first, *others = paths
    if all(path.read_bytes() == first.read_bytes() for path in others):
        copies = [LeftOut("annotation", "a copy of another one", str(path)) for path in others]
        return first, copies
    reason = "another one of the same slice or volume differs; delete the wrong one"
    return None, [LeftOut("annotation", reason, str(path)) for path in paths]
