"""One process of a training that is disturbed, on CPU.

Started by ``test_graceful_stop_hook.py`` and ``test_non_finite_loss_hook.py`` with a folder and the
number of iterations, in a group of processes if the environment names one (``RANK``). The losses of
the slices with a number in ``NAN`` (``'3,5'``) are NaN. Prints ``iteration N`` after each.
"""

import os
import sys
import time
from pathlib import Path

import torch
import torch.distributed as dist
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmengine.structures import BaseDataElement
from torch.utils.data import Dataset

import lidnet_mm.engine  # noqa: F401  the hooks and the backend

SIDE = 32
SGD = {"type": "OptimWrapper", "optimizer": {"type": "SGD", "lr": 1e-3, "momentum": 0.9}}


class NoisySlices(Dataset):
    """Eight slices of noise on a level of their own, in HU."""

    def __len__(self) -> int:
        return 8

    def __getitem__(self, index: int) -> dict:
        generator = torch.Generator().manual_seed(index)
        ndct = torch.full((1, SIDE, SIDE), 50.0 * index)
        meta = {"img_path": f"case_{index}.nii.gz", "slice_index": index, "patient_id": index}
        sample = BaseDataElement(metainfo={"img_shape": (SIDE, SIDE), **meta})
        ldct = ndct + 100 * torch.randn(1, SIDE, SIDE, generator=generator)
        return {"inputs": ldct, "ndct": ndct, "data_samples": sample}


class Announce(Hook):
    """Says which iteration is done and takes its time: a signal comes amid the training."""

    priority = "VERY_HIGH"

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        sys.stdout.write(f"iteration {runner.iter + 1}\n")
        sys.stdout.flush()
        time.sleep(float(os.environ.get("PAUSE", 0)))


def spoil(module, arguments, keywords, losses) -> dict:
    """Make the losses of the slices that are to have it NaN."""
    spoilt = os.environ.get("NAN", "").split(",")
    if any(str(sample.slice_index) in spoilt for sample in keywords["data_samples"]):
        return {name: value * float("nan") for name, value in losses.items()}
    return losses


def main(folder: Path, max_iters: int) -> None:
    """Train, and save the weights at the end."""
    distributed = "RANK" in os.environ
    if distributed:
        dist.init_process_group("gloo")
    runner = Runner(
        model={
            "type": "lidnet_mm.DenoisingModel",
            "generator": {"type": "lidnet_mm.CPCE", "channels": 4},
            "critic": {"type": "lidnet_mm.SliceCritic", "channels": 2},
        },
        work_dir=str(folder / "work"),
        train_dataloader={
            "batch_size": 1,
            "num_workers": int(os.environ.get("WORKERS", 0)),
            "dataset": NoisySlices(),
            "sampler": {"type": "InfiniteSampler", "shuffle": False},
        },
        train_cfg={
            "type": "lidnet_mm.AdversarialTrainLoop",
            "max_iters": max_iters,
            "critic_iters": 1,
        },
        optim_wrapper={
            "constructor": "lidnet_mm.PartsOptimWrapperConstructor",
            "denoiser": SGD,
            "critic": SGD,
        },
        default_hooks={
            "checkpoint": {
                "type": "CheckpointHook",
                "by_epoch": False,
                "interval": 10_000,
                "backend_args": {"backend": "lidnet_atomic"},
            },
            "graceful_stop": {"type": "lidnet_mm.GracefulStopHook"},
            "non_finite_loss": {"type": "lidnet_mm.NonFiniteLossHook", "max_in_a_row": 3},
        },
        custom_hooks=[Announce()],
        launcher="pytorch" if distributed else "none",
        randomness={"seed": 0},
        cfg={
            "model_wrapper_cfg": {
                "type": "MMDistributedDataParallel",
                "find_unused_parameters": True,
                "broadcast_buffers": False,
                "device_ids": None,
            }
        },
        experiment_name="faults",
    )
    model = runner.model.module if distributed else runner.model
    model.register_forward_hook(spoil, with_kwargs=True)
    runner.train()
    torch.save(model.state_dict(), folder / f"rank{os.environ.get('RANK', 0)}.pt")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
