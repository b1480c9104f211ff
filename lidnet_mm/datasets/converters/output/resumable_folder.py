"""A dataset folder that is written case by case and appears when it is complete.

Until then it is a hidden sibling of the destination, ``.NAME.partial``. Each finished case leaves
a record there, so that a conversion that was interrupted goes on where it was.
"""

import contextlib
import fcntl
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mmengine.logging import MMLogger

from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.output.coco_writer import write_json
from lidnet_mm.datasets.converters.output.staged_folder import make_parents, put_in_place

RECORDS = ".records"
SETTINGS = "settings.json"


class CaseRecords:
    """Records of the cases that are done.

    Args:
        root: The folder that is being written.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def load(self, stem: str) -> dict[str, Any] | None:
        """The record of a case, or None where it is not done."""
        path = self.root / RECORDS / f"{stem}.json"
        return json.loads(path.read_text()) if path.is_file() else None

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
    partial = out.parent / f".{out.name}.partial"
    try:
        made = make_parents(out.parent)
        partial.mkdir(exist_ok=True)
    except OSError as error:
        raise ConversionError(
            f"{out} cannot be written ({error.strerror}); make {out.parent} writable or give "
            "another folder"
        ) from error
    try:
        with _only_writer(partial, out):
            _clear_others(partial, settings)
            yield from _complete(out, partial)
    except ConversionError:
        for folder in made:
            with contextlib.suppress(OSError):  # not empty: somebody else's by now
                folder.rmdir()
        raise


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
def _only_writer(partial: Path, out: Path) -> Iterator[None]:
    """Hold the folder's lock, which a killed process loses."""
    with (partial.parent / f".{out.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConversionError(
                f"another conversion writes {out} at the moment; wait for it or give another folder"
            ) from error
        try:
            yield
        finally:
            Path(lock.name).unlink(missing_ok=True)


def _clear_others(partial: Path, settings: Mapping[str, Any]) -> None:
    """Remove what a conversion with other settings, or of another source, left."""
    text = json.dumps(settings, sort_keys=True)
    known = partial / RECORDS / SETTINGS
    if known.is_file() and known.read_text() == text:
        return
    for entry in partial.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    known.parent.mkdir()
    known.write_text(text)
