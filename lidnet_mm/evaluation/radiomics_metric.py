"""Radiomics error on annotated lesions (section 4.1)."""

import logging
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from lidnet_mm.evaluation.glcm_texture import GLCMTexture
from lidnet_mm.evaluation.lesion_texture import FLAT, FLATTENED, TOO_SMALL, texture_error
from lidnet_mm.evaluation.scored_slice import ScoredSlice
from lidnet_mm.evaluation.texture_source import texture_source
from lidnet_mm.hu_window import HUWindow
from lidnet_mm.registry import METRICS


@dataclass(frozen=True)
class SliceRadiomics:
    """Lesion texture of one slice.

    Attributes:
        differences (list[GLCMTexture]): Absolute differences of x̂ and y, one a measured lesion.
        too_small (int): Lesions skipped for their size.
        flat (int): Lesions skipped because the reference has a single grey level.
        flattened (int): Lesions skipped because the denoised image alone has a single grey level.
    """

    differences: list[GLCMTexture]
    too_small: int
    flat: int
    flattened: int

    @property
    def skipped(self) -> int:
        """All lesions that were not measured."""
        return self.too_small + self.flat + self.flattened


@METRICS.register_module()
class RadiomicsMetric(BaseMetric):
    """Mean absolute difference of GLCM texture between x̂ and y in the annotated lesion boxes.

    Features are PyRadiomics' Correlation, ``Id`` (homogeneity) and ``JointEnergy`` (energy) of the
    HU values in each box, compared lesion by lesion and averaged over lesions. Where PyRadiomics is
    not installed the same are taken from scikit-image's co-occurrence matrix. A box is the pixels
    whose centre lies in it, cut at the image's border. A lesion is skipped and counted, never
    guessed, where a side has less than ``min_size`` pixels or where all its pixels fall into one
    grey level in the reference or in the denoised image: texture is undefined there.

    Results, under the prefix ``radiomics``: ``correlation``, ``homogeneity``, ``energy`` (NaN when
    no lesion could be measured), ``num_rois`` (measured), ``num_skipped`` and, as a part of it,
    ``num_flattened``: lesions with texture in NDCT that the denoiser wiped out. These are missing
    from the mean, so a method with many of them looks better than it is; a warning says so. And as
    a text ``source``, the package that measured, such as ``PyRadiomics 3.0.1``.

    Args:
        bin_width (float): Width of a grey level in HU. Defaults to 25, PyRadiomics' own.
        min_size (int): Fewest pixels on each side of a lesion box, at least 2. Defaults to 4.
        window (Sequence[float] | None): HU limits to which both images are clipped first, as a
            denoiser sees nothing beyond its window. None takes the samples' ``image_window``, and
            clips nothing where they tell none. Defaults to None.
        collect_device (str): ``cpu`` or ``gpu``. Defaults to ``cpu``.
        prefix (str | None): Prefix of the result names. Defaults to ``radiomics``.
        collect_dir (str | None): Folder for collecting across processes. Defaults to None.

    Raises:
        ImportError: If PyRadiomics is installed but does not load.
        ValueError: If ``bin_width`` is not positive or ``min_size`` less than 2.
    """

    default_prefix = "radiomics"

    def __init__(
        self,
        bin_width: float = 25.0,
        min_size: int = 4,
        window: Sequence[float] | None = None,
        collect_device: str = "cpu",
        prefix: str | None = None,
        collect_dir: str | None = None,
    ) -> None:
        super().__init__(collect_device, prefix, collect_dir)
        if bin_width <= 0:
            raise ValueError(f"bin_width must be a positive number of HU, got {bin_width}")
        if min_size < 2:
            raise ValueError(f"min_size must be at least 2 pixels (a GLCM has pairs): {min_size}")
        self.source = str(texture_source())  # now, not in the middle of a test
        self.bin_width = float(bin_width)
        self.min_size = min_size
        self.window = None if window is None else HUWindow.parse(window)

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Measure the lesions of one batch.

        Args:
            data_batch (Any): Not used.
            data_samples (Sequence[dict]): Predicted samples with ``denoised``, ``ndct`` (HU) and
                ``gt_instances``, boxes in pixels of the packed image.

        Raises:
            KeyError: If a sample lacks an image or its annotations.
            ValueError: If the images differ in shape or hold NaN.
        """
        for sample in data_samples:
            scored = ScoredSlice(sample, type(self).__name__)
            images = scored.clipped_images(self.window)
            self.results.append(self._measure(*images, scored.lesion_boxes()))

    def compute_metrics(self, results: list[SliceRadiomics]) -> dict[str, float | str]:
        """Average over lesions.

        Args:
            results (list[SliceRadiomics]): One entry a slice.

        Returns:
            dict[str, float | str]: See the class.
        """
        differences = [texture for result in results for texture in result.differences]
        means = np.mean(differences, axis=0) if differences else [math.nan] * 3
        counts = {
            "num_rois": len(differences),
            "num_skipped": sum(result.skipped for result in results),
            "num_flattened": sum(result.flattened for result in results),
        }
        self._warn(counts)
        found = dict(zip(GLCMTexture._fields, map(float, means), strict=True))
        return {**found, **counts, "source": self.source}

    def _measure(
        self, denoised: np.ndarray, reference: np.ndarray, boxes: np.ndarray
    ) -> SliceRadiomics:
        """Texture differences in all boxes of one slice."""
        found = [
            texture_error(denoised, reference, box, self.bin_width, self.min_size) for box in boxes
        ]
        skipped = Counter(error.skipped for error in found)
        return SliceRadiomics(
            [error.difference for error in found if error.difference is not None],
            *(skipped[reason] for reason in (TOO_SMALL, FLAT, FLATTENED)),
        )

    def _warn(self, counts: dict[str, int]) -> None:
        """Say where the means rest on nothing, or leave out what a denoiser destroyed."""
        if counts["num_rois"] == 0:
            print_log(
                f"RadiomicsMetric: no lesion could be measured ({counts['num_skipped']} skipped)",
                logger="current",
                level=logging.WARNING,
            )
        if counts["num_flattened"]:
            print_log(
                f"RadiomicsMetric: the denoiser left a single grey level in "
                f"{counts['num_flattened']} lesions; they are missing from the mean differences",
                logger="current",
                level=logging.WARNING,
            )
