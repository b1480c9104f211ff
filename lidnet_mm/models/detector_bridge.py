"""From a denoised slice to what a detector expects, differentiably."""

from collections.abc import Sequence

import torch
from mmengine.model import BaseDataPreprocessor
from torch import Tensor, nn

from lidnet_mm.hu_window import HUWindow

Window = tuple[float, float]


class DetectorBridge(nn.Module):
    """Detector windows, three channels, mean and standard deviation.

    The slice in [0, 1] is brought back to HU, seen through one window a channel, scaled to
    0..255 as detectors know it and normalised. The gradient passes wherever a value lies
    inside the window, so that the detector's feedback reaches the denoiser.

    Args:
        image_window (tuple[float, float]): HU window of the slices in [0, 1].
        windows (Sequence[tuple[float, float]], optional): One HU window for all three channels
            or three. Defaults to ``image_window``.
        mean (Sequence[float]): Mean of each channel on 0..255.
        std (Sequence[float]): Standard deviation of each channel on 0..255.

    Raises:
        ValueError: If the number of windows is neither 1 nor 3, or one is empty.
    """

    def __init__(
        self,
        image_window: Window,
        windows: Sequence[Window] | None = None,
        mean: Sequence[float] = (127.5, 127.5, 127.5),
        std: Sequence[float] = (127.5, 127.5, 127.5),
    ) -> None:
        super().__init__()
        windows = [tuple(w) for w in (windows or [image_window])]
        if len(windows) not in (1, 3):
            raise ValueError(f"a detector takes 1 or 3 HU windows, got {len(windows)}: {windows}")
        self.windows = windows
        self.image_window = HUWindow.parse(image_window)
        channels = [HUWindow.parse(w) for w in (windows * 3)[:3]]
        self._constant("low", [w.low for w in channels])
        self._constant("width", [w.width for w in channels])
        self._constant("mean", mean)
        self._constant("std", std)

    def _constant(self, name: str, values: Sequence[float]) -> None:
        """Keep a value per channel with the module, but out of checkpoints."""
        values = torch.as_tensor(values, dtype=torch.float32).reshape(1, -1, 1, 1)
        self.register_buffer(name, values, persistent=False)

    @classmethod
    def for_detector(
        cls,
        preprocessor: BaseDataPreprocessor,
        image_window: Window,
        windows: Sequence[Window] | None = None,
    ) -> "DetectorBridge":
        """Bridge to a detector, with the normalisation its own preprocessor was built for.

        Args:
            preprocessor (BaseDataPreprocessor): The detector's: mmdet's ``DetDataPreprocessor``
                or our ``CTDetDataPreprocessor``, whose windows are then the default.
            image_window (tuple[float, float]): HU window of the denoised slices.
            windows (Sequence[tuple[float, float]], optional): HU windows of the detector; three
                as red, green and blue, which are turned round for a detector that takes blue
                first, as mmdet's ``bgr_to_rgb=False`` says.

        Returns:
            DetectorBridge: The bridge.
        """
        own = getattr(preprocessor, "bridge", None)
        source = own if own is not None else preprocessor
        if own is not None and windows is None:
            windows = own.windows
        elif own is None and windows is not None and not preprocessor._channel_conversion:
            windows = list(windows)[::-1]
        if not hasattr(source, "mean"):  # DetDataPreprocessor without normalisation: 0..255
            return cls(image_window, windows, mean=(0.0,) * 3, std=(1.0,) * 3)
        mean, std = (getattr(source, n).flatten().expand(3).tolist() for n in ("mean", "std"))
        return cls(image_window, windows, mean=mean, std=std)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, H, W) in [0, 1] to the detector's (N, 3, H, W); values outside are clamped.

        A slice in half precision is brought to float32 first: 8 bits of a detector's window are
        fewer than the grey values that it tells apart.
        """
        x = x.to(torch.promote_types(x.dtype, torch.float32))
        hu = self.image_window.denormalize(x.clamp(0, 1))
        gray = ((hu - self.low) / self.width).clamp(0, 1) * 255.0
        return (gray - self.mean) / self.std


def pad_divisor_of(preprocessor: BaseDataPreprocessor) -> int:
    """What a detector's own preprocessor pads height and width to a multiple of, in pixels."""
    if hasattr(preprocessor, "pad_divisor"):
        return preprocessor.pad_divisor
    return getattr(preprocessor, "pad_size_divisor", 1)
