"""Folders that programs write to, and the memory that processes share."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from diagnosis.problem import Problem

SHARED_MEMORY = Path("/dev/shm")
# A batch of eight slices of 512 × 512 and its targets from four workers, twice over.
ENOUGH_SHARED = 1 << 30


@dataclass(frozen=True)
class Folder:
    """One folder: what it is for, the variable that moves it, and why it cannot be written."""

    use: str
    path: str
    variable: str
    error: str | None = None
    stops: bool = False


def look() -> list[Folder]:
    """Try to write where the tools and their libraries do."""
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 Path.home() raises where there is none
    cache = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    settings = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    places = (
        ("home", home, "HOME", False),
        (
            "downloaded weights",
            Path(os.environ.get("TORCH_HOME") or cache / "torch"),
            "TORCH_HOME",
            False,
        ),
        (
            "matplotlib",
            Path(os.environ.get("MPLCONFIGDIR") or settings / "matplotlib"),
            "MPLCONFIGDIR",
            False,
        ),
        ("temporary files", Path(temporary_folder()), "TMPDIR", True),
    )
    return [
        Folder(use, str(path), variable, why_not_writable(path), stops)
        for use, path, variable, stops in places
    ]


def temporary_folder() -> str:
    """Folder for temporary files; the variable's where none can be used."""
    try:
        return tempfile.gettempdir()
    except OSError:
        return os.environ.get("TMPDIR") or "/tmp"


def why_not_writable(path: Path) -> str | None:
    """Why nothing can be written into a folder, or it cannot be made; None where it can.

    Nothing is left behind: a folder that is missing is not made, its parent is tried.
    """
    try:
        while not path.exists() and path != path.parent:
            path = path.parent
        with tempfile.TemporaryFile(dir=path) as file:
            file.write(b"x" * 4096)
            file.flush()
    except OSError as error:
        return error.strerror or str(error)
    return None


def shared_memory() -> int | None:
    """Bytes of shared memory; None where there is none to ask."""
    try:
        space = os.statvfs(SHARED_MEMORY)
    except OSError:
        return None
    return space.f_frsize * space.f_blocks


def problems(folders: list[Folder], shared: int | None) -> list[Problem]:
    """What is wrong with the folders.

    Args:
        folders: Those that were tried.
        shared: Shared memory in bytes, None if unknown.
    """
    found = [
        Problem(
            f"the folder for {folder.use}, {folder.path}, cannot be written: {folder.error}",
            f"Set {folder.variable} to a folder that can",
            folder.stops,
        )
        for folder in folders
        if folder.error
    ]
    if shared is not None and shared < ENOUGH_SHARED:
        found.append(
            Problem(
                f"/dev/shm has {shared / 2**20:.0f} MiB: data loaders with workers may end with "
                "a bus error",
                "In a container: start it with `--shm-size=8g`; else "
                "`--cfg-options train_dataloader.num_workers=0`",
                stops=False,
            )
        )
    return found
