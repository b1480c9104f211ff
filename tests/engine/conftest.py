"""A LIDnet small enough for tests, on slices in memory, in MMEngine's real Runner."""

import copy
import uuid
from pathlib import Path

import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.config import Config, ConfigDict
from mmengine.evaluator import BaseMetric
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmengine.structures import InstanceData
from torch.utils.data import Dataset

import lidnet_mm.registry  # noqa: F401  the scope lidnet_mm

SIDE = 64


class SlicesInMemory(Dataset):
    """Slices of one bright square each, LDCT = NDCT + white noise."""

    def __init__(self, length: int = 7) -> None:
        self.metainfo = {"classes": ("lesion",)}
        generator = torch.Generator().manual_seed(1)
        self.items = [self._item(index, generator) for index in range(length)]

    def _item(self, index: int, generator: torch.Generator) -> dict:
        left, top = torch.randint(4, SIDE - 28, (2,), generator=generator).tolist()
        ndct = 40 * torch.randn(1, SIDE, SIDE, generator=generator)
        ndct[:, top : top + 20, left : left + 20] += 150
        ldct = ndct + 100 * torch.randn(1, SIDE, SIDE, generator=generator)
        instances = InstanceData(
            bboxes=torch.tensor([[left, top, left + 20, top + 20]], dtype=torch.float32),
            labels=torch.zeros(1, dtype=torch.long),
        )
        sample = DetDataSample(gt_instances=instances)
        shape = (SIDE, SIDE)
        sample.set_metainfo(
            {"img_id": index, "img_shape": shape, "ori_shape": shape, "scale_factor": (1.0, 1.0)}
        )
        return {"inputs": ldct, "ndct": ndct, "data_samples": sample}

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> dict:
        return copy.deepcopy(self.items[index])


class CountOfSlices(BaseMetric):
    """A metric that needs nothing."""

    def process(self, data_batch, data_samples) -> None:
        self.results.extend(data_samples)

    def compute_metrics(self, results) -> dict:
        return {"slices": len(results)}


class Observer(Hook):
    """Keeps what every iteration found and left behind.

    Attributes:
        states: State of each part before the training and after each iteration.
        rates: Learning rate of each part in each iteration.
        random: State of PyTorch's random numbers before each iteration.
        validated: Iterations done when a validation began.
        logged: Values of ``log_vars`` of each iteration.
        scalars: Names of the values in the message hub after each iteration.
        batches: Ids of the slices of each iteration.
    """

    priority = "LOWEST"

    def __init__(self) -> None:
        self.states, self.rates, self.validated = [], [], []
        self.logged, self.scalars, self.batches, self.random = [], [], [], []

    def before_train(self, runner) -> None:
        self.states.append(_state(runner.model))

    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        self.batches.append([sample.img_id for sample in data_batch["data_samples"]])
        rates = runner.optim_wrapper.get_lr()
        self.rates.append({name.removesuffix(".lr"): rate[0] for name, rate in rates.items()})
        self.random.append(torch.get_rng_state())

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        self.states.append(_state(runner.model))
        self.logged.append(dict(outputs))
        self.scalars.append(set(runner.message_hub.log_scalars))

    def before_val(self, runner) -> None:
        self.validated.append(runner.iter)


def _state(model) -> dict[str, dict[str, torch.Tensor]]:
    """Copy of all parameters and buffers of each part."""
    return {
        name: {k: v.clone() for k, v in part.state_dict().items()}
        for name, part in model.parts.items()
    }


@pytest.fixture(scope="session")
def slices_in_memory() -> type[SlicesInMemory]:
    """The data set of the tests here."""
    return SlicesInMemory


@pytest.fixture(scope="session")
def small_detector(repository: Path) -> ConfigDict:
    """The configs' small Faster R-CNN with fewer channels, and no draw of random samples."""
    path = repository / "configs" / "_base_" / "models" / "faster-rcnn_r18_small.py"
    detector = Config.fromfile(path).detector
    detector.backbone.update(base_channels=8)
    detector.neck.update(in_channels=[8, 16, 32, 64], out_channels=16)
    detector.rpn_head.update(in_channels=16, feat_channels=16)
    detector.roi_head.bbox_roi_extractor.out_channels = 16
    detector.roi_head.bbox_head.update(in_channels=16, fc_out_channels=32)
    for stage in ("rpn", "rcnn"):  # more samples than there are: none is drawn by chance
        detector.train_cfg[stage].sampler.num = 4096
    return detector


@pytest.fixture(scope="session")
def small_lidnet(small_detector: ConfigDict) -> ConfigDict:
    """LIDDetector config around it."""
    generator = {"type": "lidnet_mm.CPCE", "channels": 4}
    return ConfigDict(
        type="lidnet_mm.LIDDetector",
        denoiser={"type": "lidnet_mm.DenoisingModel", "generator": generator},
        detector=small_detector,
    )


@pytest.fixture(scope="session")
def optimizers() -> dict:
    """One SGD for each half."""
    wrapper = {"optimizer": {"type": "SGD", "lr": 1e-3, "momentum": 0.9}}
    return {
        "constructor": "lidnet_mm.PartsOptimWrapperConstructor",
        "denoiser": {"type": "OptimWrapper", **copy.deepcopy(wrapper)},
        "detector": {"type": "OptimWrapper", **copy.deepcopy(wrapper)},
    }


@pytest.fixture(scope="session")
def make_runner(small_lidnet: dict, optimizers: dict):
    """Function that builds a Runner; keywords replace its arguments, ``schedule`` the loop's.

    The runner's ``observer`` is an :class:`Observer`.
    """

    def make(work_dir: Path, schedule: dict, validate: bool = False, **changes) -> Runner:
        loader = {"batch_size": 2, "num_workers": 0, "dataset": SlicesInMemory()}
        observer = Observer()
        arguments = {
            "model": copy.deepcopy(small_lidnet),
            "work_dir": str(work_dir),
            "train_dataloader": {
                **loader,
                "sampler": {"type": "InfiniteSampler", "shuffle": True, "seed": 3},
            },
            "train_cfg": {"type": "lidnet_mm.CollaborativeTrainLoop", **schedule},
            "optim_wrapper": copy.deepcopy(optimizers),
            "default_hooks": {
                "logger": {"type": "LoggerHook", "interval": 1},
                "param_scheduler": {"type": "lidnet_mm.PhaseParamSchedulerHook"},
                "checkpoint": None,
            },
            "custom_hooks": [observer],
            "log_processor": {"type": "lidnet_mm.PhaseLogProcessor", "by_epoch": False},
            "randomness": {"seed": 0},
            "default_scope": "mmdet",
            "experiment_name": uuid.uuid4().hex,
        }
        if validate:
            arguments |= {
                "val_dataloader": {**loader, "sampler": {"type": "DefaultSampler"}},
                "val_cfg": {"type": "ValLoop"},
                "val_evaluator": [CountOfSlices()],
            }
        arguments |= changes
        runner = Runner(**arguments)
        runner.observer = observer
        return runner

    return make
