"""Trains 60 iterations twice: in one go, and killed with SIGKILL and resumed again and again.

Started by ``test_kill_and_resume.py`` as ``train_and_kill.py FOLDER FORM KILLS``: the form is
``cnn`` or ``gan``, the kills are a json list of ``[iteration, moment]``. Every run is a process of
its own, forked from this one, which only imports.
"""

import json
import os
import signal
import sys
import traceback
from pathlib import Path

import numpy as np
import SimpleITK
import torch
from mmdet.utils import register_all_modules
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch.optim.optimizer import register_optimizer_step_pre_hook

import lidnet_mm.engine
import lidnet_mm.models.lid_detector  # noqa: F401  imported once, not in each process
from lidnet_mm.apis.resume_training import resume_training

REPOSITORY = Path(__file__).resolve().parents[3]
SIDE = 72
SLICES = 7
# T1 = 0..11 | T2 = 12..26, T3 = 27..35 | T2 = 36..50, T3 = 51..59
SCHEDULE = {"pretrain_iters": 12, "denoiser_iters": 15, "detector_iters": 9, "rounds": 2}


def die() -> None:
    """What ``kill -9`` does: nothing is cleaned up."""
    os.kill(os.getpid(), signal.SIGKILL)


class Witness(Hook):
    """Writes down the slices and the loss of each iteration, to the last bit."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        line = {
            "iteration": runner.iter,
            "slices": [sample.img_id for sample in data_batch["data_samples"]],
            "image": float(torch.stack(data_batch["inputs"]).double().sum()).hex(),
            "loss": {name: float(value).hex() for name, value in outputs.items()},
        }
        with self.path.open("a") as file:
            file.write(json.dumps(line) + "\n")


class Kill(Hook):
    """Kills the process at a moment of an iteration."""

    priority = "LOW"

    def __init__(self, iteration: int, moment: str) -> None:
        self.iteration, self.moment = iteration, moment

    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        if runner.iter != self.iteration:
            return
        if self.moment == "batch read":
            die()
        if self.moment == "gradients computed":
            register_optimizer_step_pre_hook(lambda *_, **__: die())
        if self.moment == "checkpoint half written":
            os.fsync = lambda file: (os.ftruncate(file, os.fstat(file).st_size // 2), die())
        if self.moment == "checkpoint written, not noted":
            replace = Path.replace
            Path.replace = lambda *paths: (replace(*paths), die())

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        if runner.iter == self.iteration and self.moment == "updated":
            die()


def write_data(folder: Path) -> None:
    """A volume with a bright square in each slice, and its annotations."""
    generator = np.random.default_rng(0)
    volume = generator.normal(0, 40, (SLICES, SIDE, SIDE))
    images, annotations = [], []
    for index in range(SLICES):
        left, top = (int(value) for value in generator.integers(12, 40, 2))
        volume[index, top : top + 20, left : left + 20] += 150
        record = {"id": index, "file_name": "ct.nii.gz", "slice_index": index, "patient_id": "p"}
        images.append({**record, "height": SIDE, "width": SIDE, "spacing": [0.7, 0.7]})
        box = {"bbox": [left, top, 20, 20], "area": 400, "iscrowd": 0}
        annotations.append({**box, "id": index + 1, "image_id": index, "category_id": 1})
    image = SimpleITK.GetImageFromArray(volume.astype(np.int16))
    image.SetSpacing((0.7, 0.7, 3.0))
    SimpleITK.WriteImage(image, str(folder / "ct.nii.gz"))
    categories = [{"id": 1, "name": "lesion"}]
    content = {"images": images, "annotations": annotations, "categories": categories}
    (folder / "train.json").write_text(json.dumps(content))


def detector() -> dict:
    """The configs' small Faster R-CNN with fewer channels; its samplers draw by chance."""
    path = REPOSITORY / "configs" / "_base_" / "models" / "faster-rcnn_r18_small.py"
    config = Config.fromfile(path).detector
    config.backbone.update(base_channels=8)
    config.neck.update(in_channels=[8, 16, 32, 64], out_channels=16)
    config.rpn_head.update(in_channels=16, feat_channels=16)
    config.roi_head.bbox_roi_extractor.out_channels = 16
    config.roi_head.bbox_head.update(in_channels=16, fc_out_channels=32)
    for stage in ("rpn", "rcnn"):
        config.train_cfg[stage].sampler.num = 32
    return config


