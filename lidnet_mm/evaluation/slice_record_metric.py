"""Writes ``records.json``: what was found on each slice of a test run."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric

from lidnet_mm.evaluation.glcm_texture import box_slices
from lidnet_mm.evaluation.image_quality_metric import DATA_RANGE, SAME_IMAGE, sample_quality
from lidnet_mm.evaluation.lesion_diameters import LesionDiameters
from lidnet_mm.evaluation.lesion_texture import FLATTENED, texture_error
from lidnet_mm.evaluation.record_metrics import RECORD_METRICS, metric_of_records
from lidnet_mm.evaluation.scored_slice import ScoredSlice
from lidnet_mm.evaluation.slice_record import LesionRecord, SliceRecord, write_records
from lidnet_mm.evaluation.texture_source import texture_source
from lidnet_mm.hu_window import HUWindow
from lidnet_mm.registry import METRICS


@METRICS.register_module()
class SliceRecordMetric(BaseMetric):
    """Leaves a :class:`SliceRecord` of every test slice in a file, and the metrics made of them.

    Everything that follows from detections and errors of single slices and lesions is computed
    from that file: AP, FROC, sensitivity by size, errors in lesions, intervals. Whole slices are
    measured as ``ImageQualityMetric`` does, texture as ``RadiomicsMetric`` does, with their
    settings given again here. It measures each slice anew (about 40 ms for 512 x 512 pixels).

    PSNR and RMSE of a lesion are those of the pixels whose centre lies in its box, on the window of
    the slice. Boxes count in pixels of the packed image.

    Results, under the prefix ``records``: ``num_slices``, ``num_lesions``, and the metrics of
    :data:`RECORD_METRICS`, NaN where one does not exist. AP is not rounded, as CocoMetric rounds
    it to three decimals.

    Args:
        out_file (str): Where to write; its folder is created. With several processes the first
            one writes the slices of all.
        window (Sequence[float] | None): HU limits of PSNR, SSIM and RMSE. None takes the samples'
            ``image_window``. Defaults to None.
        bin_width (float): Width of a grey level of the texture in HU. Defaults to 25.
        min_size (int): Fewest pixels on each side of a lesion with texture. Defaults to 4.
        texture_window (Sequence[float] | None): HU limits to which images are clipped before their
            texture is measured. None takes the samples' ``image_window``. Defaults to None.
        ann_file (str | None): Annotation file whose ``diameter_mm`` go into the records. None
            leaves them unknown. Defaults to None.
        collect_device (str): ``cpu`` or ``gpu``. Defaults to ``cpu``.
        prefix (str | None): Prefix of the result names. Defaults to ``records``.
        collect_dir (str | None): Folder for collecting across processes. Defaults to None.

    Raises:
        FileNotFoundError: If there is no such annotation file.
        ImportError: If PyRadiomics is installed but does not load.
    """

    default_prefix = "records"

    def __init__(
        self,
        out_file: str,
        window: Sequence[float] | None = None,
        bin_width: float = 25.0,
        min_size: int = 4,
        texture_window: Sequence[float] | None = None,
        ann_file: str | None = None,
        collect_device: str = "cpu",
        prefix: str | None = None,
        collect_dir: str | None = None,
    ) -> None:
        super().__init__(collect_device, prefix, collect_dir)
        self.out_file = Path(out_file)
        self.window = None if window is None else HUWindow.parse(window)
        self.texture_source = str(texture_source())
        self.bin_width = float(bin_width)
        self.min_size = min_size
        self.texture_window = None if texture_window is None else HUWindow.parse(texture_window)
        self.diameters = None if ann_file is None else LesionDiameters(ann_file)

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Record one batch.

        Args:
            data_batch (Any): Not used.
            data_samples (Sequence[dict]): Predicted samples with ``denoised``, ``ndct`` (HU),
                ``gt_instances``, ``pred_instances``, ``patient_id``, ``slice_index``, ``spacing``.

        Raises:
            KeyError: If a sample lacks one of these.
            ValueError: If images differ in shape, hold NaN, or are smaller than 11 pixels; or if
                the data have several classes, which a record does not tell apart.
        """
        classes = (self.dataset_meta or {}).get("classes", ("lesion",))
        if len(classes) != 1:
            raise ValueError(
                f"SliceRecordMetric: records are of one class, the data have {len(classes)} "
                f"({', '.join(classes)}); score one class at a time"
            )
        for sample in data_samples:
            scored = ScoredSlice(sample, type(self).__name__)
            self.results.append((scored.image_id, self._record(scored)))

    def compute_metrics(self, results: list[tuple[int, SliceRecord]]) -> dict[str, float]:
        """Write the records, in the order of image ids, and compute what they say.

        Args:
            results (list[tuple[int, SliceRecord]]): One entry a slice: its image id and record.

        Returns:
            dict[str, float]: See the class.

        Raises:
            ValueError: If no slice was tested.
        """
        if not results:
            raise ValueError("SliceRecordMetric: no slice was tested; is the dataset empty?")
        records = [record for _, record in sorted(results, key=lambda result: result[0])]
        write_records(self.out_file, records)
        return {
            "num_slices": len(records),
            "num_lesions": sum(len(record.lesions) for record in records),
            **{name: metric_of_records(name, records) for name in RECORD_METRICS},
        }

    def _record(self, scored: ScoredSlice) -> SliceRecord:
        """Record of one sample."""
        patient, series, index = scored.identity()
        quality = sample_quality(scored, self.window)
        boxes, scores = scored.detections()
        lesions = [self._lesion(scored, box) for box in scored.lesion_boxes()]
        return SliceRecord(
            patient=patient,
            series=series,
            slice_index=index,
            spacing=scored.spacing(),
            lesions=lesions,
            boxes=boxes,
            scores=scores,
            psnr=quality.psnr,
            ssim=quality.ssim,
            rmse=quality.rmse,
            texture=self.texture_source,
        )

    def _lesion(self, scored: ScoredSlice, box: np.ndarray) -> LesionRecord:
        """Record of one lesion."""
        clipped = scored.clipped_images(self.texture_window)
        texture = texture_error(*clipped, box, self.bin_width, self.min_size)
        row, column = scored.spacing()
        psnr, rmse = box_quality(*scored.images(), box, self.window or scored.window())
        known = self.diameters
        return LesionRecord(
            box=tuple(box.tolist()),
            size_mm=float(max((box[2] - box[0]) * column, (box[3] - box[1]) * row)),
            diameter_mm=None if known is None else known.of(scored.image_id, box / scored.scale()),
            psnr=psnr,
            rmse=rmse,
            **_texture_fields(texture.difference),
            flattened=texture.skipped == FLATTENED,
        )


