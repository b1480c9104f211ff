"""Keeps example slices of a test run for the report."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmengine.hooks import Hook
from mmengine.runner import Runner

from lidnet_mm.registry import HOOKS


@HOOKS.register_module()
class CaseRecorderHook(Hook):
    """Saves images and detections of a few slices as ``WORK_DIR/cases/<n>.npz``.

    The slices are spread evenly over those with a lesion, so that every method tested on the
    same data keeps the same ones.

    Args:
        num_cases (int): How many slices to keep. Defaults to 6.

    Raises:
        ValueError: If ``num_cases`` is not positive.
    """

    def __init__(self, num_cases: int = 6) -> None:
        if num_cases < 1:
            raise ValueError(f"num_cases must be at least 1, got {num_cases}")
        self.num_cases = num_cases
        self._wanted: dict[int, int] = {}

    def before_test(self, runner: Runner) -> None:
        """Choose the slices."""
        dataset = runner.test_dataloader.dataset
        infos = [dataset.get_data_info(index) for index in range(len(dataset))]
        lesions = [info["img_id"] for info in infos if info["instances"]]
        count = min(self.num_cases, len(lesions))
        # The middle of each of as many equal parts: all different, also where there are few.
        self._wanted = {lesions[(2 * n + 1) * len(lesions) // (2 * count)]: n for n in range(count)}

    def after_test_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: Sequence | None = None,
    ) -> None:
        """Save the chosen slices of a batch.

        Args:
            runner (Runner): The runner.
            batch_idx (int): Not used.
            data_batch (dict): ``inputs``, N tensors (1, H, W) in HU.
            outputs (Sequence): N predicted samples.
        """
        for image, sample in zip(data_batch["inputs"], outputs, strict=True):
            if sample.img_id not in self._wanted:
                continue
            folder = Path(runner.work_dir) / "cases"
            folder.mkdir(parents=True, exist_ok=True)
            detections = sample.pred_instances
            series = f", series {sample.series}" if sample.get("series") else ""
            np.savez_compressed(
                folder / f"{self._wanted[sample.img_id]:03d}.npz",
                name=f"{sample.patient_id}{series}, slice {sample.slice_index}",
                input=image[0].cpu().numpy(),
                image=sample.denoised.data[0].cpu().numpy(),
                ground_truth=sample.gt_instances.bboxes.cpu().numpy(),
                boxes=detections.bboxes.cpu().numpy(),
                scores=detections.scores.cpu().numpy(),
            )
