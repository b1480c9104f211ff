"""Files that are written whole or not at all."""

import os
import tempfile
from pathlib import Path

PART = ".part"
"""Ending of the temporary names; the file's own name stands in front."""


def write_whole(path: Path, content: bytes, durable: bool = False) -> None:
    """Write a file under a temporary name beside it, then rename; creates the folder.

    Args:
        path (Path): The file.
        content (bytes): What it holds.
        durable (bool): Wait until the disk has it, so that a power cut leaves the old file or the
            new one. Defaults to False.

    Raises:
        OSError: If it cannot be written; what was there before is untouched.
    """
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
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    if durable:
        _sync_folder(path.parent)


def require_writable(folder: Path) -> None:
    """Refuse a folder in which no file can be written; creates the folder.

    Args:
        folder (Path): The folder.

    Raises:
        OSError: If nothing can be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise OSError(
            f"nothing can be written to {folder} ({error.strerror}): make it writable, or give "
            "another folder"
        ) from error


def _sync_folder(folder: Path) -> None:
    """Wait until the disk knows the names in a folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
