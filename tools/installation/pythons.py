"""Python interpreters of this machine, and which of them to install with."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from installation import InstallError

OLDEST, NEWEST = (3, 10), (3, 13)
# What is looked for on the PATH. The makers of mmcv publish wheels for 3.12 and 3.10.
NAMES = ("python3", "python3.12", "python3.13", "python3.11", "python3.10")
LOOK = """
import importlib.util, json, sys, sysconfig
parts = [importlib.util.find_spec(name) is not None for name in ("venv", "ensurepip")]
print(json.dumps([sys.executable, sys.version_info[:2], sysconfig.get_path("include"), all(parts)]))
"""
SECONDS = 30


@dataclass(frozen=True)
class Interpreter:
    """One Python: path, version as (major, minor), folder of its headers, whether it has venv."""

    path: str
    version: tuple[int, int]
    headers: str = ""
    makes_venvs: bool = True

    @property
    def supported(self) -> bool:
        """Whether everything that is installed runs on this version."""
        return OLDEST <= self.version <= NEWEST

    def __str__(self) -> str:
        """Version and path, for messages."""
        return "Python {}.{} ({})".format(*self.version, self.path)


def look_at(command: str) -> Interpreter | None:
    """Ask a command whether it is a Python, and which.

    Args:
        command: Name on the PATH or a path.

    Returns:
        The interpreter, or None where the command is missing or does not work. The commands of
        version managers exist for versions that are not switched on, too.
    """
    try:
        done = subprocess.run(
            [command, "-c", LOOK],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=True,
        )
        path, version, headers, makes_venvs = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError, TypeError):
        return None
    return Interpreter(path, tuple(version), headers, makes_venvs)


def on_this_machine() -> list[Interpreter]:
    """All interpreters of the PATH, ``python3`` first, each once."""
    seen = {}
    for name in NAMES:
        found = look_at(name)
        if found is not None:
            seen.setdefault(str(Path(found.path).resolve()), found)
    return list(seen.values())


def check(interpreter: Interpreter) -> None:
    """Refuse a Python that cannot be installed with.

    Raises:
        InstallError: If the dependencies do not support its version.
    """
    if not interpreter.supported:
        raise InstallError(
            f"{interpreter} is not supported, only {supported()} are. Name one of these, for "
            "example `make install PYTHON=python3.12`."
        )


def check_venv_module(interpreter: Interpreter) -> None:
    """Refuse a Python without the parts that create virtual environments.

    Raises:
        InstallError: If ``venv`` or ``ensurepip`` is missing.
    """
    if not interpreter.makes_venvs:
        raise InstallError(
            f"{interpreter.path} cannot create virtual environments. On Debian and Ubuntu: "
            "`sudo apt-get install python{}.{}-venv`.".format(*interpreter.version)
        )


def choose(
    candidates: list[Interpreter], has_ready_wheel: Callable[[Interpreter], bool]
) -> Interpreter:
    """Take the first usable interpreter with a ready wheel of mmcv, else the first usable one.

    Args:
        candidates: In order of preference.
        has_ready_wheel: Tells whether one is there for an interpreter. Asked one by one.

    Raises:
        InstallError: If none is usable.
    """
    usable = [one for one in candidates if one.supported and one.makes_venvs]
    if not usable:
        # Tells what is wrong with a supported one, if there is any.
        for one in sorted(candidates, key=lambda one: not one.supported):
            check(one)
            check_venv_module(one)
        raise InstallError(f"no Python is on the PATH. Install one of {supported()}.")
    return next((one for one in usable if has_ready_wheel(one)), usable[0])


def supported() -> str:
    """The supported versions, for messages."""
    return f"3.{OLDEST[1]} to 3.{NEWEST[1]}"
