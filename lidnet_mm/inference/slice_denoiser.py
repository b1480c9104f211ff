"""A trained denoiser, and a detector behind it, on slices in HU."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import torch
from mmengine.structures import BaseDataElement
from torch import Tensor, nn

from lidnet_mm.hu_window import HUWindow
from lidnet_mm.models.denoisers.tiling import denoise_in_tiles
from lidnet_mm.models.denoising_model import DenoisingModel

PRECISIONS = {"fp32": None, "fp16": torch.float16, "bf16": torch.bfloat16}


@dataclass(frozen=True)
class SliceBoxes:
    """What a detector found on one slice.

    Attributes:
        boxes: (K, 4) left, top, right and bottom edge in pixels of the slice.
        scores: (K,) between 0 and 1.
        labels: (K,) index of the class.
    """

    boxes: np.ndarray = field(default_factory=lambda: np.zeros((0, 4)))
    scores: np.ndarray = field(default_factory=lambda: np.zeros(0))
    labels: np.ndarray = field(default_factory=lambda: np.zeros(0, int))


class SliceDenoiser:
    """Denoises batches of slices of one size, in HU.

    The networks see a HU window; what lies outside of it is kept: the output is
    x + strength · (G(w(x)) - w(x)), w the window. For a generator that changes nothing it is x,
    bit by bit. A detector sees the output through the same window.

    Args:
        model: The denoiser, with its weights.
        detector: An mmdet detector, with its weights; None finds no lesions.
        strength: Part of the change that is made, 0 to 1.
        device: Where it is computed.
        precision: ``'fp32'``, or ``'fp16'`` and ``'bf16'``, which cost about 0.3 and 2 HU (rms).
            ``'fp32'`` is so on a GPU, too, where PyTorch alone would multiply in tf32.
        score_threshold: Boxes below are dropped, 0 to 1.

    Raises:
        ValueError: If strength or precision are none.
    """

    def __init__(
        self,
        model: DenoisingModel,
        detector: nn.Module | None = None,
        strength: float = 1.0,
        device: str | torch.device = "cpu",
        precision: str = "fp32",
        score_threshold: float = 0.05,
    ) -> None:
        if not 0 <= strength <= 1:
            raise ValueError(f"strength is {strength}; give a number from 0 to 1")
        if precision not in PRECISIONS:
            raise ValueError(f"precision is {precision!r}; give one of {', '.join(PRECISIONS)}")
        self.device = torch.device(device)
        self.model = model.to(self.device).eval()
        self.detector = self.bridge = None
        if detector is not None:
            self._take_detector(detector)
        self.strength, self.score_threshold = strength, score_threshold
        self._dtype = PRECISIONS[precision]

    @property
    def window(self) -> HUWindow:
        """The HU window that the networks see."""
        return self.model.data_preprocessor.window

    @torch.inference_mode()
    def __call__(
        self, slices: Sequence[np.ndarray]
    ) -> tuple[list[np.ndarray], list[SliceBoxes] | None]:
        """Denoise a batch.

        Args:
            slices: N arrays (H, W) in HU, all of one size.

        Returns:
            For each slice what is added to it, (H, W) float32 in HU, and what was found on the
            denoised slice; None without a detector.

        Raises:
            ValueError: If a value is NaN or infinite.
        """
        hu = [torch.from_numpy(np.ascontiguousarray(each))[None] for each in slices]
        x = self.model.data_preprocessor({"inputs": hu})["inputs"].to(self.device)
        with _no_tf32():
            g = self._generate(x)
        change = self.strength * (g.float().clamp(0, 1) - x)
        height, width = slices[0].shape
        in_hu = (change[:, 0, :height, :width] * self.window.width).cpu().numpy()
        found = None
        if self.detector is not None:
            with _no_tf32():
                found = self._detect((x + change).clamp(0, 1), (height, width))
        return list(in_hu), found

    def _generate(self, x: Tensor) -> Tensor:
        """G(x); in half precision only where that was asked for."""
        if self._dtype is None:
            return self.model.denoise(x)
        with torch.autocast(self.device.type, self._dtype):
            if self.model.tiles is None:
                return self.model.generator(x)
            return denoise_in_tiles(self.model.generator, x, *self.model.tiles)

    def _take_detector(self, detector: nn.Module) -> None:
        """Keep a detector and the bridge to what it expects."""
        from lidnet_mm.models.detector_bridge import DetectorBridge, pad_divisor_of

        preprocessor = self.model.data_preprocessor
        self.detector = detector.to(self.device).eval()
        self.bridge = DetectorBridge.for_detector(
            detector.data_preprocessor, preprocessor.image_window
        ).to(self.device)
        divisor = pad_divisor_of(detector.data_preprocessor)
        preprocessor.pad_divisor = int(np.lcm(preprocessor.pad_divisor, divisor))
        preprocessor.min_size = max(
            preprocessor.min_size, getattr(detector.data_preprocessor, "min_size", 0)
        )

    def _detect(self, images: Tensor, shape: tuple[int, int]) -> list[SliceBoxes]:
        """What the detector finds on (N, 1, H, W) in [0, 1]."""
        samples = [_sample(shape, tuple(images.shape[-2:])) for _ in images]
        return [
            self._kept(sample.pred_instances)
            for sample in self.detector.predict(self.bridge(images), samples, rescale=False)
        ]

    def _kept(self, found: BaseDataElement) -> SliceBoxes:
        """The boxes above the threshold."""
        kept = found[found.scores >= self.score_threshold]
        boxes = kept.bboxes.tensor if hasattr(kept.bboxes, "tensor") else kept.bboxes
        arrays = (value.cpu().numpy() for value in (boxes.float(), kept.scores, kept.labels))
        return SliceBoxes(*arrays)


@contextmanager
def _no_tf32() -> Iterator[None]:
    """Multiply float32 as it is: by default a GPU's convolutions round the factors to 10 bits."""
    backends = (torch.backends.cudnn, torch.backends.cuda.matmul)
    before = [backend.allow_tf32 for backend in backends]
    for backend in backends:
        backend.allow_tf32 = False
    try:
        yield
    finally:
        for backend, allowed in zip(backends, before, strict=True):
            backend.allow_tf32 = allowed


def _sample(shape: tuple[int, int], padded: tuple[int, int]) -> BaseDataElement:
    """What mmdet's heads ask about a slice."""
    from mmdet.structures import DetDataSample

    return DetDataSample(
        metainfo={
            "img_shape": shape,
            "ori_shape": shape,
            "pad_shape": padded,
            "batch_input_shape": padded,
            "scale_factor": (1.0, 1.0),
            "border": (0, shape[0], 0, shape[1]),
        }
    )
