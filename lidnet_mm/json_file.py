"""Json files from disk: read, or refused in one line."""

import json
from pathlib import Path
from typing import Any

from lidnet_mm.damaged_file import DamagedFileError, damage_told

NAMES = {dict: "an object", list: "a list"}


def read_json(path: Path, remedy: str | None = None, kind: type = object) -> Any:
    """Read a json file.

    Args:
        path (Path): The file.
        remedy (str, optional): As of :class:`DamagedFileError`.
        kind (type): ``dict`` or ``list``, what it must hold. Defaults to anything.

    Returns:
        Any: What it holds.

    Raises:
        FileNotFoundError: If there is no such file.
        OSError: If it cannot be read.
        DamagedFileError: If it is no json in UTF-8, nested too deep, or of another kind.
    """
    path = Path(path)
    with damage_told(path, remedy):
        content = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(content, kind):
        found = NAMES.get(type(content), type(content).__name__)
        raise DamagedFileError(path, f"it holds {found}, not {NAMES[kind]}", remedy)
    return content
