"""mmcv with its compiled ops: a ready wheel where one fits, the compiler last."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from installation import InstallError, compiler, ops
from installation.openmmlab import installed_names
from installation.pythons import Interpreter
from installation.ready_wheels import Build, Shelf, Wheel
from installation.steps import ROOT, run_step, show
from installation.torch_builds import OLDEST, asked_device, asked_version

MMCV = "onedl-mmcv"
TORCH = "torch==2.13.0"
# PyTorch 2.14 asks for C++20, mmcv 2.3.6 compiles as C++17.
NEWEST_COMPILED = (2, 13)


def requirement(name: str) -> str:
    """Line of ``requirements.txt`` that asks for the distribution ``name``, without comment."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    found = next(line for line in lines if re.match(rf"{re.escape(name)}\b", line))
    return found.partition("#")[0].strip()


def pinned(name: str) -> str:
    """The one version of a distribution that ``requirements.txt`` asks for."""
    return re.search(r"==\s*([^\s;]+)", requirement(name))[1]


def radiomics_needed(python: tuple[int, int]) -> bool:
    """Whether ``requirements.txt`` asks for PyRadiomics on this Python."""
    limit = re.search(r"""python_version\s*<\s*["']3\.(\d+)["']""", requirement("pyradiomics"))
    return limit is None or python < (3, int(limit[1]))


def may_have_ready_wheel(shelf: Shelf, torch: str, interpreter: Interpreter) -> bool:
    """Whether a ready wheel is there for an interpreter and some PyTorch that may be installed.

    Args:
        shelf: Where to look.
        torch: Requirement for PyTorch; empty where any will do.
        interpreter: The Python.
    """
    version = pinned(MMCV)
    asked = Asked.of(torch)
    if any(asked.admits(wheel.build) for wheel in shelf.given(MMCV, version, interpreter.version)):
        return True
    builds = (build for build in shelf.builds() if asked.admits(build))
    return any(shelf.made(MMCV, version, interpreter.version, build) for build in builds)


@dataclass(frozen=True)
class Asked:
    """What a requirement for PyTorch fixes: version, device, or None for what it leaves open."""

    version: tuple[int, int] | None
    device: str | None

    @classmethod
    def of(cls, torch: str) -> Asked:
        """Read a requirement; an empty one leaves everything open."""
        return cls(asked_version(torch), asked_device(torch))

    def admits(self, build: Build | None) -> bool:
        """Whether a build may be what is asked for; an unknown one may."""
        if build is None:
            return True
        return (
            build.version >= OLDEST
            and self.version in (None, build.version)
            and self.device in (None, build.device)
        )


@dataclass(frozen=True)
class Plan:
    """PyTorch to install, the build that it is, and the ready wheels of mmcv for it."""

    torch: str
    build: Build
    wheels: list[Wheel]


def plan(
    shelf: Shelf, interpreter: Interpreter, torch: str, resolve: Callable[[str], Build]
) -> Plan:
    """Choose PyTorch and mmcv together.

    A PyTorch that was asked for is taken. Otherwise it is the usual one, or the newest for which
    the makers have a wheel of mmcv if there is none for the usual one.

    Args:
        shelf: Where ready wheels may lie.
        interpreter: The Python.
        torch: Requirement for PyTorch; empty where any will do.
        resolve: Tells the build that pip would install for a requirement.

    Raises:
        InstallError: If PyTorch cannot be had.
    """
    version, python = pinned(MMCV), interpreter.version
    first = torch or TORCH
    build = resolve(first)
    usual = Plan(first, build, shelf.fitting(MMCV, version, python, build))
    if torch or usual.wheels:
        return usual
    tried = {build.version}
    for other in shelf.builds():
        if other.version < OLDEST or other.version in tried:
            continue
        if not shelf.made(MMCV, version, python, other):
            continue
        # Its device is what pip finds for this version, which may have no wheel of mmcv.
        tried.add(other.version)
        name = "torch=={}.{}.0".format(*other.version)
        try:
            found = resolve(name)
        except InstallError:
            continue
        wheels = shelf.made(MMCV, version, python, found)
        if wheels:
            return Plan(name, found, wheels)
    return usual


