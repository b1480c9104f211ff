"""What runs now: commit of the code, machine, packages."""

import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path

import torch

UNKNOWN = "unknown"
"""Commit of code outside a checkout."""

PACKAGES = ("torch", "mmengine", "mmcv", "mmdet", "lidnet_mm")


def current_commit(folder: Path | None = None) -> str:
    """Commit of the checkout that holds this package.

    Args:
        folder (Path | None): A folder of another checkout. Defaults to this package's.

    Returns:
        str: 12 hexadecimal digits, with ``-modified`` if tracked files differ from it; ``unknown``
        where this file is not one of a git checkout.
    """
    if folder is None:
        folder = Path(__file__).parent
        if _git(folder, "ls-files", "--error-unmatch", Path(__file__).name) is None:
            return UNKNOWN  # installed: a checkout around it would be somebody else's
    commit = _git(folder, "rev-parse", "--short=12", "HEAD")
    if commit is None:
        return UNKNOWN
    return f"{commit}-modified" if _git(folder, "diff", "HEAD", "--stat") else commit


def machine_class() -> str:
    """Kind of machine: processor type, cores this process may use, GPU type."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    gpus = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return f"{platform.machine()}, {cores} CPU cores, {' and '.join(gpus) or 'no GPU'}"


def package_versions() -> dict[str, str]:
    """Versions of what the numbers depend on, under import names.

    Where the distribution has another name than the import, it stands in brackets.
    """
    distributions = importlib.metadata.packages_distributions()
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        names = distributions.get(package, [package])
        versions[package] = _version(names[0], package)
    return versions


def _version(distribution: str, package: str) -> str:
    """Version of a distribution."""
    try:
        version = importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
    return version if distribution == package else f"{version} ({distribution})"


def _git(folder: Path, *arguments: str) -> str | None:
    """Output of a git command; None without git or outside of a checkout."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
