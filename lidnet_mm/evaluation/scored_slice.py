"""What the metrics read from one predicted sample: images in HU, window and boxes."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lidnet_mm.hu_window import HUWindow

REMEDIES = {
    "denoised": "score a model whose predict() stores it, such as LIDDetector or DenoisingModel",
    "ndct": "pack the samples with PackLIDInputs, which adds it, and keep it in predict()",
    "gt_instances": "keep the annotation loading in the test pipeline, as it brings the boxes",
    "pred_instances": "score a detector, or a LIDDetector that puts one behind the denoiser",
    "patient_id": "keep it in the meta_keys of PackLIDInputs",
    "slice_index": "keep it in the meta_keys of PackLIDInputs",
    "spacing": "keep it in the meta_keys of PackLIDInputs",
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
        self.metric = metric

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
                f"{self.metric}: denoised image {denoised.shape} and NDCT {reference.shape} "
                f"differ in shape ({self}); crop both to img_shape in predict()"
            )
        return denoised, reference

    def clipped_images(self, window: HUWindow | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Both images limited to a window.

        Args:
            window (HUWindow | None): Limits in HU. None takes the sample's, and clips nothing
                where it tells none. Defaults to None.

        Returns:
            tuple[np.ndarray, np.ndarray]: As :meth:`images`.
        """
        window, images = window or self.window_or_none(), self.images()
        return images if window is None else (window.clip(images[0]), window.clip(images[1]))

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

    def detections(self) -> tuple[np.ndarray, np.ndarray]:
        """Predicted boxes and their scores.

        A detector gives boxes in pixels of the slice as it was read; here they count in those of
        the packed image, as the annotated ones do.

        Returns:
            tuple[np.ndarray, np.ndarray]: float32 (m, 4), x1 y1 x2 y2, and float32 (m,).

        Raises:
            KeyError: If the sample carries no predictions.
        """
        found = self._require("pred_instances")
        boxes = _to_array(getattr(found["bboxes"], "tensor", found["bboxes"])).reshape(-1, 4)
        return (boxes * self.scale()).astype(np.float32), _to_array(found["scores"]).astype("f4")

    def scale(self) -> np.ndarray:
        """(4,), x y x y: pixels of the packed image in one of the slice as it was read."""
        width, height = self._sample.get("scale_factor", (1.0, 1.0))[:2]
        return np.array([width, height, width, height], dtype=np.float64)

    def identity(self) -> tuple[str, str, int]:
        """Patient, series (empty where there is one) and slice.

        Raises:
            KeyError: If the sample does not tell patient or slice.
        """
        patient, index = self._require("patient_id"), self._require("slice_index")
        return str(patient), str(self._sample.get("series") or ""), int(index)

    def spacing(self) -> tuple[float, float]:
        """(row, column) in mm of the packed image.

        Raises:
            KeyError: If the sample does not tell it.
        """
        row, column = self._require("spacing")
        return float(row), float(column)

    @property
    def image_id(self) -> int:
        """Number of the slice in the annotation file; -1 where the sample tells none."""
        return self._sample.get("img_id", -1)

    def _require(self, key: str) -> Any:
        """A field of the sample, or an error that names the remedy."""
        value = self._sample.get(key)
        if value is None:
            raise KeyError(
                f"{self.metric}: sample has no '{key}' ({self}); to score it, {REMEDIES[key]}"
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
                f"{self.metric}: '{key}' must be (1, H, W), got {image.shape} ({self})"
            )
        if not np.isfinite(image).all():
            raise ValueError(f"{self.metric}: '{key}' holds NaN or infinite HU ({self})")
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