def check_newest(build: Build) -> None:
    """Refuse a PyTorch that mmcv's ops do not compile for.

    Raises:
        InstallError: If it is newer than the newest that they compile for.
    """
    if build.version > NEWEST_COMPILED:
        raise InstallError(
            f"no ready wheel of mmcv for {build}, and its ops do not compile for PyTorch newer "
            "than {}.{}. Leave TORCH= away, or name that one.".format(*NEWEST_COMPILED)
        )


def announce(chosen: Plan, shelf: Shelf, interpreter: Interpreter) -> None:
    """Say how mmcv's ops will get here and how long that takes; check what compiling needs.

    Raises:
        InstallError: If something has to be compiled and cannot be.
    """
    for line in shelf.told:
        show(line)
    for line in compiler.device_notes(chosen.build):
        show(line)
    python = "Python {}.{}".format(*interpreter.version)
    if chosen.wheels:
        show(f"mmcv: the ready wheel {chosen.wheels[0].link}. Nothing of it is compiled: seconds.")
    else:
        check_newest(chosen.build)
        cuda = compiler.compiles_for_cuda(chosen.build)
        show(
            f"mmcv: no ready wheel for {python} and {chosen.build}, so its ops are compiled: "
            f"{compiler.minutes(cuda)}."
        )
        compiler.check_compiler(interpreter, "mmcv")
        if cuda:
            compiler.check_cuda_toolkit(chosen.build)
    radiomics = radiomics_needed(interpreter.version)
    if radiomics and not shelf.given("pyradiomics", pinned("pyradiomics"), interpreter.version):
        compiler.check_compiler(interpreter, "PyRadiomics")


def install(python: Path, folder: Path, chosen: Plan, interpreter: Interpreter, log: Path) -> None:
    """Install mmcv, and call its ops to see that they work.

    Args:
        python: Interpreter of the environment; PyTorch is there.
        folder: Folder of the environment's packages.
        chosen: What was planned.
        interpreter: The Python that the environment was made with.
        log: File for pip's output.

    Raises:
        InstallError: If the ops do not work in the end.
    """
    pip = [str(python), "-m", "pip"]
    # pip's cache does not know which PyTorch a wheel of mmcv was compiled against. What mmcv
    # imports comes along, within the bounds of requirements.txt.
    fresh = [*pip, "install", "--disable-pip-version-check", "--no-cache-dir"]
    fresh += ["--no-build-isolation", "--constraint", "requirements.txt"]
    remove = ("Remove mmcv", [*pip, "uninstall", "--yes", MMCV], log)
    if installed_names([str(folder)]).get(MMCV):
        run_step(*remove)
    for wheel in chosen.wheels:
        try:
            run_step(f"mmcv ({wheel.file})", [*fresh, wheel.link], log)
            wrong = ops.failure(python)
        except InstallError as error:
            wrong = str(error).partition("\n")[0]
        if wrong is None:
            return
        show(f"  This wheel does not do: {wrong}.")
        run_step(*remove)
    if chosen.wheels:
        check_newest(chosen.build)
        cuda = compiler.compiles_for_cuda(chosen.build)
        show(f"mmcv's ops are compiled instead: {compiler.minutes(cuda)}.")
        compiler.check_compiler(interpreter, "mmcv")
    # A wheel that did not do must not be found again.
    sources = ["--no-binary", MMCV] if chosen.wheels else []
    run_step("mmcv with its ops (compiled)", [*fresh, "-v", *sources, requirement(MMCV)], log)
    wrong = ops.failure(python)
    if wrong is not None:
        raise InstallError(f"{wrong}, though they were just compiled. The output is in {log}.")
