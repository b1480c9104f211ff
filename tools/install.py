"""Set up the virtual environment that the Makefile's targets run in.

PyTorch has to be there before mmcv's ops and PyRadiomics compile against it, hence the steps. The
ops take minutes (about 11 on two cores), so each compiled file is told as it is done, with the time
left. The complete output goes to ``install.log`` in the environment.

Example:
    python3 tools/install.py --venv .venv --torch torch==2.13.0
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from collections import deque
from pathlib import Path
from typing import TextIO

ROOT = Path(__file__).resolve().parents[1]
OLDEST, NEWEST = (3, 10), (3, 11)  # PyRadiomics 3.0.1 does not build on 3.12
COMPILERS = ("c++", "g++", "clang++")
LAST_LINES = 30
FILES_TO_MEASURE = 5
TORCH = "torch==2.13.0"
COMPILED = re.compile(r"^\s*\[(\d+)/(\d+)\]\s")
TOLD = re.compile(
    r"^\s*(Downloading \S+\.(?:whl|gz|zip) \([^)]*\)|Building wheel for [^ (]+(?=.*: started)"
    r"|No broken requirements found.*|ERROR.*|.*\berror: .*)"
)


class InstallError(Exception):
    """The environment cannot be set up; the message says what to do."""


def check_python(version: tuple[int, int]) -> None:
    """Refuse a Python that the dependencies do not support.

    Raises:
        InstallError: If ``version`` is outside the supported range.
    """
    if not OLDEST <= version <= NEWEST:
        raise InstallError(
            "Python {}.{} is not supported, only 3.10 and 3.11 are. Name one of these, for "
            "example `make demo PYTHON=python3.11`.".format(*version)
        )


def check_venv_module() -> None:
    """Refuse a Python without the parts that create virtual environments.

    Raises:
        InstallError: If ``venv`` or ``ensurepip`` is missing.
    """
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise InstallError(
            f"{sys.executable} cannot create virtual environments. On Debian and Ubuntu: "
            "`sudo apt-get install python3-venv`."
        )


def check_compiler() -> None:
    """Refuse a machine that cannot compile the extensions.

    Raises:
        InstallError: If there is no C++ compiler or no Python headers.
    """
    named = os.environ.get("CXX")
    candidates = (named.split()[0],) if named else COMPILERS
    if not any(shutil.which(name) for name in candidates):
        raise InstallError(
            f"no C++ compiler ({', '.join(candidates)}): mmcv's ops and PyRadiomics are compiled "
            "here. On Debian and Ubuntu: `sudo apt-get install g++ python3-dev`."
        )
    headers = Path(sysconfig.get_paths()["include"])
    if not (headers / "Python.h").is_file():
        raise InstallError(
            f"no Python headers in {headers}: extensions cannot be compiled. On Debian and "
            "Ubuntu: `sudo apt-get install python3-dev`."
        )


def describe(line: str, seconds: float) -> str | None:
    """Tell what a line of pip's output means for somebody who waits.

    Args:
        line: One line of the output.
        seconds: Time since the step began, in seconds.

    Returns:
        A short line to show, or None for one that is only worth keeping in the log.
    """
    compiled = COMPILED.match(line)
    if compiled:
        done, total = int(compiled[1]), int(compiled[2])
        minutes = math.ceil(seconds / done * (total - done) / 60)
        # The first files are no measure: several of them compile at once.
        left = f", about {minutes} min left" if done >= FILES_TO_MEASURE else ""
        return f"  [{done}/{total}] compiling mmcv ops{left}"
    told = TOLD.match(line)
    return f"  {told[1].strip()}" if told else None


def follow(command: list[str], log: TextIO, last: deque[str]) -> int:
    """Run ``command`` in the repository, tell its progress, keep its output.

    Args:
        command: Program and arguments.
        log: Receives the whole output.
        last: Receives the lines of the output, too.

    Returns:
        The exit status.
    """
    began = time.monotonic()
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=ROOT,
        env={**os.environ, "CFLAGS": os.environ.get("CFLAGS", "-g0")},
        text=True,
        errors="replace",
    ) as process:
        for line in process.stdout:
            log.write(line)
            last.append(line)
            told = describe(line, time.monotonic() - began)
            if told:
                show(told)
    return process.returncode


def run_step(title: str, command: list[str], log: Path) -> None:
    """Run one step of the installation.

    Args:
        title: What the step does, for the person who waits.
        command: Program and arguments.
        log: File that the whole output is appended to.

    Raises:
        InstallError: If the command fails; the message holds the end of its output.
    """
    show(title)
    last: deque[str] = deque(maxlen=LAST_LINES)
    with log.open("a", encoding="utf-8") as kept:
        kept.write(f"\n$ {' '.join(command)}\n")
        kept.flush()
        status = follow(command, kept, last)
    if status != 0:
        output = "".join(last)
        raise InstallError(f"{title}: exit status {status}. The end of {log}:\n\n{output}")


def show(text: str) -> None:
    """Write a line at once, also where the output is not a terminal."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def requirement(name: str) -> str:
    """Line of ``requirements.txt`` that asks for the distribution ``name``."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if re.match(rf"{re.escape(name)}\b", line))


def default_torch(venv: Path) -> str:
    """Requirement for PyTorch where none is given: the one that is there, whichever it is."""
    present = any(venv.glob("lib/python*/site-packages/torch/version.py"))
    return "torch" if present else TORCH


def steps(python: Path, torch: str) -> list[tuple[str, list[str]]]:
    """List what has to be installed, in order.

    Args:
        python: Interpreter of the virtual environment.
        torch: Requirement for PyTorch, such as ``torch==2.13.0``.

    Returns:
        Pairs of a title and a command.
    """
    install = [str(python), "-m", "pip", "install", "--disable-pip-version-check"]
    plain = [*install, "--no-build-isolation"]
    # pip's cache does not know which PyTorch a wheel of mmcv was compiled against.
    ops = [*plain, "--no-cache-dir", "--no-deps", "-v", requirement("onedl-mmcv")]
    return [
        ("Build tools", [*install, "--upgrade", "-r", "requirements-build.txt"]),
        (f"PyTorch ({torch})", [*install, *torch.split()]),
        ("mmcv with its ops (compiled unless a wheel is found: minutes)", ops),
        ("Dependencies", [*plain, "-r", "requirements.txt", "-r", "requirements-dev.txt"]),
        ("lidnet_mm itself", [*plain, "--no-deps", "--editable", "."]),
        ("Consistency", [str(python), "-m", "pip", "check"]),
        ("Imports", [str(python), "-c", "import mmcv.ops, mmdet.apis, radiomics, lidnet_mm"]),
    ]


def install(venv: Path, torch: str) -> None:
    """Create the environment and install everything into it.

    Args:
        venv: Folder of the virtual environment; an existing one is completed.
        torch: Requirement for PyTorch; empty for what is there, or else the default.

    Raises:
        InstallError: If the machine lacks something or a step fails.
    """
    check_python(sys.version_info[:2])
    check_venv_module()
    check_compiler()
    python = venv / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    log = venv / "install.log"
    log.write_text("", encoding="utf-8")
    began = time.monotonic()
    for title, command in steps(python, torch or default_torch(venv)):
        run_step(title, command, log)
    show(f"Installed into {venv} in {(time.monotonic() - began) / 60:.1f} min.")


def main() -> None:
    """Read the command line and install."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--venv", type=Path, default=Path(".venv"), help="environment's folder")
    parser.add_argument("--torch", default="", help=f"requirement, such as {TORCH}")
    arguments = parser.parse_args()
    try:
        install(arguments.venv.absolute(), arguments.torch)
    except InstallError as error:
        sys.exit(f"\nInstallation stopped. {error}")


if __name__ == "__main__":
    main()
