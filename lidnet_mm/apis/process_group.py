"""Several processes, also where there is no GPU.

MMEngine's launchers choose a GPU before they form the group of processes, and fail without one.
Here the group is formed first, with gloo; MMEngine then finds it and goes on as with GPUs.
"""

import datetime
import os
import subprocess
from collections.abc import Mapping

import torch
from mmengine.config import Config
from torch import distributed

LAUNCHERS = ("none", "pytorch", "slurm", "mpi")

RANKS = {
    "pytorch": ("RANK", "WORLD_SIZE", "LOCAL_RANK"),
    "slurm": ("SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID"),
    "mpi": ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK"),
}
"""Variables with the rank of a process, the number of processes, and the rank on its node."""

STARTS = {
    "pytorch": "mim train lidnet_mm CONFIG --launcher pytorch --gpus N, or torchrun",
    "slurm": "srun, or mim train lidnet_mm CONFIG --launcher slurm",
    "mpi": "mpirun",
}

WRAPPER = {"type": "MMDistributedDataParallel", "find_unused_parameters": True}
"""The wrapper of a config that names none, as in ``configs/_base_/default_runtime.py``."""

PORT = "29500"


def join_processes(config: Config, launcher: str) -> None:
    """Make this process one of those that a launcher started; changes the config in place.

    With GPUs it is MMEngine that forms the group, with the backend of ``env_cfg.dist_cfg``.
    Without any the backend is gloo, ``dist_cfg.timeout`` (s) counts as with GPUs, and the model
    is wrapped for the CPU.

    Args:
        config (Config): Config of the run, before the runner is built.
        launcher (str): One of :data:`LAUNCHERS`.

    Raises:
        ValueError: If the launcher is unknown.
        RuntimeError: If the launcher did not start this process, or has no GPU for it.
    """
    if launcher not in LAUNCHERS:
        raise ValueError(f"launcher must be one of {LAUNCHERS}, got {launcher!r}")
    config.launcher = launcher
    if launcher == "none":
        return
    ranks = _ranks(launcher)
    if torch.cuda.is_available():
        _check_gpu_of(ranks["LOCAL_RANK"], launcher)
        return
    os.environ.update(ranks)
    os.environ.setdefault("MASTER_PORT", PORT)
    if "MASTER_ADDR" not in os.environ:
        os.environ["MASTER_ADDR"] = _first_node(launcher)
    config.model_wrapper_cfg = {
        **WRAPPER,
        **(config.get("model_wrapper_cfg") or {}),
        "device_ids": None,
    }
    if not distributed.is_initialized():
        distributed.init_process_group("gloo", timeout=_timeout(config))


def _ranks(launcher: str) -> dict[str, str]:
    """``RANK``, ``WORLD_SIZE`` and ``LOCAL_RANK`` as the launcher set them."""
    missing = [name for name in RANKS[launcher] if name not in os.environ]
    if missing:
        raise RuntimeError(
            f"--launcher {launcher}, but {', '.join(missing)} is not set: start the processes "
            f"with {STARTS[launcher]}"
        )
    values = (os.environ[name] for name in RANKS[launcher])
    return dict(zip(RANKS["pytorch"], values, strict=True))


def _check_gpu_of(local_rank: str, launcher: str) -> None:
    """Refuse more processes than GPUs, of which CUDA would only say an invalid device ordinal."""
    count = torch.cuda.device_count()
    # Where Slurm shows each process GPUs of its own, MMEngine counts them from the first again.
    if launcher != "slurm" and int(local_rank) >= count:
        raise RuntimeError(
            f"--launcher {launcher} started a process {int(local_rank) + 1} on a machine with"
            f" {count} GPU{'s' * (count != 1)}: start one process a GPU, or set"
            " CUDA_VISIBLE_DEVICES= to train on the CPU"
        )


def _first_node(launcher: str) -> str:
    """Name of the node on which the processes meet."""
    if launcher != "slurm":
        raise RuntimeError(
            f"--launcher {launcher}, but MASTER_ADDR is not set: export the name of the node of "
            f"rank 0, or start the processes with {STARTS[launcher]}"
        )
    command = ["scontrol", "show", "hostnames", os.environ["SLURM_NODELIST"]]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[0]


def _timeout(config: Config) -> datetime.timedelta | None:
    """How long a process waits for the others; None for PyTorch's own, half an hour."""
    settings: Mapping = config.get("env_cfg", {}).get("dist_cfg", {})
    seconds = settings.get("timeout")
    return None if seconds is None else datetime.timedelta(seconds=seconds)
