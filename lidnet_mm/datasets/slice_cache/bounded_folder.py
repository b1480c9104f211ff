"""A folder that several processes fill with files, up to a bound."""

import contextlib
import fcntl
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

from lidnet_mm.atomic_write import PART, write_whole
from lidnet_mm.output_path import as_error, open_lock

LEDGER = "total_bytes"
"""File in the folder that holds its size, and whose lock a writer holds."""

SUB_FOLDER = re.compile(r"[0-9a-f]{2}")

BLOCK = 4096
"""Bytes that a file system gives out at once: a file counts in whole blocks."""


class BoundedFolder:
    """Files in sub-folders, which any process on a node may read, write or delete at any time.

    A writer holds the lock of the ledger while it counts the file, makes room and writes. The
    file is counted before it is written: a process that is killed in between leaves a count that
    is too high, never one that is too low, and the count is corrected from the files themselves
    when it next reaches the bound. The kernel frees the lock of a process that died.

    Room is made by deleting what was not used for longest. What was used since this object was
    made stays: a training that goes through more than the folder holds would otherwise delete
    each file just before its next visit. Then no more is written, and what is there is used. A file
    that a reader has open or mapped outlives its deletion.

    Args:
        folder: Made when the first file is written.
        max_bytes: Most bytes that the files may take, in blocks of 4 KiB; None sets no bound.
        names: Regular expression of the files' names. Any other file in the folder is somebody
            else's: it is neither counted nor deleted.
    """

    def __init__(
        self, folder: str | Path, max_bytes: int | None = None, names: str = "[^.]+"
    ) -> None:
        self.folder = Path(folder)
        self._names = re.compile(names)
        self._parts = re.compile(rf"(?:{names})\.[^.]+{re.escape(PART)}")
        self.max_bytes = max_bytes
        self._started = time.time_ns()
        self._unused: list[tuple[int, int, Path]] | None = None

    def write(self, path: Path, content: bytes) -> bool:
        """Write a file whole, unless it is there or has no room.

        Args:
            path: In a sub-folder of the folder.
            content: What it holds.

        Returns:
            Whether the file is there now.

        Raises:
            OSError: The folder cannot be written, or the disk is full; nothing is left behind.
        """
        size = _on_disk(len(content))
        if self.max_bytes is not None and size > self.max_bytes:
            return False
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._locked_ledger() as ledger:
            if path.exists():
                return True
            total = self._make_room(self._read_total(ledger), size)
            if total is None:
                return False
            _write_total(ledger, total + size)
            try:
                write_whole(path, content)
            except BaseException:
                _write_total(ledger, total)
                raise
        return True

    def note_use(self, descriptor: int) -> None:
        """Note that an open file is in use, once in the life of this object.

        Args:
            descriptor: Of a file opened for reading.
        """
        if os.fstat(descriptor).st_mtime_ns < self._started:
            with contextlib.suppress(OSError):  # a folder that others own can be read all the same
                os.utime(descriptor)

    @contextlib.contextmanager
    def _locked_ledger(self) -> Iterator[int]:
        """The open ledger, locked against other writers."""
        with as_error(OSError):
            ledger = open_lock(self.folder / LEDGER)
        try:
            fcntl.flock(ledger, fcntl.LOCK_EX)
            yield ledger
        finally:
            os.close(ledger)

    def _read_total(self, ledger: int) -> int:
        """Bytes that the files take: what the ledger says, or else counted."""
        text = os.pread(ledger, 64, 0)
        return int(text) if text.strip().isdigit() else sum(size for _, size, _ in self._scan())

    def _make_room(self, total: int, size: int) -> int | None:
        """Delete until a file fits; the bytes that the others take then, None if it cannot fit."""
        if self.max_bytes is None or total + size <= self.max_bytes:
            return total
        if self._unused is None:  # no file becomes unused later: one look is enough
            files = self._scan()
            total = sum(bytes_ for _, bytes_, _ in files)
            self._unused = sorted((f for f in files if f[0] < self._started), reverse=True)
        while self._unused and total + size > self.max_bytes:
            used, bytes_, path = self._unused.pop()
            with contextlib.suppress(FileNotFoundError):  # another process was first
                if path.stat().st_mtime_ns == used:
                    path.unlink()
                    total -= bytes_
        return total if total + size <= self.max_bytes else None

    def _scan(self) -> list[tuple[int, int, Path]]:
        """Last use, bytes and path of each file; what killed writers left is deleted.

        The caller holds the lock, so no file is being written.
        """
        files = []
        for folder in self.folder.iterdir():
            if not SUB_FOLDER.fullmatch(folder.name) or not folder.is_dir():
                continue
            for entry in os.scandir(folder):
                with contextlib.suppress(FileNotFoundError):  # deleted by a reader or by hand
                    if self._parts.fullmatch(entry.name):
                        Path(entry.path).unlink()
                        continue
                    if not self._names.fullmatch(entry.name):
                        continue
                    state = entry.stat()
                    files.append((state.st_mtime_ns, _on_disk(state.st_size), Path(entry.path)))
        return files


def _write_total(ledger: int, total: int) -> None:
    """Write the ledger in place, in one call and always of the same length."""
    os.pwrite(ledger, f"{total:20d}\n".encode(), 0)


def _on_disk(size: int) -> int:
    """Bytes in whole blocks."""
    return -(-size // BLOCK) * BLOCK
