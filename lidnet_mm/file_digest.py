"""SHA-256 of a file, read a block at a time."""

import hashlib
from pathlib import Path

BLOCK = 1 << 20
"""Bytes in memory at a time."""


def sha256_of(path: str | Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal.

    Args:
        path: The file.

    Raises:
        OSError: It cannot be read.
    """
    digest = hashlib.sha256()
    with Path(path).open("rb") as stream:
        while block := stream.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()
