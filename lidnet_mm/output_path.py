"""Where a program may write: no output is an input, and no link is followed unseen.

Each tool checks its outputs here before it reads or computes anything.
"""

import os
import stat
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

Input = tuple[str, Path]
"""What a file or folder is, such as ``the config``, and where it is."""


class OutputPathError(ValueError):
    """An output that would destroy something; the message names both and what to do."""


class ExistingOutputError(OutputPathError, FileExistsError):
    """An output that is there already."""


def check_output_file(
    path: Path, inputs: Iterable[Input] = (), suffixes: Iterable[str] = ()
) -> None:
    """Refuse a file that would take the place of what is read.

    Links are resolved, and two names of one file are one file.

    Args:
        path: The file to write; it may exist.
        inputs: What is read: files, and folders in which no output may lie.
        suffixes: Endings that it may have, in small letters; any where none is given.

    Raises:
        OutputPathError: It is a folder, ends otherwise, is an input, or lies in one.
    """
    suffixes = tuple(suffixes)
    if path.is_dir():
        raise OutputPathError(f"{path} is a folder: name the file to write")
    if suffixes and path.suffix.lower() not in suffixes:
        raise OutputPathError(f"{path} must end with {' or '.join(suffixes)}: give such a name")
    for what, given in inputs:
        if is_same(path, given):
            raise OutputPathError(
                f"{path} is {what}{_other_name(given, path)}: write to another file"
            )
        if given.is_dir() and _holds(given, path):
            raise OutputPathError(f"{path} lies in {what} {given}: write to another folder")


def check_output_folder(path: Path, inputs: Iterable[Input] = (), may_hold: bool = False) -> None:
    """Refuse a folder that is read, holds what is read, or lies in it.

    Args:
        path: The folder to write; it may exist.
        inputs: As of :func:`check_output_file`.
        may_hold: Whether it may hold what is read, as a folder whose entries have fixed names may.
            Defaults to False.

    Raises:
        OutputPathError: It is no folder, is an input, holds one, or lies in one.
    """
    if path.exists() and not path.is_dir():
        raise OutputPathError(f"{path} is no folder: write to another one")
    for what, given in inputs:
        if is_same(path, given):
            raise OutputPathError(
                f"{path} is {what}{_other_name(given, path)}: write to another folder"
            )
        if not may_hold and _holds(path, given):
            raise OutputPathError(f"{path} holds {what} {given}: write to another folder")
        if given.is_dir() and _holds(given, path):
            raise OutputPathError(f"{path} lies in {what} {given}: write to another folder")


def is_same(one: Path, other: Path) -> bool:
    """Whether two paths are one file or folder, through links and by other names.

    Args:
        one: A path, of something that is there or not.
        other: Another.

    Returns:
        Whether they are one.
    """
    if os.path.realpath(one) == os.path.realpath(other):
        return True
    try:
        return one.samefile(other)
    except OSError:  # one is absent
        return False


def check_new_file(*paths: Path) -> None:
    """Refuse files that are there already, links that lead nowhere among them.

    Raises:
        ExistingOutputError: One is there.
    """
    for path in paths:
        if path.is_symlink() or path.exists():
            raise ExistingOutputError(f"{path} exists; remove it or write to another name")


def check_name(name: str, option: str) -> None:
    """Refuse a name that is a path, where a folder of that name is to be made.

    Args:
        name: The name.
        option: What it was given with.

    Raises:
        OutputPathError: It is empty, ``.`` or ``..``, or has a separator or a control character.
    """
    separators = {"/", "\\", os.sep, os.altsep} - {None}
    if name in ("", ".", "..") or any(c in separators or ord(c) < 32 for c in name):
        raise OutputPathError(
            f"{option} {name!r} is no name: give one without separators, which is no '..'"
        )


def check_own_folder(path: Path, entries: Collection[str]) -> None:
    """Refuse a temporary folder that is a link, or is not one of this program.

    Args:
        path: Folder of a fixed name; it may be absent or empty.
        entries: Names that the program gives to what it writes there.

    Raises:
        OutputPathError: It is a link or no folder, or holds a link or something of another name.
    """
    _refuse_link(path)
    if not path.exists():
        return
    if not path.is_dir():
        raise OutputPathError(f"{path} is in the way and no folder: move it away")
    for entry in sorted(path.iterdir()):
        if entry.name not in entries:
            raise OutputPathError(
                f"{path} is in the way and holds '{entry.name}', which this program did not write: "
                "move it away"
            )
        _refuse_link(entry)


def open_lock(path: Path) -> int:
    """Open a lock file without following a link and without emptying anything.

    Args:
        path: The file; made where absent.

    Returns:
        Its descriptor.

    Raises:
        OutputPathError: It is a link or something else than a file.
        OSError: It cannot be made.
    """
    _refuse_link(path)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o644)
    except IsADirectoryError as error:
        raise OutputPathError(f"{path} is in the way and no file: move it away") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OutputPathError(f"{path} is in the way and no file: move it away")
    return descriptor


@contextmanager
def as_error(kind: type[Exception]) -> Iterator[None]:
    """Raise what these checks raise as an error of another kind, with its message.

    Args:
        kind: Such as the error that a tool prints in one line.
    """
    try:
        yield
    except OutputPathError as error:
        raise kind(str(error)) from error


def _refuse_link(path: Path) -> None:
    """Refuse a link where this program makes its own files."""
    if path.is_symlink():
        raise OutputPathError(
            f"{path} is a link to {path.readlink()}, which would be written: remove the link"
        )


def _holds(folder: Path, path: Path) -> bool:
    """Whether a path lies below a folder, at any depth."""
    return any(is_same(folder, above) for above in Path(os.path.realpath(path)).parents)


def _other_name(given: Path, path: Path) -> str:
    """The name of an input, after a blank, where it is another one than the output's."""
    return "" if str(given) == str(path) else f" {given}"
