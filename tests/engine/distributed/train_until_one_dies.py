"""One process of a training in which the second gets a signal from itself amid the run, on CPU.

Started by ``test_dying_process.py`` with a folder, the signal's name and the config's timeout in
seconds, in a group of processes that the environment names.
"""

import os
import signal
import sys
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmengine.structures import BaseDataElement
from torch.utils.data import Dataset

from lidnet_mm.apis.process_group import join_processes

SIDE = 32


class Slices(Dataset):
    """Slices of noise in HU."""

    def __len__(self) -> int:
        return 8

    def __getitem__(self, index: int) -> dict:
        sample = BaseDataElement(metainfo={"img_shape": (SIDE, SIDE)})
        ldct, ndct = 100 * torch.randn(2, 1, SIDE, SIDE)
        return {"inputs": ldct, "ndct": ndct, "data_samples": sample}


class Strike(Hook):
    """Sends the second process a signal before its third iteration."""

    def __init__(self, name: str) -> None:
        self.signal = signal.Signals[name]

    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        if runner.rank == 1 and runner.iter == 2:
            os.kill(os.getpid(), self.signal)


def main(folder: Path, name: str, timeout: int) -> None:
    """Train far longer than the test waits."""
    config = Config({"env_cfg": {"dist_cfg": {"timeout": timeout}}})
    join_processes(config, "pytorch")
    Runner(
        model={
            "type": "lidnet_mm.DenoisingModel",
            "generator": {"type": "lidnet_mm.CPCE", "channels": 2},
        },
        work_dir=str(folder / "work"),
        train_dataloader={
            "batch_size": 1,
            "num_workers": 0,
            "dataset": Slices(),
            "sampler": {"type": "InfiniteSampler"},
        },
        train_cfg={"type": "IterBasedTrainLoop", "max_iters": 10**8},
        optim_wrapper={"optimizer": {"type": "SGD", "lr": 1e-3}},
        default_hooks={"checkpoint": None},
        custom_hooks=[Strike(name)],
        launcher=config.launcher,
        cfg={"model_wrapper_cfg": config.model_wrapper_cfg},
        experiment_name="dying",
    ).train()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
