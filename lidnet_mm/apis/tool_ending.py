"""How the tools end: with their status, or with the one line that matters."""

import logging
import traceback
from collections.abc import Callable

from mmengine.logging import MMLogger

from lidnet_mm.atomic_write import FULL
from lidnet_mm.build_errors import UnknownTypeError, WrongArgumentError, explained
from lidnet_mm.last_line import say_error
from lidnet_mm.missing_package import MissingPackageError
from lidnet_mm.registry import REGISTRIES

OF_USERS = (MissingPackageError, OSError, UnknownTypeError, ValueError, WrongArgumentError)
"""Errors whose message says all: what was wrong, where, and what to do."""

INTERRUPTED = 130


def run_tool(main: Callable[[], int | None]) -> int:
    """Do what a tool does; an error ends with one line.

    That line is all there is for errors whose message says what to do. Others are faults of the
    program or of its surroundings: their traceback comes before. It is in the log of the work dir
    in either case, where there is one already.

    Args:
        main (Callable[[], int | None]): The tool.

    Returns:
        int: Its exit status.
    """
    try:
        return main() or 0
    except KeyboardInterrupt:
        say_error("interrupted")
        return INTERRUPTED
    except Exception as error:  # the end of the program: nothing is swallowed
        better = explained(error, REGISTRIES) or error
        _log(error)
        if not isinstance(better, OF_USERS) and not _is_sentence(better):
            traceback.print_exc()
            better = f"{type(error).__name__}: {_text(error)}"
        say_error(_text(better))
        return 1


def _text(error: Exception | str) -> str:
    """What an error says in one line, that of another process without its traceback."""
    if isinstance(error, OSError) and error.errno in FULL and str(error) == _bare(error):
        return f"{error.strerror}: make room, or write to another folder"
    text = error.args[0] if isinstance(error, KeyError) and error.args else error
    lines = [line.strip() for line in str(text).splitlines() if line.strip()]
    if any("Traceback (most recent call last)" in line for line in lines):
        return lines[-1]  # of a data loader's process
    return " ".join(lines) or type(error).__name__


def _bare(error: OSError) -> str:
    """What Python says of an error of the system that names no file."""
    return f"[Errno {error.errno}] {error.strerror}"


def _is_sentence(error: Exception) -> bool:
    """Whether a KeyError says what is missing, and not only its name."""
    return isinstance(error, KeyError) and " " in _text(error)


def _log(error: Exception) -> None:
    """Keep a traceback in the log files of the training or test, off the terminal."""
    files = [
        handler
        for name in MMLogger._instance_dict
        for handler in MMLogger.get_instance(name).handlers
        if isinstance(handler, logging.FileHandler)
    ]
    text = "".join(traceback.format_exception(error))
    for handler in files:
        handler.handle(logging.LogRecord("mmengine", logging.ERROR, "", 0, text, None, None))
