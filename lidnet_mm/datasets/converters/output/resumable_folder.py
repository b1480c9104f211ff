"""A dataset folder that is written case by case and appears when it is complete.

Until then it is a hidden sibling of the destination, ``.NAME.partial``. Each finished case leaves
a record there, so that a conversion that was interrupted goes on where it was. Nothing in it names
the source: of the settings there is only a digest.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mmengine.logging import MMLogger

from lidnet_mm.atomic_write import write_whole
from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.output.coco_writer import write_json
from lidnet_mm.datasets.converters.output.staged_folder import (
    DATASET_ENTRIES,
    make_parents,
    put_in_place,
)
from lidnet_mm.output_path import as_error, check_own_folder, open_lock

RECORDS = ".records"
SETTINGS = "settings.sha256"
"""File with the digest of all that the records depend on."""


FIELDS = {"part", "patient", "slices", "left_out"}
"""What each record has."""


class CaseRecords:
    """Records of the cases that are done.

    Args:
        root: The folder that is being written.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def load(self, stem: str) -> dict[str, Any] | None:
        """The record of a case, or None where it is not done, or the record is damaged."""
        path = self.root / RECORDS / f"{stem}.json"
        if not path.is_file():
            return None
        try:
            return _checked(json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, RecursionError) as error:
            MMLogger.get_current_instance().warning(
                f"{path} is damaged ({error}): {stem} is converted again"
            )
            return None

    def save(self, stem: str, record: Mapping[str, Any]) -> None:
        """Note that all files of a case are written."""
        write_json(self.root / RECORDS / f"{stem}.json", record)


@contextmanager
def resumable_folder(out: Path, settings: Mapping[str, Any]) -> Iterator[CaseRecords]:
    """Give the folder that takes the place of ``out`` if the block ends well.

    After a :class:`ConversionError` nothing is left. After anything else, an interruption or a
    full disk, what was written stays, and the same call goes on with it.

    Args:
        out: Folder to be written; its parents are made where missing.
        settings: All that the files depend on; what another conversion left is removed.

    Yields:
        The records of what an earlier attempt has done.

    Raises:
        ConversionError: Another process writes the same folder, or it cannot be written.
    """
    partial = partial_folder(out)
    with as_error(ConversionError):
        check_own_folder(partial, (RECORDS, *DATASET_ENTRIES))
    try:
        made = make_parents(out.parent)
        partial.mkdir(exist_ok=True)
    except OSError as error:
        raise ConversionError(
            f"{out} cannot be written ({error.strerror}); make {out.parent} writable or give "
            "another folder"
        ) from error
    try:
        with _only_writer(out):
            _clear_others(partial, settings)
            yield from _complete(out, partial)
    except ConversionError:
        for folder in made:
            with contextlib.suppress(OSError):  # not empty: somebody else's by now
                folder.rmdir()
        raise


def partial_folder(out: Path) -> Path:
    """Where a dataset is written until it is complete.

    Args:
        out: Folder of the complete dataset.
    """
    return out.parent / f".{out.name}.partial"


def lock_file(out: Path) -> Path:
    """File that the process which writes a dataset holds.

    Args:
        out: Folder of the complete dataset.
    """
    return out.parent / f".{out.name}.lock"


def _complete(out: Path, partial: Path) -> Iterator[CaseRecords]:
    """Let the caller write, then put the folder in place, remove it or keep it."""
    try:
        yield CaseRecords(partial)
    except ConversionError:
        shutil.rmtree(partial)
        raise
    except BaseException:
        MMLogger.get_current_instance().warning(
            "Interrupted. What was converted is kept in %s: the same command goes on with it",
            partial,
        )
        raise
    shutil.rmtree(partial / RECORDS)
    put_in_place(out, partial)


@contextmanager
def _only_writer(out: Path) -> Iterator[None]:
    """Hold the folder's lock, which a killed process loses."""
    path = lock_file(out)
    with as_error(ConversionError):
        lock = open_lock(path)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConversionError(
                f"another conversion writes {out} at the moment; wait for it or give another folder"
            ) from error
        if os.fstat(lock).st_size:
            raise ConversionError(f"{path} is in the way and no lock: move it away")
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
    finally:
        os.close(lock)


def _clear_others(partial: Path, settings: Mapping[str, Any]) -> None:
    """Remove what a conversion with other settings, or of another source, left."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest().encode()
    known = partial / RECORDS / SETTINGS
    if known.is_file() and known.read_bytes() == digest:
        return
    for entry in partial.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    known.parent.mkdir()
    write_whole(known, digest)


def _checked(record: Any) -> dict[str, Any]:
    """A record that has what the json files are made from.

    Raises:
        ValueError: It has not.
    """
    missing = FIELDS - record.keys() if isinstance(record, dict) else FIELDS
    if missing:
        raise ValueError(f"it has no {', '.join(sorted(missing))}")
    return record
