"""One process of a distributed training on CPU: trains a GAN and leaves its weights behind.

Started by ``test_distributed.py`` as ``torch.distributed.run --nproc_per_node 2 THIS FOLDER``.
"""

import sys
from pathlib import Path

import torch
import torch.distributed as dist
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmengine.structures import BaseDataElement
from torch.utils.data import Dataset

import lidnet_mm.registry  # noqa: F401  the scope lidnet_mm

SIDE = 32
SGD = {"type": "OptimWrapper", "optimizer": {"type": "SGD", "lr": 1e-3, "momentum": 0.9}}
DISTRIBUTED = {
    "type": "MMDistributedDataParallel",
    "find_unused_parameters": True,
    "broadcast_buffers": False,
    "device_ids": None,
}


class NoisySlices(Dataset):
    """Eight slices of noise on a level of their own, in HU."""

    def __len__(self) -> int:
        return 8

    def __getitem__(self, index: int) -> dict:
        generator = torch.Generator().manual_seed(index)
        ndct = torch.full((1, SIDE, SIDE), 50.0 * index)
        sample = BaseDataElement(metainfo={"img_id": index, "img_shape": (SIDE, SIDE)})
        noise = 100 * torch.randn(1, SIDE, SIDE, generator=generator)
        return {"inputs": ndct + noise, "ndct": ndct, "data_samples": sample}


class Seen(Hook):
    """Ids of the slices that this process saw."""

    def __init__(self) -> None:
        self.ids: list[int] = []

    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        self.ids += [sample.img_id for sample in data_batch["data_samples"]]


def main(folder: Path) -> None:
    """Train six iterations and save weights before and after."""
    dist.init_process_group("gloo")
    seen = Seen()
    runner = Runner(
        model={
            "type": "lidnet_mm.DenoisingModel",
            "generator": {"type": "lidnet_mm.CPCE", "channels": 4},
            "critic": {"type": "lidnet_mm.SliceCritic", "channels": 2},
        },
        work_dir=str(folder / "work"),
        train_dataloader={
            "batch_size": 1,
            "num_workers": 0,
            "dataset": NoisySlices(),
            "sampler": {"type": "InfiniteSampler", "shuffle": True, "seed": 3},
        },
        train_cfg={"type": "lidnet_mm.AdversarialTrainLoop", "max_iters": 6, "critic_iters": 2},
        optim_wrapper={
            "constructor": "lidnet_mm.PartsOptimWrapperConstructor",
            "denoiser": SGD,
            "critic": SGD,
        },
        default_hooks={"checkpoint": None},
        custom_hooks=[seen],
        launcher="pytorch",
        randomness={"seed": 0},
        cfg={"model_wrapper_cfg": DISTRIBUTED},
        experiment_name="two_ranks",
    )
    before = {k: v.clone() for k, v in runner.model.module.state_dict().items()}
    runner.train()
    after = dict(runner.model.module.state_dict())
    torch.save(
        {"before": before, "after": after, "seen": seen.ids}, folder / f"rank{dist.get_rank()}.pt"
    )
    dist.destroy_process_group()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
