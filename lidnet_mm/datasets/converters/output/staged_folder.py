"""Write a dataset folder whole or not at all."""

import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.output_path import (
    OutputPathError,
    as_error,
    check_output_folder,
    is_same,
)

DATASET_ENTRIES = ("annotations", "volumes", "masks", "ldct", "conversion.json")


def check_destination(
    out: Path, source: Path | None = None, overwrite: bool | None = False
) -> None:
    """Refuse a destination that would destroy something.

    Args:
        out: Folder to be written; absent, empty, or with ``overwrite`` an earlier dataset.
        source: Folder that is read; ``out`` may be neither it nor above it nor in it.
        overwrite: Whether an earlier dataset may be replaced; None where the user has no such
            option, so that the message does not name it.

    Raises:
        ConversionError: ``out`` is a file, holds the source or lies in it, holds something without
            ``overwrite``, or holds something else than a dataset.
    """
    with as_error(ConversionError):
        check_output_folder(out, [] if source is None else [("the source", source)])
    if out.is_symlink():
        raise ConversionError(f"{out} is a link, no folder; write to another one")
    entries = sorted(entry.name for entry in out.iterdir()) if out.is_dir() else []
    if not entries:
        return
    if not overwrite:
        remedy = "remove it" if overwrite is None else "give --overwrite to replace it"
        raise ConversionError(f"{out} exists; {remedy}, or write to another folder")
    foreign = [name for name in entries if name not in DATASET_ENTRIES]
    if foreign:
        raise ConversionError(
            f"{out} holds '{foreign[0]}', which no converter wrote, and is not replaced; move it "
            "away or write to another folder"
        )


def check_work_folder(work_dir: Path, data_root: str | None) -> None:
    """Refuse a work dir that is a converted data set or one of its folders, or lies in these.

    It may hold the data set, and be a new folder beside its entries.

    Args:
        work_dir: Where a training or a test writes.
        data_root: Root of the data; None where a config has none.

    Raises:
        OutputPathError: It is one.
    """
    if data_root is None:
        return
    root = Path(data_root)
    if is_same(work_dir, root):
        raise OutputPathError(f"{work_dir} is the data: write to another folder")
    entries = [("the data", root / name) for name in DATASET_ENTRIES]
    check_output_folder(work_dir, entries, may_hold=True)


@contextmanager
def staged_folder(out: Path) -> Iterator[Path]:
    """Give a temporary sibling of ``out`` that takes its place if the block ends well.

    An earlier ``out`` is replaced at the end and left as it was after an error. Call
    :func:`check_destination` first.

    Args:
        out: Folder to be written; its parents are made where missing.

    Yields:
        The empty temporary folder, beside ``out``.
    """
    made = make_parents(out.parent)
    staging = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        yield staging
        staging.chmod(0o755)
        put_in_place(out, staging)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        _remove_empty(made)
        raise


def put_in_place(out: Path, staging: Path) -> None:
    """Move ``staging`` to ``out``; an earlier ``out`` is deleted after that, or put back.

    Args:
        out: Folder to be written.
        staging: Complete folder beside it.
    """
    if not out.exists():
        staging.replace(out)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{out.name}.old.", dir=out.parent))
    out.replace(old)
    try:
        staging.replace(out)
    except BaseException:
        old.replace(out)
        raise
    shutil.rmtree(old)


def make_parents(folder: Path) -> list[Path]:
    """Make a folder and its parents.

    Args:
        folder: The folder.

    Returns:
        Those that were missing, deepest first.
    """
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def _remove_empty(folders: Collection[Path]) -> None:
    """Remove folders, deepest first, as long as they are empty."""
    for folder in folders:
        if any(folder.iterdir()):
            return
        folder.rmdir()
