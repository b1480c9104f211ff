"""PSNR, SSIM and RMSE of whole slices on a stated HU window."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric
from skimage import metrics

from lidnet_mm.evaluation.scored_slice import ScoredSlice, single_window
from lidnet_mm.hu_window import HUWindow
from lidnet_mm.registry import METRICS

DATA_RANGE = 1.0
"""Range of the compared images: the window maps to [0, 1]."""

SAME_IMAGE = 1e-6
"""Largest difference, on [0, 1], of images that differ by float32 rounding of HU only."""

SSIM_SIGMA = 1.5
SSIM_SIDE = 11
"""Side in pixels of the Gaussian window of Wang et al. 2004, and so of the smallest image."""


@dataclass(frozen=True)
class SliceQuality:
    """Scores of one slice; ``psnr`` is infinite where both images are the same."""

    psnr: float
    ssim: float
    rmse: float
    window: HUWindow


def slice_quality(denoised: np.ndarray, reference: np.ndarray, window: HUWindow) -> SliceQuality:
    """PSNR, SSIM and RMSE of one slice.

    SSIM is that of Wang, Bovik, Sheikh and Simoncelli (2004): Gaussian window of sigma 1.5 and side
    11, K1 = 0.01, K2 = 0.03, population covariance, the mean taken where the window fits.

    Args:
        denoised (np.ndarray): x̂, (H, W) in HU, both sides at least 11 pixels.
        reference (np.ndarray): y, (H, W) in HU.
        window (HUWindow): Both are clipped to it and mapped to [0, 1].

    Returns:
        SliceQuality: PSNR in dB, SSIM, and RMSE on [0, 1].
    """
    x, y = (window.normalize(i.astype(np.float64)) for i in (denoised, reference))
    mse = float(metrics.mean_squared_error(y, x))
    same = np.abs(x - y).max() <= SAME_IMAGE
    ssim = metrics.structural_similarity(
        y,
        x,
        data_range=DATA_RANGE,
        gaussian_weights=True,
        sigma=SSIM_SIGMA,
        use_sample_covariance=False,
    )
    psnr = math.inf if same else 10 * math.log10(DATA_RANGE**2 / mse)
    return SliceQuality(psnr, float(ssim), math.sqrt(mse), window)


def sample_quality(scored: ScoredSlice, window: HUWindow | None = None) -> SliceQuality:
    """PSNR, SSIM and RMSE of a predicted sample.

    Args:
        scored (ScoredSlice): The sample.
        window (HUWindow | None): None takes the sample's. Defaults to None.

    Returns:
        SliceQuality: As :func:`slice_quality`.

    Raises:
        KeyError: If the sample lacks an image or its window.
        ValueError: If the images differ in shape, hold NaN, or are smaller than 11 pixels.
    """
    denoised, reference = scored.images()
    if min(reference.shape) < SSIM_SIDE:
        raise ValueError(
            f"{scored.metric}: SSIM needs at least {SSIM_SIDE} x {SSIM_SIDE} pixels, "
            f"got {reference.shape} ({scored}); leave such slices out of the dataset"
        )
    return slice_quality(denoised, reference, window or scored.window())


@METRICS.register_module()
class ImageQualityMetric(BaseMetric):
    """Mean PSNR, SSIM and RMSE over slices, with window and data range stated beside them.

    Results, under the prefix ``image``:

    - ``PSNR`` (dB): mean over the slices where it is finite. A slice that equals its reference has
      infinite PSNR; such slices are left out of the mean and counted in ``num_identical``. Where
      all are identical, as when NDCT itself is scored, ``PSNR`` is infinite.
    - ``SSIM`` and ``RMSE`` on [0, 1] (data range 1), ``RMSE_HU`` the same error in HU: means of the
      slices' values over all slices.
    - ``window_low``, ``window_high`` (HU), ``data_range``, ``num_images``, ``num_identical``.

    Args:
        window (Sequence[float] | None): Lower and upper limit in HU on which images are compared.
            None takes the ``image_window`` of the samples, which must be one for all.
            Defaults to None.
        collect_device (str): ``cpu`` or ``gpu``. Defaults to ``cpu``.
        prefix (str | None): Prefix of the result names. Defaults to ``image``.
        collect_dir (str | None): Folder for collecting across processes. Defaults to None.
    """

    default_prefix = "image"

    def __init__(
        self,
        window: Sequence[float] | None = None,
        collect_device: str = "cpu",
        prefix: str | None = None,
        collect_dir: str | None = None,
    ) -> None:
        super().__init__(collect_device, prefix, collect_dir)
        self.window = None if window is None else HUWindow.parse(window)

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Score one batch.

        Args:
            data_batch (Any): Not used.
            data_samples (Sequence[dict]): Predicted samples with ``denoised`` and ``ndct`` in HU.

        Raises:
            KeyError: If a sample lacks an image or, without ``window``, its window.
            ValueError: If images differ in shape, hold NaN, or are smaller than 11 pixels.
        """
        for sample in data_samples:
            self.results.append(
                sample_quality(ScoredSlice(sample, type(self).__name__), self.window)
            )

    def compute_metrics(self, results: list[SliceQuality]) -> dict[str, float]:
        """Average the slices' scores.

        Args:
            results (list[SliceQuality]): One entry a slice.

        Returns:
            dict[str, float]: See the class.

        Raises:
            ValueError: If no slice was scored, or windows differ between slices.
        """
        if not results:
            raise ValueError("ImageQualityMetric: no slice was scored; is the dataset empty?")
        window = single_window([result.window for result in results], type(self).__name__)
        finite = [result.psnr for result in results if math.isfinite(result.psnr)]
        rmse = float(np.mean([result.rmse for result in results]))
        return {
            "PSNR": float(np.mean(finite)) if finite else math.inf,
            "SSIM": float(np.mean([result.ssim for result in results])),
            "RMSE": rmse,
            "RMSE_HU": rmse * window.width,
            "window_low": window.low,
            "window_high": window.high,
            "data_range": DATA_RANGE,
            "num_images": len(results),
            "num_identical": len(results) - len(finite),
        }
