"""One line for a file that does not hold what a program of this package writes there."""

import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DAMAGE = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What reading raises where a file is cut short, of another type, nested too deep, or claims sizes
that no memory has."""


SAYS = "is damaged"


class DamagedFileError(ValueError):
    """A file does not hold what this program writes there.

    Args:
        path (Path): The file.
        why (object): What is wrong with it.
        remedy (str, optional): What its user can do. By default, to delete the folder of the job
            of a benchmark that wrote it.
        says (str): What is said of the file. Defaults to ``is damaged``.
    """

    def __init__(
        self, path: Path, why: object, remedy: str | None = None, says: str = SAYS
    ) -> None:
        remedy = remedy or job_anew(path.parent)
        super().__init__(f"{path} {says} ({_in_a_line(why)}): {remedy}")


def job_anew(folder: Path) -> str:
    """The remedy for a file of a job of a benchmark.

    Args:
        folder (Path): Of the job.

    Returns:
        str: To delete it.
    """
    return f"delete {folder}, and 'benchmark run' does that job anew"


@contextmanager
def damage_told(path: Path, remedy: str | None = None, says: str = SAYS) -> Iterator[None]:
    """Name the file where what it holds cannot be read.

    Args:
        path (Path): The file that the block reads, or read before.
        remedy (str, optional): As of :class:`DamagedFileError`.
        says (str): As of :class:`DamagedFileError`.

    Raises:
        DamagedFileError: If the block fails for what the file holds.
    """
    try:
        yield
    except DamagedFileError:
        raise
    except DAMAGE as error:
        raise DamagedFileError(path, error, remedy, says) from error


def _in_a_line(why: object) -> str:
    """A reason in one line; the name of an error tells more than a bare key or nothing."""
    text = " ".join(str(why).split())
    if isinstance(why, KeyError):
        return f"no {text}"
    return text or type(why).__name__
