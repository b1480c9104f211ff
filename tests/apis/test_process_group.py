"""Processes without a GPU: the group, the wrapper, and what is said where no launcher was."""

import pytest
import torch
from mmengine.config import Config
from torch import distributed

from lidnet_mm.apis.process_group import RANKS, join_processes

ADDRESS = ("MASTER_ADDR", "MASTER_PORT")


@pytest.fixture
def alone(monkeypatch):
    """No launcher, no GPU, and no group left over."""
    for name in (*ADDRESS, *(name for names in RANKS.values() for name in names)):
        monkeypatch.setenv(name, "to be restored")  # also what the function sets itself
        monkeypatch.delenv(name)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    yield monkeypatch
    if distributed.is_initialized():
        distributed.destroy_process_group()


@pytest.fixture
def started(alone, tmp_path):
    """Function that sets what a launcher of one process sets."""

    def start(launcher: str) -> None:
        for name, value in zip(RANKS[launcher], "010", strict=True):
            alone.setenv(name, value)
        alone.setenv("MASTER_ADDR", "localhost")
        alone.setenv("MASTER_PORT", "0")

    return start


def config(**settings) -> Config:
    return Config({"env_cfg": {"dist_cfg": {"backend": "nccl", "timeout": 7}}, **settings})


@pytest.mark.parametrize("launcher", ["pytorch", "slurm", "mpi"])
def test_without_a_gpu_the_group_is_gloo_and_the_model_on_the_cpu(started, launcher):
    started(launcher)
    joined = config(model_wrapper_cfg={"find_unused_parameters": False})
    join_processes(joined, launcher)
    assert distributed.get_backend() == "gloo"
    assert joined.launcher == launcher
    assert joined.model_wrapper_cfg == {
        "type": "MMDistributedDataParallel",
        "find_unused_parameters": False,
        "device_ids": None,
    }


def test_the_configs_timeout_counts(started):
    started("pytorch")
    with pytest.MonkeyPatch.context() as patch:
        given = {}
        patch.setattr(
            distributed, "init_process_group", lambda *_, **options: given.update(options)
        )
        join_processes(config(), "pytorch")
    assert given["timeout"].total_seconds() == 7


def test_one_process_needs_nothing(alone):
    plain = config()
    join_processes(plain, "none")
    assert plain.launcher == "none"
    assert "model_wrapper_cfg" not in plain
    assert not distributed.is_initialized()


@pytest.mark.parametrize("launcher", ["pytorch", "slurm", "mpi"])
def test_a_launcher_that_did_not_start_it_is_named(alone, launcher):
    with pytest.raises(RuntimeError, match=f"{RANKS[launcher][0]}.* is not set: start"):
        join_processes(config(), launcher)


def test_mpi_has_to_say_where_the_processes_meet(started, alone):
    started("mpi")
    alone.delenv("MASTER_ADDR")
    with pytest.raises(RuntimeError, match="MASTER_ADDR is not set"):
        join_processes(config(), "mpi")


def test_unknown_launchers_are_refused():
    with pytest.raises(ValueError, match="launcher must be one of"):
        join_processes(config(), "ssh")


@pytest.mark.parametrize("launcher", ["pytorch", "mpi"])
def test_more_processes_than_gpus(started, alone, launcher):
    started(launcher)
    alone.setenv(RANKS[launcher][2], "1")
    alone.setattr(torch.cuda, "is_available", lambda: True)
    alone.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(RuntimeError, match="a process 2 on a machine with 1 GPU: start one"):
        join_processes(config(), launcher)
    assert not distributed.is_initialized()


@pytest.mark.parametrize("launcher", ["pytorch", "slurm", "mpi"])
def test_with_a_gpu_for_each_mmengine_forms_the_group(started, alone, launcher):
    started(launcher)
    alone.setattr(torch.cuda, "is_available", lambda: True)
    alone.setattr(torch.cuda, "device_count", lambda: 1)
    joined = config()
    join_processes(joined, launcher)
    assert joined.launcher == launcher
    assert "model_wrapper_cfg" not in joined
    assert not distributed.is_initialized()
