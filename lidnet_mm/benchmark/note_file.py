"""Small json files that stages of the benchmark leave for later ones."""

import json
from pathlib import Path
from typing import Any


class DamagedFileError(ValueError):
    """A file of the work dir does not hold what this program writes there.

    Args:
        path (Path): The file.
        why (object): What is wrong with it.
        remedy (str, optional): What its user can do. By default, to delete the folder of the job.
    """

    def __init__(self, path: Path, why: object, remedy: str | None = None) -> None:
        remedy = remedy or f"delete {path.parent}, and 'benchmark run' does that job anew"
        super().__init__(f"{path} is damaged ({why}): {remedy}")


def read_note(path: Path, remedy: str | None = None) -> Any | None:
    """Content of a json file.

    Args:
        path (Path): The file.
        remedy (str, optional): As of :class:`DamagedFileError`.

    Returns:
        Any: What it holds; None where there is no such file.

    Raises:
        DamagedFileError: If it is no json.
    """
    if not path.is_file():
        return None
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DamagedFileError(path, error, remedy) from error
