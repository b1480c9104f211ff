"""Builds of PyTorch: the one that is installed, and the one that a requirement means."""

from __future__ import annotations

import json
import platform
import re
import subprocess
import tempfile
from pathlib import Path

from installation import InstallError
from installation.ready_wheels import Build
from installation.steps import remedy

OLDEST = (2, 6)
ASKED = re.compile(r"(?:\+|/)(cpu|cu\d{2,3})(?![\w.])")
NAMED = re.compile(r"\btorch\s*==\s*(\d+)\.(\d+)")
VERSION = re.compile(r"""^__version__\s*=\s*["']([^"']+)["']""", re.MULTILINE)
CUDA = re.compile(r"""^cuda\b[^=]*=\s*["']([^"']+)["']""", re.MULTILINE)
DRY_RUN = (
    *("-m", "pip", "install", "--disable-pip-version-check", "--dry-run", "--quiet"),
    *("--no-deps", "--ignore-installed"),
)
# PyTorch's builds for CUDA need one of these in the version that they were built with.
RUNTIMES = re.compile(
    r"^(?:cuda-toolkit\b[^=<>;]*|nvidia-cuda-runtime\S*)\s*\(?\s*==\s*(\d+)\.(\d+)"
)


def parse(version: str, cuda: str | None) -> Build:
    """A build from its version, such as ``2.13.0+cpu``, and its CUDA, such as ``13.0``.

    The suffix of the version decides where there is one.
    """
    major, minor = re.match(r"(\d+)\.(\d+)", version).groups()
    suffix = version.partition("+")[2]
    device = "cu" + cuda.replace(".", "") if cuda else "cpu"
    named = suffix if re.fullmatch(r"cpu|cu\d+", suffix) else device
    return Build((int(major), int(minor)), named)


def installed(site_packages: Path) -> Build | None:
    """The build that is installed in an environment, if any."""
    try:
        text = (site_packages / "torch" / "version.py").read_text(encoding="utf-8")
    except OSError:
        return None
    version, cuda = VERSION.search(text), CUDA.search(text)
    return parse(version[1], cuda[1] if cuda else None) if version else None


def asked_device(requirement: str) -> str | None:
    """Device that a requirement names in its version or its index, such as ``cu130``."""
    found = ASKED.search(requirement)
    return found[1] if found else None


def asked_version(requirement: str) -> tuple[int, int] | None:
    """Version that a requirement fixes, as (major, minor)."""
    found = NAMED.search(requirement)
    return (int(found[1]), int(found[2])) if found else None


def resolve(python: Path, requirement: str) -> Build:
    """Ask pip which build it would install, without installing it.

    Args:
        python: Interpreter of the environment.
        requirement: Such as ``torch==2.13.0 --index-url <address>``.

    Raises:
        InstallError: If pip finds none, or one that does not do.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        done = subprocess.run(
            [str(python), *DRY_RUN, "--report", str(report), *requirement.split()],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise InstallError(why_not_found(requirement, done.stderr))
        found = json.loads(report.read_text(encoding="utf-8"))["install"]
    metadata = next(
        (one["metadata"] for one in found if one["metadata"]["name"].lower() == "torch"), None
    )
    if metadata is None:
        raise InstallError(f"TORCH={requirement!r} does not name PyTorch: begin it with `torch`.")
    build = parse(metadata["version"], needed_cuda(metadata.get("requires_dist", [])))
    check(build, requirement)
    return build


def why_not_found(requirement: str, output: str) -> str:
    """One line on why pip finds no PyTorch."""
    known = remedy(output)
    if known:
        return f"pip finds no PyTorch: {known}"
    errors = [line for line in output.splitlines() if line.startswith("ERROR")] or [output.strip()]
    return (
        f"pip finds no PyTorch for TORCH={requirement!r}. Name one that is there for this "
        f"Python: {errors[0]}"
    )


def needed_cuda(requirements: list[str]) -> str | None:
    """CUDA version of a build, from what it requires; None for a CPU build."""
    for line in requirements:
        found = RUNTIMES.match(line)
        elsewhere = "platform_machine" in line and platform.machine() not in line
        if found and not elsewhere:
            return f"{found[1]}.{found[2]}"
    return None


def check(build: Build, requirement: str) -> None:
    """Refuse a build that is too old or not the one that was asked for.

    Raises:
        InstallError: If the build does not do.
    """
    if build.version < OLDEST:
        raise InstallError(
            f"{build} is too old, 2.6 is the oldest that works. Name a newer one, for example "
            '`TORCH="torch>=2.6"`; `make distclean` first where it is installed already.'
        )
    version = asked_version(requirement)
    if version and version != build.version:
        raise InstallError(
            f"TORCH={requirement!r}, but {build} is there already: `make distclean` first, as "
            "mmcv's ops are compiled for one PyTorch."
        )
    asked = asked_device(requirement)
    if asked and asked != build.device:
        raise InstallError(
            f"TORCH asks for {asked}, but what pip finds or has is {build}. Write the build into "
            f'the version, as in `TORCH="torch=={build.version[0]}.{build.version[1]}.0+{asked} '
            '..."`, take that one out of PIP_FIND_LINKS, or run `make distclean` if it is '
            "installed already."
        )
