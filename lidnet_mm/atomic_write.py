"""Files that are written whole or not at all."""

import errno
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

PART = ".part"
"""Ending of the temporary names; the file's own name stands in front."""

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says where there is no room."""


PROBE = 1 << 16
"""Bytes for which a folder has to have room: more than the first lines of a log."""


class UnwritableError(OSError):
    """A file cannot be written; the message names it, the reason and what to do.

    Args:
        path (Path): The file.
        error (OSError): What the system says.
    """

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(error.errno, error.strerror or str(error), str(path))

    def __str__(self) -> str:
        free = _free_space(Path(self.filename)) if self.errno in FULL else ""
        remedy = "make room" if self.errno in FULL else "make its folder writable"
        return (
            f"{self.filename} cannot be written ({self.strerror}{free}): {remedy}, or write to "
            "another folder"
        )


def write_whole(path: Path, content: bytes, durable: bool = False) -> None:
    """Write a file under a temporary name beside it, then rename; creates the folder.

    Args:
        path (Path): The file.
        content (bytes): What it holds.
        durable (bool): Wait until the disk has it, so that a power cut leaves the old file or the
            new one. Defaults to False.

    Raises:
        UnwritableError: If it cannot be written; what was there before is untouched.
    """
    write_together({path: content}, durable)


def write_together(contents: Mapping[Path, bytes], durable: bool = False) -> None:
    """Write files that belong together: none has its name before all are on the disk.

    Args:
        contents (Mapping[Path, bytes]): What each holds.
        durable (bool): As of :func:`write_whole`. Defaults to False.

    Raises:
        UnwritableError: If one cannot be written. All are as they were before, unless the disk
            fails between two renames.
    """
    parts: dict[Path, Path] = {}
    try:
        for path, content in contents.items():
            with _told(path):
                parts[path] = _write_part(path, content, durable)
        for path, part in parts.items():
            with _told(path):
                part.replace(path)
    except BaseException:
        for part in parts.values():
            part.unlink(missing_ok=True)
        raise
    if durable:
        for folder in dict.fromkeys(path.parent for path in contents):
            _sync_folder(folder)


@contextmanager
def written_whole(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for writing under a name of this process; rename it when the block ends well.

    The name tells the process, so that what a killed one left can be known. Two processes may
    write the same file at once: the one that ends last wins.

    Args:
        path (Path): The file; its folder is made where missing.

    Yields:
        IO[bytes]: The stream. After an error nothing is left, and what was there before is
        untouched.

    Raises:
        UnwritableError: If it cannot be written.
    """
    part = path.with_name(f"{path.name}.{socket.gethostname()}-{os.getpid()}{PART}")
    with _told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)  # A link of that name would lead elsewhere.
        stream = part.open("xb")
    try:
        with stream:
            yield stream
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        if error.filename == str(part) or (error.filename is None and error.errno in FULL):
            raise UnwritableError(path, error) from error
        raise  # of what the block read, not of what it wrote
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def require_writable(folder: Path) -> None:
    """Refuse a folder in which no file of some size can be written; creates the folder.

    Args:
        folder (Path): The folder.

    Raises:
        OSError: If nothing can be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(PROBE))
    except OSError as error:
        remedy = "make room" if error.errno in FULL else "make it writable"
        raise OSError(
            f"nothing can be written to {folder} ({error.strerror}): {remedy}, or give another "
            "folder"
        ) from error


def _write_part(path: Path, content: bytes, durable: bool) -> Path:
    """Write the content under a temporary name that nothing has."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        dir=path.parent, prefix=f"{path.name}.", suffix=PART, delete=False
    ) as part:
        temporary = Path(part.name)
        try:
            part.write(content)
            part.flush()
            if durable:
                os.fsync(part.fileno())
            temporary.chmod(0o644)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    return temporary


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Name the file in what the system says."""
    try:
        yield
    except OSError as error:
        raise UnwritableError(path, error) from error


def _free_space(path: Path) -> str:
    """Room on the disk of a file; nothing where its folder is gone."""
    if not path.parent.is_dir():
        return ""
    return f", {shutil.disk_usage(path.parent).free / 1e6:.1f} MB free"


def _sync_folder(folder: Path) -> None:
    """Wait until the disk knows the names in a folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
