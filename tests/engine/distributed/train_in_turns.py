"""One process of a collaborative training: trains and leaves its weights of each iteration behind.

Started by ``test_process_equivalence.py`` as ``torch.distributed.run --nproc_per_node N THIS
SETTINGS FOLDER``; ``SETTINGS`` is a config file with the model, its optimizers and the schedule.
"""

import os
import sys
import uuid
from pathlib import Path
from unittest import mock

import torch
import torch.distributed as dist
from mmdet.models.task_modules.samplers import RandomSampler
from mmdet.registry import TASK_UTILS
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

from lidnet_mm.apis.process_group import join_processes
from lidnet_mm.models.losses import WGANGPLoss
from lidnet_mm.registry import MODELS

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from conftest import SlicesInMemory


@TASK_UTILS.register_module()
class FirstSampler(RandomSampler):
    """As many samples of each image as asked for, the first instead of any."""

    def random_choice(self, gallery, num):
        return gallery[:num]


@MODELS.register_module()
class MidwayLoss(WGANGPLoss):
    """The penalty in the middle between two slices instead of anywhere."""

    @staticmethod
    def gradient_penalty(critic, denoised, reference):
        with mock.patch("torch.rand", lambda *shape, **_: torch.full(shape, 0.5)):
            return WGANGPLoss.gradient_penalty(critic, denoised, reference)


class Weights(Hook):
    """Weights before the training and after each iteration, and the slices of each."""

    priority = "LOWEST"

    def __init__(self) -> None:
        self.states, self.slices = [], []

    def before_train(self, runner) -> None:
        self._keep(runner)

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        self.slices.append(sorted(sample.img_id for sample in data_batch["data_samples"]))
        self._keep(runner)

    def _keep(self, runner) -> None:
        model = getattr(runner.model, "module", runner.model)
        self.states.append({name: p.detach().clone() for name, p in model.named_parameters()})


def main(settings: Path, folder: Path) -> None:
    """Train and save what :class:`Weights` kept."""
    config = Config.fromfile(settings)
    processes = int(os.environ["WORLD_SIZE"])
    join_processes(config, "pytorch" if processes > 1 else "none")
    weights = Weights()
    runner = Runner(
        model=config.model,
        work_dir=str(folder / "work"),
        train_dataloader={
            "batch_size": config.slices // processes,
            "num_workers": 0,
            "dataset": SlicesInMemory(8),
            "sampler": {"type": "InfiniteSampler", "shuffle": True, "seed": 3},
        },
        train_cfg=config.train_cfg,
        optim_wrapper=config.optim_wrapper,
        default_hooks={"checkpoint": None},
        custom_hooks=[weights],
        launcher=config.launcher,
        randomness={"seed": 0},
        default_scope="mmdet",
        cfg={"model_wrapper_cfg": config.get("model_wrapper_cfg")},
        experiment_name=uuid.uuid4().hex,
    )
    runner.train()
    left = {"states": weights.states, "slices": weights.slices}
    torch.save(left, folder / f"rank{os.environ['RANK']}.pt")
    if dist.is_initialized():
        dist.destroy_process_group()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
