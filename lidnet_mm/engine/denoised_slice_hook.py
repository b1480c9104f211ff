"""Pictures of denoised slices after each validation."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.runner import Runner

from lidnet_mm.atomic_write import write_whole
from lidnet_mm.registry import HOOKS
from lidnet_mm.visualization.slice_figure import SlicePanel, panels_png


@HOOKS.register_module()
class DenoisedSliceHook(Hook):
    """Draws input, denoised slice and reference for the first slices of each validation.

    Pictures go to ``WORK_DIR/vis_data/slices/iter_N/PATIENT_slice_INDEX.png``: LDCT, denoised and
    NDCT side by side in one HU window, lesion boxes solid. The order of a validation loader is
    fixed, so the same slices can be followed through training. Only the main process draws, and
    draws what it validated itself.

    Args:
        num_slices (int): How many slices to draw each time. Defaults to 4.
        window (Sequence[float] | None): Lower and upper limit in HU. None takes the sample's
            ``image_window``. Defaults to None.
        width (int): Width of a panel in pixels. Defaults to 360.

    Raises:
        ValueError: If ``num_slices`` or ``width`` is not positive.
    """

    priority = "LOW"

    def __init__(
        self, num_slices: int = 4, window: Sequence[float] | None = None, width: int = 360
    ) -> None:
        if num_slices < 1 or width < 1:
            raise ValueError(f"num_slices and width must be positive, got {num_slices}, {width}")
        self.num_slices = num_slices
        self.window = window
        self.width = width
        self._drawn = 0

    def before_val_epoch(self, runner: Runner) -> None:
        """Start counting anew."""
        self._drawn = 0

    @master_only
    def after_val_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Mapping[str, Any] | None = None,
        outputs: Sequence[Any] | None = None,
    ) -> None:
        """Draw the slices of a batch that are still wanted.

        Args:
            runner (Runner): Names the work folder and the iteration.
            batch_idx (int): Not used.
            data_batch (Mapping): ``inputs``, a sequence of (1, H, W) images in HU.
            outputs (Sequence): Predicted samples with ``denoised`` and ``ndct`` in HU.

        Raises:
            AttributeError: If a sample carries no denoised image.
        """
        folder = Path(runner.work_dir) / "vis_data" / "slices" / f"iter_{runner.iter}"
        wanted = self.num_slices - self._drawn
        for image, sample in list(zip(data_batch["inputs"], outputs, strict=True))[:wanted]:
            self._save(folder, image, sample)
            self._drawn += 1

    def _save(self, folder: Path, image: Any, sample: Any) -> None:
        """Write one picture, whole or not at all."""
        picture = panels_png(_panels(image, sample), self._window_of(sample), self.width)
        write_whole(folder / f"{_file_stem(sample, self._drawn)}.png", picture)

    def _window_of(self, sample: Any) -> Sequence[float]:
        """HU limits to draw a sample in."""
        window = self.window or sample.metainfo.get("image_window")
        if window is None:
            raise ValueError(
                "DenoisedSliceHook: the sample names no image_window; set window=(low, high) in HU"
            )
        return window


def _panels(image: Any, sample: Any) -> list[SlicePanel]:
    """The three images of a sample."""
    if "denoised" not in sample:
        raise AttributeError(
            "DenoisedSliceHook: the predicted sample has no 'denoised' image; use the hook with a "
            "model whose predict() stores it, such as LIDDetector or DenoisingModel"
        )
    boxes = _lesion_boxes(sample)
    images = {"LDCT": image}
    images["denoised"] = sample.denoised.data
    if "ndct" in sample:
        images["NDCT"] = sample.ndct.data
    return [SlicePanel(title, _plane(data), boxes) for title, data in images.items()]


def _plane(image: Any) -> np.ndarray:
    """A (1, H, W) tensor as a float array (H, W)."""
    return image.detach().float().cpu().numpy()[0]


def _lesion_boxes(sample: Any) -> np.ndarray:
    """Annotated boxes of a sample, (n, 4)."""
    if "gt_instances" not in sample:
        return np.zeros((0, 4))
    boxes = sample.gt_instances.bboxes
    return getattr(boxes, "tensor", boxes).detach().cpu().numpy().reshape(-1, 4)


def _file_stem(sample: Any, index: int) -> str:
    """Pseudonym and slice of a sample as a file name."""
    patient = sample.metainfo.get("patient_id", f"sample_{index:03d}")
    number = sample.metainfo.get("slice_index", sample.metainfo.get("img_id", index))
    return re.sub(r"[^\w.-]", "_", f"{patient}_slice_{int(number):04d}")
