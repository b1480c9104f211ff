"""Small json files that stages of the benchmark leave for later ones."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from lidnet_mm.damaged_file import damage_told
from lidnet_mm.json_file import read_json

Note = TypeVar("Note")


def read_note(
    path: Path,
    read: Callable[[Any], Note],
    remedy: str | None = None,
) -> Note | None:
    """Content of a json file.

    Args:
        path (Path): The file.
        read (Callable[[Any], Note]): Takes from the content what is wanted; what it raises tells
            that the file is damaged.
        remedy (str, optional): As of :class:`DamagedFileError`.

    Returns:
        Note | None: What ``read`` takes; None where there is no such file.

    Raises:
        DamagedFileError: If it is no json, or ``read`` fails.
        OSError: If it cannot be read.
    """
    if not path.is_file():
        return None
    content = read_json(path, remedy)
    with damage_told(path, remedy):
        return read(content)
