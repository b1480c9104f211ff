"""Keeps the regions of the ROI perceptual loss along a training (figure 4)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.dataset import pseudo_collate
from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import nn

from lidnet_mm.engine.phased_train_loop import unwrapped
from lidnet_mm.evaluation.region_track import RegionTrack, read_regions, write_regions
from lidnet_mm.models.resting_detector import rest_in_training_mode
from lidnet_mm.registry import HOOKS


@HOOKS.register_module()
class RegionRecorderHook(Hook):
    """Writes the K best regions of a few slices as ``WORK_DIR/regions/<n>.npz``.

    The slices are spread evenly over those with a lesion, of the validation or, where there is
    none, of the test: they are looked at, nothing is learned or chosen by them. Recording draws no
    random number of the training and changes neither weights nor running statistics: a training
    with this hook is the training without. A resumed training goes on with the files.

    Args:
        interval (int): Iterations between recordings, besides the first and the last. Defaults to
            500.
        num_cases (int): How many slices. Defaults to 3.

    Raises:
        ValueError: If a number is not positive.
    """

    priority = "LOW"

    def __init__(self, interval: int = 500, num_cases: int = 3) -> None:
        if interval < 1 or num_cases < 1:
            raise ValueError(
                f"interval and num_cases must be at least 1, got {interval} and {num_cases}"
            )
        self.interval = interval
        self.num_cases = num_cases
        self._samples: list[dict] = []
        self._tracks: list[RegionTrack] = []

    @master_only
    def before_train(self, runner: Runner) -> None:
        """Choose the slices and record what the detector proposes at first.

        Raises:
            TypeError: If the model has no regions: it is no LIDnet, or its ROI perceptual loss is
                left out.
            ValueError: If there is no slice with a lesion.
        """
        model = unwrapped(runner.model)
        if getattr(model, "region_source", None) is None:
            raise TypeError(
                f"RegionRecorderHook records the regions of the ROI perceptual loss, but "
                f"{type(model).__name__} has none; leave the hook out"
            )
        self._samples = _chosen(_dataset(runner), self.num_cases)
        folder = Path(runner.work_dir) / "regions"
        self._tracks = [
            read_regions(folder / f"{n:03d}.npz", until=runner.iter)
            for n in range(len(self._samples))
        ]
        self._record(runner, runner.iter)

    @master_only
    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: dict | None = None,
    ) -> None:
        """Record at the interval and at the end."""
        done = runner.iter + 1
        if done % self.interval == 0 or done == runner.max_iters:
            self._record(runner, done)

    def _record(self, runner: Runner, iteration: int) -> None:
        """Add the present regions of all slices to their files."""
        model = unwrapped(runner.model)
        for number, sample in enumerate(self._samples):
            if iteration in self._tracks[number].iterations:
                continue
            with _undisturbed(model), torch.no_grad():
                regions, shown = _regions(model, sample)
            track = self._tracks[number].with_entry(iteration, regions, shown)
            self._tracks[number] = track
            write_regions(track, Path(runner.work_dir) / "regions" / f"{number:03d}.npz")


def _dataset(runner: Runner) -> Any:
    """Slices to look at."""
    loop = runner.val_loop or runner.test_loop
    if loop is None:
        raise ValueError(
            "RegionRecorderHook needs slices to look at: set val_dataloader or test_dataloader, or "
            "leave the hook out"
        )
    return loop.dataloader.dataset


def _chosen(dataset: Any, count: int) -> list[dict]:
    """Samples of slices with a lesion, spread over the data set."""
    infos = [dataset.get_data_info(n) for n in range(len(dataset))]
    lesions = [n for n, info in enumerate(infos) if info["instances"]]
    if not lesions:
        raise ValueError(
            "RegionRecorderHook needs slices with a lesion, and the validation or test data have "
            "none; leave the hook out"
        )
    count = min(count, len(lesions))
    return [dataset[lesions[(2 * n + 1) * len(lesions) // (2 * count)]] for n in range(count)]


def _regions(model: nn.Module, sample: dict) -> tuple[np.ndarray, dict]:
    """The K best regions on a denoised slice, (K, 4), and what a reader sees of it."""
    data = model.data_preprocessor(pseudo_collate([sample]), False)
    samples = data["data_samples"]
    denoised = model.denoiser(data["inputs"])
    with model.region_source.watch(model.detector) as seen:
        model.detector.loss(model.bridge(denoised), samples)
    best = model.region_source.regions(model.detector, seen, samples)[0]
    rows, columns = sample["inputs"].shape[-2:]
    window = model.data_preprocessor.window
    truth = samples[0].gt_instances.bboxes
    meta = samples[0].metainfo
    series = f", series {meta['series']}" if meta.get("series") else ""
    shown = {
        "name": f"{meta['patient_id']}{series}, slice {meta['slice_index']}",
        "image": window.denormalize(denoised[0, 0, :rows, :columns]).float().cpu().numpy(),
        "ground_truth": getattr(truth, "tensor", truth).cpu().numpy(),
    }
    return best[: model.roi_perceptual_loss.num_rois].cpu().numpy(), shown


@contextmanager
def _undisturbed(model: nn.Module) -> Iterator[None]:
    """Modes, random numbers and phase as they were, whatever is computed inside."""
    modes = {module: module.training for module in model.modules()}
    devices = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    numbers = np.random.get_state()
    with torch.random.fork_rng(devices):
        model.eval()
        rest_in_training_mode(model.detector)
        try:
            yield
        finally:
            np.random.set_state(numbers)
            for module, mode in modes.items():
                module.training = mode