def training(data: Path, work_dir: Path, gan: bool) -> Config:
    """The whole training: Adam, schedulers, accumulation, simulated noise, crops and flips."""
    parts = ("denoiser", "critic", "detector") if gan else ("denoiser", "detector")
    wrapper = {"type": "OptimWrapper", "optimizer": {"type": "AdamW", "lr": 1e-3}}
    cosine = {"type": "CosineAnnealingLR", "by_epoch": False, "begin": 3, "end": 40, "T_max": 37}
    warm_up = {"type": "LinearLR", "by_epoch": False, "start_factor": 0.1, "begin": 0, "end": 3}
    pipeline = [
        {"type": "lidnet_mm.LoadCTSlice"},
        {"type": "LoadAnnotations", "with_bbox": True},
        {
            "type": "lidnet_mm.SimulateLowDose",
            "noise_hu": 60,
            "num_views": 24,
            "realizations": 3,
            "cache_dir": str(data / "noise"),
        },
        {"type": "RandomCrop", "crop_size": (64, 64), "allow_negative_crop": True},
        {"type": "RandomFlip", "prob": 0.5},
        {"type": "lidnet_mm.PackLIDInputs"},
    ]
    denoiser = {
        "type": "lidnet_mm.DenoisingModel",
        "generator": {"type": "lidnet_mm.CPCE", "channels": 4},
    }
    if gan:
        denoiser["critic"] = {"type": "lidnet_mm.SliceCritic", "channels": 2}
    content = {
        "model": {"type": "lidnet_mm.LIDDetector", "denoiser": denoiser, "detector": detector()},
        "work_dir": str(work_dir),
        "train_dataloader": {
            "batch_size": 2,
            "num_workers": 1,
            "sampler": {"type": "lidnet_mm.SeededInfiniteSampler"},
            "dataset": {
                "type": "lidnet_mm.CTLesionDataset",
                "data_root": str(data),
                "ann_file": "train.json",
                "pipeline": pipeline,
            },
        },
        "train_cfg": {
            "type": "lidnet_mm.CollaborativeTrainLoop",
            **SCHEDULE,
            "critic_iters": 2 if gan else 0,
        },
        "optim_wrapper": {
            "constructor": "lidnet_mm.PartsOptimWrapperConstructor",
            **{part: dict(wrapper) for part in parts},
            "detector": {**wrapper, "accumulative_counts": 2},  # of 9 in T3, the last alone
        },
        "param_scheduler": {part: [warm_up, cosine] for part in parts},
        "default_scope": "mmdet",
    }
    runtime = Config.fromfile(REPOSITORY / "configs" / "_base_" / "default_runtime.py")
    config = Config({**runtime.to_dict(), **content})
    config.default_hooks.checkpoint.update(interval=4)
    config.default_hooks.logger.update(interval=10)
    return config


def run(data: Path, work_dir: Path, gan: bool, kill: tuple[int, str] | None) -> int:
    """Train in a process of its own, from the newest checkpoint; gives its exit status."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    status = 1
    try:
        work_dir.mkdir(exist_ok=True)
        config = training(data, work_dir, gan)
        resume_training(config)
        runner = Runner.from_cfg(config)
        runner.register_hook(Witness(work_dir / "witness.jsonl"), "HIGH")
        if kill is not None:
            runner.register_hook(Kill(*kill))
        runner.train()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def main(folder: Path, form: str, kills: list[tuple[int, str]]) -> None:
    """Both trainings; leaves their exit statuses in ``statuses.json``."""
    data = folder / "data"
    data.mkdir()
    write_data(data)
    register_all_modules(init_default_scope=False)
    gan = form == "gan"
    statuses = {"whole": run(data, folder / "whole", gan, None)}
    statuses["killed"] = [run(data, folder / "killed", gan, kill) for kill in kills]
    statuses["last"] = run(data, folder / "killed", gan, None)
    (folder / "statuses.json").write_text(json.dumps(statuses))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3]))
