"""The folder that a tree of series is written to: what is done, what is begun, what is free."""

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath

from filelock import FileLock, Timeout

from lidnet_mm.atomic_write import write_whole
from lidnet_mm.output_path import check_output_file, check_output_folder

WORK = ".lidnet_mm"
"""Folder below the output for notes, locks and unfinished files."""


class OutputError(ValueError):
    """An output cannot be written there; the message says what to do."""


@dataclass(frozen=True)
class OutputNote:
    """What is known of a series' output. It names no file and no patient.

    Attributes:
        source: Digest of the source's files.
        derivation: Digest of what is done to it.
        outputs: Digest of each file's name → its size in bytes.
        complete: False while files are moved to their place.
    """

    source: str
    derivation: str
    outputs: dict[str, int]
    complete: bool


class OutputTree:
    """An output folder.

    Each series is written into a folder of its own below ``.lidnet_mm`` and its files are moved to
    their place when all are there. A note then says so; a run that finds it does nothing.

    Args:
        root: The folder; created.
    """

    def __init__(self, root: Path) -> None:
        self.root, self._work = root, root / WORK

    def note(self, identity: str) -> OutputNote | None:
        """What is known of a series; None where nothing, or where the note is damaged."""
        try:
            return OutputNote(**json.loads(self._note_file(identity).read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def is_done(self, identity: str, folder: PurePath, source: str, derivation: str) -> bool:
        """Whether a series was written, from this source in this way, and is still there.

        Args:
            identity: Of the series.
            folder: Its folder relative to the root.
            source: Digest of the source's files.
            derivation: Digest of what is done.
        """
        note = self.note(identity)
        if note is None or not note.complete:
            return False
        if (note.source, note.derivation) != (source, derivation):
            return False
        place = self.root / folder
        found = {
            _digest(path.relative_to(place)): path.stat().st_size
            for path in (place.rglob("*") if place.is_dir() else ())
            if path.is_file()
        }
        return note.outputs.items() <= found.items()

    def require_free(
        self, identity: str, folder: PurePath, outputs: Sequence[Path], derivation: str
    ) -> None:
        """Refuse to write over files that this run did not begin.

        Args:
            identity: Of the series.
            folder: Its folder relative to the root.
            outputs: Its files relative to that folder.
            derivation: Digest of what is done.

        Raises:
            OutputError: One of them exists.
        """
        note = self.note(identity)
        if note is not None and not note.complete and note.derivation == derivation:
            return
        for name in outputs:
            path = self.root / folder / name
            if path.exists() or path.is_symlink():
                raise OutputError(
                    f"{path} exists, from another source or other options: give --overwrite, or "
                    "another folder"
                )

    @contextmanager
    def begin(self, identity: str) -> Iterator[Path]:
        """An empty folder for a series, removed in the end.

        Args:
            identity: Of the series.

        Yields:
            The folder.

        Raises:
            OutputError: Another process writes this series.
        """
        self._work.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._work / f"{identity}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise OutputError("another process writes it at this moment") from error
        part = self._work / f"{identity}.part"
        try:
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
            yield part
        finally:
            shutil.rmtree(part, ignore_errors=True)
            lock.release()

    def publish(
        self, identity: str, part: Path, folder: PurePath, source: str, derivation: str
    ) -> tuple[Path, ...]:
        """Move the files of a series to their place and note that it is done.

        Args:
            identity: Of the series.
            part: The folder of :meth:`begin`.
            folder: Its folder relative to the root.
            source: Digest of the source's files.
            derivation: Digest of what was done.

        Returns:
            The files.

        Raises:
            OSError: They cannot be moved.
        """
        names = sorted(path.relative_to(part) for path in part.rglob("*") if path.is_file())
        sizes = {_digest(name): (part / name).stat().st_size for name in names}
        self._write_note(identity, OutputNote(source, derivation, sizes, complete=False))
        for name in names:
            target = self.root / folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            (part / name).replace(target)
        self._write_note(identity, OutputNote(source, derivation, sizes, complete=True))
        return tuple(self.root / folder / name for name in names)

    def _note_file(self, identity: str) -> Path:
        """File of a note."""
        return self._work / f"{identity}.json"

    def _write_note(self, identity: str, note: OutputNote) -> None:
        """Write a note whole."""
        content = json.dumps(note.__dict__, sort_keys=True)
        write_whole(self._note_file(identity), content.encode(), durable=True)


def _digest(name: Path) -> str:
    """A file name that tells nothing."""
    return hashlib.sha256(name.as_posix().encode("utf-8", "surrogateescape")).hexdigest()[:16]


def require_apart(source: Path, target: Path) -> None:
    """Refuse an output that is the source, lies in it or holds it, also by way of links.

    Args:
        source: File or folder that is read.
        target: Folder to write, or the file where the source is one.

    Raises:
        OutputPathError: They are not apart.
    """
    inputs = [("the source", source)]
    if source.is_file() and not target.is_dir() and target.suffix:
        check_output_file(target, inputs)
    else:
        check_output_folder(target, inputs, may_hold=source.is_file())
