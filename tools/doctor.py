"""Say what is installed, what is wrong with it, and what to do about each problem.

Versions, mmcv's compiled ops (they are called), CUDA and GPUs, optional parts and folders that are
written to. Put its output into a report of a bug.

Example:
    make doctor
    mim run lidnet_mm doctor
    python tools/doctor.py

Exit status: 0 what is needed works, 1 something that is needed does not.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys

from diagnosis import folders, gpus, packages
from diagnosis.problem import Problem
from installation import ops, pythons
from installation.openmmlab import installed_names


def python_problems(version: tuple[int, int]) -> list[Problem]:
    """What is wrong with the interpreter.

    Args:
        version: As (major, minor).
    """
    if pythons.OLDEST <= version <= pythons.NEWEST:
        return []
    return [
        Problem(
            "Python {}.{} is not supported, only {} are".format(*version, pythons.supported()),
            "`make distclean`, then for example `make install PYTHON=python3.12`",
        )
    ]


def ops_problems(failure: str | None, torch: packages.Package) -> list[Problem]:
    """What is wrong with mmcv's compiled ops.

    Args:
        failure: What their trial told, None where they work.
        torch: What is known of PyTorch.
    """
    if failure is None:
        return []
    return [
        Problem(
            f"{failure}; PyTorch is {torch.version}",
            "`make install` installs mmcv anew; in an environment of your own: `CFLAGS=-g0 pip "
            "install --force-reinstall --no-cache-dir --no-deps --no-build-isolation "
            "--no-binary onedl-mmcv onedl-mmcv`",
        )
    ]


def describe(package: packages.Package, asked: packages.Wanted | None) -> str:
    """A package's line of the report."""
    extra = f" (extra `{asked.extra}`)" if asked and asked.extra else ""
    if package.absent:
        return f"  {package.distribution:<22} not installed{extra}"
    broken = f"  BROKEN: {package.error}" if package.error else ""
    return f"  {package.distribution:<22} {package.version or 'unknown version'}{broken}"


def examine() -> tuple[list[str], list[Problem]]:
    """Look at everything.

    Returns:
        The lines of the report, and the problems.
    """
    found = packages.look(list(packages.MODULES))
    requirements = packages.wanted()
    torch, mmcv = found["torch"], found["onedl-mmcv"]
    driver, places, shared = gpus.ask_driver(), folders.look(), folders.shared_memory()
    failure = None if mmcv.absent else ops.failure(sys.executable)
    lines = [
        f"Python {platform.python_version()}, {sys.executable}",
        f"{platform.platform()}, {os.cpu_count()} CPU cores",
        "",
        "Packages",
        *(describe(package, (requirements or {}).get(name)) for name, package in found.items()),
        "",
        "mmcv's compiled ops: " + ("no mmcv" if mmcv.absent else failure or "they work"),
        f"PyTorch's CUDA: {torch.facts.get('cuda') or 'none'}",
        f"Driver: {driver.error or driver.version or 'none'}",
        *(f"GPU: {gpu}" for gpu in driver.gpus),
        "",
        "Folders",
        *(f"  {one.use:<18} {one.path}: {one.error or 'can be written'}" for one in places),
        f"  {'shared memory':<18} "
        + ("unknown" if shared is None else f"{shared / 2**20:.0f} MiB in {folders.SHARED_MEMORY}"),
    ]
    # Without PyTorch, or another package that mmcv imports, no ops work: that one is told alone.
    before = list(found.values())[: list(found).index("onedl-mmcv")]
    elsewhere = packages.fails_for(mmcv, [package for package in before if package.error])
    told = ops_problems(None if torch.error or elsewhere else failure, torch)
    problems = [
        *python_problems(sys.version_info[:2]),
        *packages.problems(found, requirements, installed_names(), " ".join(map(str, told))),
        *told,
        *gpus.problems(torch, driver),
        *folders.problems(places, shared),
    ]
    return lines, problems


def main() -> None:
    """Print the report, and end with its status."""
    parser = argparse.ArgumentParser(
        prog="doctor", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.parse_args()
    lines, problems = examine()
    print("\n".join(lines), end="\n\n")
    stopping = [problem for problem in problems if problem.stops]
    remarks = [problem for problem in problems if not problem.stops]
    for problem in stopping:
        print(f"PROBLEM: {problem}.")
    for problem in remarks:
        print(f"Remark: {problem}.")
    print("Something that is needed does not work." if stopping else "What is needed works.")
    sys.exit(1 if stopping else 0)


if __name__ == "__main__":
    main()
