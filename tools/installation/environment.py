"""The steps from an empty folder to an environment that everything runs in."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from installation import InstallError, mmcv_ops, ops, pythons, torch_builds
from installation.openmmlab import installed_names, original_packages
from installation.pythons import Interpreter
from installation.ready_wheels import Build, Shelf
from installation.steps import run_step, show


def interpreter_for(venv: Path, python: str, torch: str, shelf: Shelf) -> Interpreter:
    """The Python to install with: the environment's own, the one named, or the best one here.

    Args:
        venv: Folder of the environment, which may not exist.
        python: Command or path of an interpreter; empty where the best is to be taken.
        torch: Requirement for PyTorch; empty where any will do.
        shelf: Where ready wheels may lie.

    Raises:
        InstallError: If it cannot be used.
    """
    own = venv / "bin" / "python"
    if own.is_symlink() or own.exists():
        found = pythons.look_at(str(own))
        if found is None:
            raise InstallError(f"{own} does not work any more: `make distclean`, then again.")
    elif python:
        found = pythons.look_at(python)
        if found is None:
            raise InstallError(f"{python} is no Python that works: name another with PYTHON=.")
    else:
        found = pythons.choose(
            pythons.on_this_machine(),
            lambda one: mmcv_ops.may_have_ready_wheel(shelf, torch, one),
        )
    pythons.check(found)
    pythons.check_venv_module(found)
    return found


def site_packages(venv: Path) -> Path:
    """Folder of the environment's packages."""
    return next(venv.glob("lib/python*/site-packages"), venv / "lib")


def check_packages(venv: Path) -> None:
    """Refuse an environment that holds packages which must not be there.

    Raises:
        InstallError: If original OpenMMLab packages are there.
    """
    wrong = original_packages(installed_names([str(site_packages(venv))]))
    if wrong is not None:
        raise InstallError("{} holds {}. {}.".format(venv, *wrong))


def why_to_install(command: Path, present: Build | None) -> str | None:
    """Why PyTorch and mmcv have to be installed: empty for the first time, None for not at all.

    Args:
        command: Interpreter of the environment.
        present: The PyTorch that is there.
    """
    installed = installed_names([str(site_packages(command.parents[1]))]).get(mmcv_ops.MMCV)
    if present is None or installed is None:
        return ""
    wanted = mmcv_ops.pinned(mmcv_ops.MMCV)
    if installed.partition("+")[0] != wanted:
        return f"{installed} is there, {wanted} is needed"
    return ops.failure(command)


def last_steps(python: Path, interpreter: Interpreter) -> list[tuple[str, list[str]]]:
    """What follows PyTorch and mmcv, in order, as pairs of a title and a command."""
    plain = [str(python), "-m", "pip", "install", "--disable-pip-version-check"]
    plain.append("--no-build-isolation")
    radiomics = "radiomics, " if mmcv_ops.radiomics_needed(interpreter.version) else ""
    imports = f"import mmcv.ops, mmdet.apis, {radiomics}lidnet_mm"
    return [
        ("Dependencies", [*plain, "-r", "requirements.txt", "-r", "requirements-dev.txt"]),
        ("lidnet_mm itself", [*plain, "--no-deps", "--editable", "."]),
        ("Consistency", [str(python), "-m", "pip", "check"]),
        ("Imports", [str(python), "-c", imports]),
    ]


def install(venv: Path, python: str, torch: str) -> None:
    """Create the environment and install everything into it.

    Args:
        venv: Folder of the virtual environment; an existing one is completed.
        python: Interpreter to make it with; empty for the best one here.
        torch: Requirement for PyTorch; empty for what is there, or else the usual one.

    Raises:
        InstallError: If the machine lacks something or a step fails.
    """
    began = time.monotonic()
    shelf = Shelf.of_environment()
    interpreter = interpreter_for(venv, python, torch, shelf)
    show(f"{interpreter} into {venv}")
    command = venv / "bin" / "python"
    if not command.exists():
        subprocess.run([interpreter.path, "-m", "venv", str(venv)], check=True)
    check_packages(venv)
    log = venv / "install.log"
    log.write_text("", encoding="utf-8")
    pip = [str(command), "-m", "pip", "install", "--disable-pip-version-check"]
    run_step("Build tools", [*pip, "--upgrade", "-r", "requirements-build.txt"], log)
    present = torch_builds.installed(site_packages(venv))
    if present is not None:
        torch_builds.check(present, torch)
    wrong = why_to_install(command, present)
    if wrong is None:
        show(f"{present} and mmcv's ops are there and work.")
    else:
        if wrong:
            show(f"mmcv is installed anew: {wrong}.")
        known = {torch or "torch": present} if present else {}

        def resolve(requirement: str) -> Build:
            return known.get(requirement) or torch_builds.resolve(command, requirement)

        chosen = mmcv_ops.plan(shelf, interpreter, torch or ("torch" if present else ""), resolve)
        mmcv_ops.announce(chosen, shelf, interpreter)
        run_step(f"PyTorch ({chosen.torch})", [*pip, *chosen.torch.split()], log)
        mmcv_ops.install(command, site_packages(venv), chosen, interpreter, log)
    for title, step in last_steps(command, interpreter):
        run_step(title, step, log)
    show(f"Installed into {venv} in {(time.monotonic() - began) / 60:.1f} min.")
