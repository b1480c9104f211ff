"""Keeps example slices of a test run for the report, with the slices around them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner

from lidnet_mm.evaluation.recorded_slice import (
    NAME,
    RecordedSlice,
    case_path,
    write_recorded,
)
from lidnet_mm.registry import HOOKS


@HOOKS.register_module()
class CaseRecorderHook(Hook):
    """Saves images and detections of a few slices as ``WORK_DIR/cases/<n>.npz``.

    The slices are spread evenly over those with a lesion, so that every method tested on the
    same data keeps the same ones. Neighbours that the test has too go beside them, as
    ``<n>+1.npz`` and ``<n>-1.npz``.

    Args:
        num_cases (int): How many slices to keep. Defaults to 6.
        depth (int): How many slices of each, counting itself; odd, so that as many are above as
            below. Defaults to 1.

    Raises:
        ValueError: If ``num_cases`` is not positive, or ``depth`` not positive and odd.
    """

    def __init__(self, num_cases: int = 6, depth: int = 1) -> None:
        if num_cases < 1:
            raise ValueError(f"num_cases must be at least 1, got {num_cases}")
        if depth < 1 or depth % 2 == 0:
            raise ValueError(f"depth must be odd and at least 1, got {depth}")
        self.num_cases = num_cases
        self.depth = depth
        self._wanted: dict[int, list[tuple[int, int]]] = {}

    def before_test(self, runner: Runner) -> None:
        """Choose the slices, and forget those of an earlier test."""
        dataset = runner.test_dataloader.dataset
        infos = [dataset.get_data_info(index) for index in range(len(dataset))]
        lesions = [info for info in infos if info["instances"]]
        count = min(self.num_cases, len(lesions))
        # The middle of each of as many equal parts: all different, also where there are few.
        chosen = [lesions[(2 * n + 1) * len(lesions) // (2 * count)] for n in range(count)]
        self._wanted = _with_neighbours(chosen, infos, self.depth // 2)
        for path in _folder(runner).glob("*.npz"):
            if NAME.fullmatch(path.name):  # a folder of this name may be somebody else's
                path.unlink()

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
            for number, offset in self._wanted.get(sample.img_id, ()):
                write_recorded(_recorded(image, sample), case_path(_folder(runner), number, offset))


def _folder(runner: Runner) -> Path:
    """Where cases go."""
    return Path(runner.work_dir) / "cases"


def _with_neighbours(
    chosen: Sequence[Mapping], infos: Sequence[Mapping], reach: int
) -> dict[int, list[tuple[int, int]]]:
    """Numbers of the cases, and offsets in them, that each slice belongs to."""
    places: dict[Any, int] = {}
    if reach:  # a data set without positions has no neighbours
        places = {_place(info, info["slice_index"]): info["img_id"] for info in infos}
    wanted: dict[int, list[tuple[int, int]]] = {}
    for number, info in enumerate(chosen):
        wanted.setdefault(info["img_id"], []).append((number, 0))
        for offset in [o for o in range(-reach, reach + 1) if o]:
            neighbour = places.get(_place(info, info["slice_index"] + offset))
            if neighbour is not None:
                wanted.setdefault(neighbour, []).append((number, offset))
    return wanted


def _place(info: Mapping, index: int) -> tuple[str, str, int]:
    """What tells a slice from all others."""
    return info["patient_id"], info.get("series") or "", index


def _recorded(image: Any, sample: Any) -> RecordedSlice:
    """A predicted sample as arrays."""
    series = f", series {sample.series}" if sample.get("series") else ""
    found = sample.pred_instances
    return RecordedSlice(
        name=f"{sample.patient_id}{series}, slice {sample.slice_index}",
        input=image[0].cpu().numpy(),
        image=sample.denoised.data[0].cpu().numpy(),
        ground_truth=sample.gt_instances.bboxes.cpu().numpy(),
        boxes=found.bboxes.cpu().numpy(),
        scores=found.scores.cpu().numpy(),
    )
