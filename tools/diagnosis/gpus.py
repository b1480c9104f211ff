"""GPUs: what the driver tells, what PyTorch tells, and whether the two fit."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from diagnosis.packages import Package
from diagnosis.problem import Problem

SECONDS = 60


@dataclass(frozen=True)
class Driver:
    """NVIDIA's driver: its version, the newest CUDA that it runs, and its GPUs, one line each."""

    version: str | None = None
    cuda: tuple[int, int] | None = None
    gpus: tuple[str, ...] = ()
    error: str | None = None

    @property
    def present(self) -> bool:
        """Whether there is a driver or a GPU at all."""
        return bool(self.version or self.gpus or self.error)


def ask_driver() -> Driver:
    """Ask ``nvidia-smi``."""
    if shutil.which("nvidia-smi") is None:
        if any(Path("/dev").glob("nvidia[0-9]*")):
            return Driver(error="there is a GPU, but no nvidia-smi to ask its driver with")
        return Driver()
    query = ["--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
    try:
        rows = run(["nvidia-smi", *query])
        header = run(["nvidia-smi"])
    except (OSError, subprocess.SubprocessError) as error:
        told = (getattr(error, "stdout", None) or str(error)).strip().partition("\n")[0]
        return Driver(error=f"nvidia-smi fails: {told}")
    gpus = tuple(line.strip() for line in rows.splitlines() if line.strip())
    newest = re.search(r"CUDA Version:\s*(\d+)\.(\d+)", header)
    return Driver(
        gpus[0].rpartition(",")[2].strip() if gpus else None,
        (int(newest[1]), int(newest[2])) if newest else None,
        gpus,
    )


def run(command: list[str]) -> str:
    """Output of a command."""
    return subprocess.run(
        command, capture_output=True, text=True, timeout=SECONDS, check=True
    ).stdout


def problems(torch: Package, driver: Driver) -> list[Problem]:
    """What is wrong between PyTorch, the driver and the GPUs.

    Args:
        torch: What is known of PyTorch.
        driver: What the driver tells.
    """
    if torch.error:
        return []  # told already
    cuda = torch.facts.get("cuda")
    if cuda is None:
        if driver.gpus:
            return [
                Problem(
                    f"a GPU is here ({driver.gpus[0]}), and PyTorch {torch.version} is a CPU build",
                    "For one that uses it: `make distclean`, then "
                    '`make install TORCH="torch==2.13.0 --index-url <your CUDA index>"`',
                    stops=False,
                )
            ]
        return []
    built = tuple(int(part) for part in re.findall(r"\d+", str(cuda))[:2])
    if driver.error:
        return [Problem(driver.error, "Install or restart NVIDIA's driver", stops=False)]
    if driver.cuda and built[:1] and built[0] > driver.cuda[0]:
        newest = "{}.{}".format(*driver.cuda)
        return [
            Problem(
                f"PyTorch {torch.version} is built for CUDA {cuda}, the driver {driver.version} "
                f"runs CUDA up to {newest}",
                f"Update the driver, or `make distclean` and a PyTorch for CUDA {newest} with "
                "TORCH=",
                stops=not torch.facts.get("usable"),
            )
        ]
    if not torch.facts.get("usable"):
        if driver.gpus:
            return [
                Problem(
                    f"PyTorch {torch.version} does not see the GPU that is here ({driver.gpus[0]})",
                    "Look at CUDA_VISIBLE_DEVICES, and at the output of `nvidia-smi`",
                )
            ]
        return [
            Problem(
                f"PyTorch {torch.version} is built for CUDA {cuda}, and no GPU is seen",
                "Nothing to do where the CPU is to be used; in a container, start it with "
                "`--gpus all`",
                stops=False,
            )
        ]
    return unknown_gpus(torch)


def unknown_gpus(torch: Package) -> list[Problem]:
    """GPUs that this build of PyTorch has no code for: older than all that it was built for."""
    built = [sm_number(name) for name in torch.facts.get("architectures") or []]
    known = [number for number in built if number]
    found = []
    for name, capability in torch.facts.get("gpus") or []:
        if known and sm_number(capability) and sm_number(capability) < min(known):
            found.append(
                Problem(
                    f"{name} ({capability}) is older than all that PyTorch {torch.version} runs on",
                    "Name a PyTorch that still has code for it with TORCH=, or hide it with "
                    "CUDA_VISIBLE_DEVICES",
                )
            )
    return found


def sm_number(name: str) -> int | None:
    """Number of an architecture, 90 for ``sm_90a``."""
    digits = re.match(r"(?:sm|compute)_(\d+)", str(name))
    return int(digits[1]) if digits else None