def box_quality(
    denoised: np.ndarray, reference: np.ndarray, box: np.ndarray, window: HUWindow
) -> tuple[float | None, float | None]:
    """PSNR and RMSE of the pixels whose centre lies in a box.

    Args:
        denoised (np.ndarray): x̂, (H, W) in HU.
        reference (np.ndarray): y, (H, W) in HU.
        box (np.ndarray): (4,), x1 y1 x2 y2 in pixels.
        window (HUWindow): Both are clipped to it; its width is the data range.

    Returns:
        tuple[float | None, float | None]: PSNR in dB, infinite where both are the same, and RMSE
            in HU; None and None where the box holds no pixel centre.
    """
    region = box_slices(box, reference.shape)
    x, y = (window.normalize(image[region].astype(np.float64)) for image in (denoised, reference))
    if not x.size:
        return None, None
    mse = float(np.mean((x - y) ** 2))
    same = np.abs(x - y).max() <= SAME_IMAGE
    psnr = math.inf if same else 10 * math.log10(DATA_RANGE**2 / mse)
    return psnr, math.sqrt(mse) * window.width


def _texture_fields(difference: Any) -> dict[str, float | None]:
    """Texture errors by name, None where there are none."""
    if difference is None:
        return dict.fromkeys(("correlation", "homogeneity", "energy"))
    return {name: float(value) for name, value in difference._asdict().items()}
