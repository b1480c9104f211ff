"""What compiling takes: the tools, and the time."""

from __future__ import annotations

import math
import os
import re
import shutil
import subprocess
from pathlib import Path

from installation import InstallError
from installation.pythons import Interpreter
from installation.ready_wheels import Build

COMPILERS = ("c++", "g++", "clang++")
# mmcv 2.3.6 for the CPU, without debug symbols: files, and seconds for one on one core.
FILES, SECONDS_A_FILE = 78, 16
# What mmcv's own build takes at least, where MAX_JOBS does not say otherwise.
JOBS = 4


def check_compiler(interpreter: Interpreter, what: str) -> None:
    """Refuse a machine that cannot compile extensions.

    Args:
        interpreter: Python to compile for.
        what: What has to be compiled, for the message.

    Raises:
        InstallError: If there is no C++ compiler or no Python headers.
    """
    named = os.environ.get("CXX")
    candidates = (named.split()[0],) if named else COMPILERS
    if not any(shutil.which(name) for name in candidates):
        version = "{}.{}".format(*interpreter.version)
        raise InstallError(
            f"no C++ compiler ({', '.join(candidates)}), and {what} has to be compiled for Python "
            f"{version}. On Debian and Ubuntu: `sudo apt-get install g++ python{version}-dev`. "
            "Without a compiler: Python 3.12 and a ready wheel of mmcv (docs/install.md)."
        )
    if not (Path(interpreter.headers) / "Python.h").is_file():
        raise InstallError(
            f"no Python headers in {interpreter.headers}, and {what} has to be compiled. On "
            "Debian and Ubuntu: `sudo apt-get install python{}.{}-dev`.".format(
                *interpreter.version
            )
        )


def minutes(cuda: bool) -> str:
    """How long mmcv's ops take to compile here, in words."""
    cores = len(os.sched_getaffinity(0))
    named = os.environ.get("MAX_JOBS", "")
    jobs = min(cores, int(named) if named.isdigit() and int(named) else max(JOBS, cores - 1))
    least = math.ceil(FILES * SECONDS_A_FILE / 60 / jobs)
    more = ", longer for CUDA" if cuda else ""
    return f"about {least} min with {jobs} of {cores} cores{more}"


def sees_gpu() -> bool:
    """Whether this machine has an NVIDIA GPU that programs may use."""
    if os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1"):
        return False
    return any(Path("/dev").glob("nvidia[0-9]*")) or Path("/dev/dxg").exists()


def compiles_for_cuda(build: Build) -> bool:
    """Whether mmcv's build compiles its ops for CUDA, too."""
    forced = os.environ.get("FORCE_CUDA") == "1"
    return build.device.startswith("cu") and (forced or sees_gpu())


def check_cuda_toolkit(build: Build) -> None:
    """Refuse a toolkit that PyTorch does not compile with: its major version has to be the same.

    Raises:
        InstallError: If there is no ``nvcc``, or one of another CUDA.
    """
    home = os.environ.get("CUDA_HOME") or os.environ.get("CUDA_PATH")
    nvcc = shutil.which("nvcc", path=f"{home}/bin") if home else None
    nvcc = nvcc or shutil.which("nvcc") or shutil.which("nvcc", path="/usr/local/cuda/bin")
    wanted = f"{build.device[2:-1]}.{build.device[-1]}"
    remedy = (
        f"Install the CUDA toolkit {wanted} and point CUDA_HOME to it, or set "
        "CUDA_VISIBLE_DEVICES= (empty) to compile for the CPU alone."
    )
    if nvcc is None:
        raise InstallError(f"mmcv's ops have to be compiled for {build}: no nvcc. {remedy}")
    try:
        told = subprocess.run(
            [nvcc, "--version"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise InstallError(f"{nvcc} does not work ({error}). {remedy}") from error
    found = re.search(r"release (\d+)\.(\d+)", told)
    if found and found[1] != wanted.partition(".")[0]:
        raise InstallError(f"{nvcc} is CUDA {found[1]}.{found[2]}, {build} is not. {remedy}")


def device_notes(build: Build) -> list[str]:
    """Lines on a build of PyTorch that is not the one for this machine's GPU, or for none."""
    cuda = build.device.startswith("cu")
    if cuda and not sees_gpu():
        forced = (
            ""
            if os.environ.get("FORCE_CUDA") == "1"
            else (
                " If mmcv's ops are compiled, then for the CPU alone; FORCE_CUDA=1 and "
                "TORCH_CUDA_ARCH_LIST compile them for a GPU machine."
            )
        )
        return [f"Note: {build} is for CUDA, and no GPU is seen here: it uses the CPU.{forced}"]
    if not cuda and sees_gpu():
        return [
            f"Note: a GPU is here, and {build} does not use it. For one that does: `make "
            'distclean`, then `make install TORCH="torch==2.13.0 --index-url <your CUDA index>"`.'
        ]
    return []
