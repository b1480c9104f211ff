"""Batches of HU slices to the tensors that denoisers and detectors take."""

from collections.abc import Sequence

import torch
from mmengine.model import BaseDataPreprocessor
from mmengine.structures import BaseDataElement
from torch import Tensor
from torch.nn import functional

from lidnet_mm.hu_window import HUWindow
from lidnet_mm.models.detector_bridge import DetectorBridge, Window
from lidnet_mm.registry import MODELS


@MODELS.register_module()
class LIDDataPreprocessor(BaseDataPreprocessor):
    """HU window to [0, 1]; slices of different size padded with the window's low end.

    Args:
        window (tuple[float, float]): HU window. Defaults to (-1000, 1000).
        pad_divisor (int): Height and width are padded (bottom, right) to a multiple of it,
            which feature pyramids need. Defaults to 32.
        min_size (int): Height and width are padded to at least so many pixels, which detectors
            with a fixed number of strided layers need (SSD300: 300). Defaults to 0.
        non_blocking (bool): Copy to the device without waiting. Defaults to False.
    """

    def __init__(
        self,
        window: Window = (-1000.0, 1000.0),
        pad_divisor: int = 32,
        min_size: int = 0,
        non_blocking: bool = False,
    ) -> None:
        super().__init__(non_blocking)
        self.window = HUWindow.parse(window)
        self.pad_divisor = pad_divisor
        self.min_size = min_size

    @property
    def image_window(self) -> Window:
        """The HU window as (low, high)."""
        return tuple(self.window)

    def forward(self, data: dict, training: bool = False) -> dict:
        """Prepare a batch.

        Args:
            data (dict): ``inputs`` and ``ndct``, lists of N tensors (1, H_i, W_i) in HU, and
                ``data_samples``, a list of N ``DetDataSample``.
            training (bool): Whether for training; nothing is augmented here.

        Returns:
            dict: ``inputs`` and ``ndct``, (N, 1, H, W) in [0, 1], and ``data_samples`` with
            ``batch_input_shape``, ``pad_shape``, ``image_window`` and ``border`` (where the slice
            lies, (top, bottom, left, right), which CenterNet asks for) in their metainfo.

        Raises:
            ValueError: If a slice holds NaN or infinite values.
        """
        data = self.cast_data(data)
        samples = data.get("data_samples")
        shape = self._padded_shape(data["inputs"])
        batch = {"data_samples": samples}
        for key in ("inputs", "ndct"):
            if key in data:
                batch[key] = self._stack(data[key], shape, samples)
        for sample in samples or []:
            _boxes_to_tensor(sample)
            height, width = sample.img_shape[:2]
            sample.set_metainfo(
                {
                    "batch_input_shape": shape,
                    "pad_shape": shape,
                    "border": (0, height, 0, width),
                    "image_window": self.image_window,
                }
            )
        return batch

    def _padded_shape(self, slices: Sequence[Tensor]) -> tuple[int, int]:
        """Smallest common (H, W) that the divisor divides."""
        largest = [max(self.min_size, *(s.shape[axis] for s in slices)) for axis in (-2, -1)]
        return tuple(-(-side // self.pad_divisor) * self.pad_divisor for side in largest)

    def _stack(
        self, slices: Sequence[Tensor], shape: tuple[int, int], samples: list | None
    ) -> Tensor:
        """Window, pad and stack N slices (1, H_i, W_i) to (N, 1, H, W)."""
        padded = []
        for index, hu in enumerate(slices):
            if not torch.isfinite(hu).all():
                raise ValueError(f"{_origin(samples, index)}: NaN or infinite HU; check the volume")
            margin = (0, shape[1] - hu.shape[-1], 0, shape[0] - hu.shape[-2])
            padded.append(functional.pad(self.window.normalize(hu.float()), margin))
        return torch.stack(padded)


def _origin(samples: list | None, index: int) -> str:
    """File, slice and patient of one slice of the batch, for messages."""
    if not samples:
        return f"slice {index} of the batch"
    sample = samples[index]
    names = ("img_path", "slice_index", "patient_id")
    path, position, patient = (sample.get(name, "unknown") for name in names)
    return f"{path}, slice {position}, patient {patient}"


def _boxes_to_tensor(sample: BaseDataElement) -> None:
    """Replace mmdet's box objects, which transforms need, by the tensors that losses need."""
    for name in ("gt_instances", "ignored_instances"):
        instances = sample.get(name)
        if instances is not None and hasattr(instances.get("bboxes"), "tensor"):
            instances.bboxes = instances.bboxes.tensor


@MODELS.register_module()
class CTDetDataPreprocessor(LIDDataPreprocessor):
    """For a plain MMDetection detector that is to read CT slices in HU, such as the judge.

    The same window and bridge that :class:`LIDDetector` puts between denoiser and detector, so
    that a detector trained with it sees denoised slices exactly as it saw the reference ones.

    Args:
        window (tuple[float, float]): HU window of the image. Defaults to (-1000, 1000).
        detector_windows (Sequence[tuple[float, float]], optional): One or three HU windows for
            the channels. Defaults to ``window``.
        mean (Sequence[float]): Mean of each channel on 0..255. Defaults to 127.5.
        std (Sequence[float]): Standard deviation of each channel on 0..255. Defaults to 127.5.
        pad_divisor (int): As in :class:`LIDDataPreprocessor`.
        min_size (int): As in :class:`LIDDataPreprocessor`.
    """

    def __init__(
        self,
        window: Window = (-1000.0, 1000.0),
        detector_windows: Sequence[Window] | None = None,
        mean: Sequence[float] = (127.5, 127.5, 127.5),
        std: Sequence[float] = (127.5, 127.5, 127.5),
        pad_divisor: int = 32,
        min_size: int = 0,
        non_blocking: bool = False,
    ) -> None:
        super().__init__(window, pad_divisor, min_size, non_blocking)
        self.bridge = DetectorBridge(self.image_window, detector_windows, mean, std)

    def forward(self, data: dict, training: bool = False) -> dict:
        """Prepare a batch: ``inputs`` (N, 3, H, W) as the detector takes them, ``data_samples``."""
        batch = super().forward({k: v for k, v in data.items() if k != "ndct"}, training)
        return {"inputs": self.bridge(batch["inputs"]), "data_samples": batch["data_samples"]}
