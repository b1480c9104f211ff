"""What the metrics read from one predicted sample: images in HU, window and boxes."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lidnet_mm.hu_window import HUWindow

REMEDIES = {
    "denoised": "score a model whose predict() stores it, such as LIDDetector or DenoisingModel",
    "ndct": "pack the samples with PackLIDInputs, which adds it, and keep it in predict()",
    "gt_instances": "keep the annotation loading in the test pipeline, as it brings the boxes",
    "image_window": "give the metric window=(low, high) in HU, or use LIDDataPreprocessor",
}

KEYS = {"patient_id": "patient", "series": "series", "slice_index": "slice"}
"""What errors call a slice, where the sample says it."""


class ScoredSlice:
    """Reads one predicted sample, as MMEngine's evaluator hands it to a metric.

    Args:
        sample (Mapping): ``DetDataSample.to_dict()`` with the fields ``denoised`` and ``ndct``
            (PixelData or its dict, data of shape (1, H, W) in HU), ``gt_instances`` and the
            metainfo ``img_id``, ``patient_id``, ``slice_index``, ``img_shape``, ``image_window``.
        metric (str): Name of the asking metric, for error messages.
    """

    def __init__(self, sample: Mapping[str, Any], metric: str) -> None:
        self._sample = sample
        self._metric = metric

    def __str__(self) -> str:
        known = [
            f"{title} {self._sample[key]}"
            for key, title in KEYS.items()
            if self._sample.get(key) not in (None, "")
        ]
        return ", ".join([*known, f"image {self._sample.get('img_id', 'without img_id')}"])

    def images(self) -> tuple[np.ndarray, np.ndarray]:
        """Denoised image and reference, without padding.

        Returns:
            tuple[np.ndarray, np.ndarray]: x̂ and y, float64 (H, W) in HU.

        Raises:
            KeyError: If the sample lacks one of them.
            ValueError: If their shapes differ or a value is not finite.
        """
        denoised, reference = self._image("denoised"), self._image("ndct")
        if denoised.shape != reference.shape:
            raise ValueError(
                f"{self._metric}: denoised image {denoised.shape} and NDCT {reference.shape} "
                f"differ in shape ({self}); crop both to img_shape in predict()"
            )
        return denoised, reference

    def window(self) -> HUWindow:
        """The HU window in which the model saw the image.

        Raises:
            KeyError: If the sample does not tell it.
        """
        return HUWindow.parse(self._require("image_window"))

    def window_or_none(self) -> HUWindow | None:
        """The HU window of the sample, None where it tells none."""
        return None if self._sample.get("image_window") is None else self.window()

    def lesion_boxes(self) -> np.ndarray:
        """Annotated lesion boxes.

        Returns:
            np.ndarray: float64 (n, 4), x1 y1 x2 y2 in pixels of the packed image; n may be 0.

        Raises:
            KeyError: If the sample carries no annotations.
        """
        boxes = self._require("gt_instances")["bboxes"]
        return _to_array(getattr(boxes, "tensor", boxes)).reshape(-1, 4)

    def _require(self, key: str) -> Any:
        """A field of the sample, or an error that names the remedy."""
        value = self._sample.get(key)
        if value is None:
            raise KeyError(
                f"{self._metric}: sample has no '{key}' ({self}); to score it, {REMEDIES[key]}"
            )
        return value

    def _image(self, key: str) -> np.ndarray:
        """One image of the sample as (H, W), cropped to ``img_shape``."""
        field = self._require(key)
        image = _to_array(field["data"] if isinstance(field, Mapping) else field.data)
        if image.ndim == 3 and image.shape[0] == 1:
            image = image[0]
        if image.ndim != 2:
            raise ValueError(
                f"{self._metric}: '{key}' must be (1, H, W), got {image.shape} ({self})"
            )
        if not np.isfinite(image).all():
            raise ValueError(f"{self._metric}: '{key}' holds NaN or infinite HU ({self})")
        height, width = self._sample.get("img_shape", image.shape)[:2]
        return image[:height, :width]


def _to_array(values: Any) -> np.ndarray:
    """A tensor, array or sequence as float64 on the CPU."""
    if hasattr(values, "detach"):
        values = values.detach().cpu().numpy()
    return np.asarray(values, dtype=np.float64)


def single_window(windows: Sequence[HUWindow], metric: str) -> HUWindow:
    """The one window all images were scored on.

    Raises:
        ValueError: If they differ: their mean would compare different scales.
    """
    distinct = sorted(set(windows))
    if len(distinct) != 1:
        listed = ", ".join(f"({low:g}, {high:g})" for low, high in distinct)
        raise ValueError(f"{metric}: images come in several HU windows ({listed}); set window=")
    return distinct[0]
