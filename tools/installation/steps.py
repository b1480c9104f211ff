"""Run a step of the installation: tell its progress, keep its output, explain its failure."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
import time
from collections import deque
from pathlib import Path
from typing import TextIO

from installation import InstallError

ROOT = Path(__file__).resolve().parents[2]
LAST_LINES = 30
FILES_TO_MEASURE = 5
COMPILED = re.compile(r"^\s*\[(\d+)/(\d+)\]\s")
TOLD = re.compile(
    r"^\s*(Downloading \S+\.(?:whl|gz|zip) \([^)]*\)|Building wheel for [^ (]+(?=.*: started)"
    r"|No broken requirements found.*|ERROR.*|.*\berror: .*)"
)
# Each remedy belongs to an output that shows all of its signs.
REMEDIES = (
    (
        ("No space left on device",),
        "the disk is full: free some space, or set TMPDIR.",
    ),
    (
        (r"[Kk]illed signal|[Kk]illed \(program cc1plus\)|fatal error: Killed",),
        "the compiler ran out of memory: `MAX_JOBS=1 make install` compiles one file at a time.",
    ),
    (
        (r"detected CUDA version|CUDA_HOME environment variable is not set",),
        "the CUDA toolkit is not the one of PyTorch: point CUDA_HOME to its version, or set "
        "CUDA_VISIBLE_DEVICES= (empty) to compile for the CPU alone.",
    ),
    (
        (
            r"^ERROR: (No matching distribution|Could not (find|install|fetch))",
            r"Failed to establish a new connection|Failed to resolve|NameResolutionError"
            r"|[Nn]ame resolution|Name or service not known|Network is unreachable|ProxyError"
            r"|ConnectTimeoutError|Connection refused|Read timed out",
        ),
        "the package index does not answer: check the network and the proxy (HTTPS_PROXY), or "
        "name a folder of wheels with `PIP_NO_INDEX=1 PIP_FIND_LINKS=/folder`.",
    ),
)


def remedy(output: str) -> str | None:
    """What to do about a failure whose cause the output names, in one line."""
    for signs, text in REMEDIES:
        if all(re.search(sign, output, re.MULTILINE) for sign in signs):
            return text
    return None


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


def follow(command: list[str], log: TextIO, output: list[str]) -> int:
    """Run ``command`` in the repository, tell its progress, keep its output.

    Args:
        command: Program and arguments.
        log: Receives the whole output.
        output: Receives the lines of the output, too.

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
            output.append(line)
            told = describe(line, time.monotonic() - began)
            if told:
                show(told)
    return process.returncode


def run_step(title: str, command: list[str], log: Path) -> str:
    """Run one step of the installation.

    Args:
        title: What the step does, for the person who waits.
        command: Program and arguments.
        log: File that the whole output is appended to.

    Returns:
        The output.

    Raises:
        InstallError: If the command fails. The message says what to do in one line where the
            cause is a known one, and else holds the end of the output.
    """
    show(title)
    lines: list[str] = []
    with log.open("a", encoding="utf-8") as kept:
        kept.write(f"\n$ {' '.join(command)}\n")
        kept.flush()
        status = follow(command, kept, lines)
    output = "".join(lines)
    if status != 0:
        known = remedy(output)
        if known:
            raise InstallError(f"{title}: {known} The output is in {log}.")
        last = "".join(deque(lines, maxlen=LAST_LINES))
        raise InstallError(f"{title}: exit status {status}. The end of {log}:\n\n{last}")
    return output


def show(text: str) -> None:
    """Write a line at once, also where the output is not a terminal."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
