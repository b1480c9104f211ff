"""Only regular files are opened: a pipe would wait for ever, a device never end."""

import stat
from pathlib import Path

from lidnet_mm.datasets.readers.volume import VolumeError


def is_regular(path: Path) -> bool:
    """Whether a path leads to a file that can be read to its end, through links or not."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def check_regular(path: Path) -> None:
    """Refuse what must not be opened.

    Args:
        path: What shall be opened next.

    Raises:
        FileNotFoundError: There is nothing.
        VolumeError: It is a pipe, a socket, a device or a folder.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise VolumeError(
            f"Cannot read {path}: it is no regular file but a pipe, a socket, a device or a folder;"
            " give a file"
        )
