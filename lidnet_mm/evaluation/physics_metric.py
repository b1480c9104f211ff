"""Noise texture and sharpness of denoised slices: what a physicist asks of a reconstruction."""

import functools
import logging
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from lidnet_mm.evaluation.edge_points import EDGE_KINDS, find_edges
from lidnet_mm.evaluation.noise_power_spectrum import (
    PATCH_MM,
    NoiseSpectrum,
    soft_tissue_patches,
)
from lidnet_mm.evaluation.physics_file import write_physics
from lidnet_mm.evaluation.scored_slice import ScoredSlice
from lidnet_mm.evaluation.task_transfer_function import (
    FREQUENCY,
    EdgeSpread,
    frequency_at_half,
)
from lidnet_mm.hu_window import HUWindow
from lidnet_mm.registry import METRICS

NOISY = ("denoised", "ldct")
IMAGES = ("denoised", "ldct", "ndct")
PREFIX_OF_KIND = {"soft": "ttf", "air": "ttf_air"}

NO_NOISE_HU = 1e-3
"""Noise below is the rounding of float32."""


@dataclass(frozen=True)
class SlicePhysics:
    """What one slice adds.

    Attributes:
        noise (dict[str, NoiseSpectrum]): Of ``denoised`` and ``ldct``.
        edges (dict[str, EdgeSpread]): For each kind of edge, of ``denoised``, ``ldct``, ``ndct``.
    """

    noise: dict[str, NoiseSpectrum]
    edges: dict[str, EdgeSpread]

    def __add__(self, other: "SlicePhysics") -> "SlicePhysics":
        return SlicePhysics(
            {name: self.noise[name] + other.noise[name] for name in self.noise},
            {kind: self.edges[kind] + other.edges[kind] for kind in self.edges},
        )


@METRICS.register_module()
class PhysicsMetric(BaseMetric):
    """Noise power spectrum and task transfer function of x̂, with those of LDCT beside them.

    Noise is the difference to y, in squares of soft tissue of y without their trend; what y itself
    has of noise counts as reference. Sharpness is measured on edges that are found on y: across
    them x̂, LDCT and y are averaged over all slices by their distance from the edge. Both are means
    over all slices, weighted by what each shows of patches and edges.

    Results, under the prefix ``physics``; NaN where a test set shows too little:

    - ``nps_std_hu``, ``nps_mean_frequency`` (cycles/mm): noise of x̂, and mean frequency of its
      spectrum; lower frequency is coarser grain.
    - ``nps_ratio``, ``nps_mean_frequency_ratio``: the same over those of LDCT. 0 is no noise, and a
      mean frequency of 1 is grain like that of LDCT.
    - ``ttf_f50`` (cycles/mm): where the task transfer function of x̂ falls to one half, on edges of
      soft tissue; ``ttf_f50_ratio`` over that of y (1 is as sharp, less is blurred),
      ``ttf_f50_ratio_ldct`` the same of LDCT, ``ttf_contrast_hu`` the mean step of the edges.
    - ``ttf_air_f50`` and so on: on edges of lung or air against the body.
    - ``nps_patches``, ``ttf_points``, ``ttf_air_points``: on what the values rest;
      ``nps_skipped``, ``ttf_skipped``, ``ttf_air_skipped``: slices without patch or edge.

    LDCT is taken from ``inputs`` of the batch, so both ratios to it are NaN where NDCT is scored.
    A slice takes about 0.2 s for 512 x 512 pixels.

    Args:
        window (Sequence[float] | None): HU limits to which all images are clipped first. None takes
            the samples' ``image_window``, and clips nothing where they tell none. Edges that it
            cuts off are left out. Defaults to None.
        patch_mm (float): Side of the squares in mm, from 10. Defaults to 20.
        spacing (Sequence[float] | None): Distance of rows and of columns in mm. None takes that of
            the samples. Defaults to None.
        out_file (str | None): Where the main process writes curves and values (``read_physics``
            reads them). Defaults to None, nowhere.
        collect_device (str): ``cpu`` or ``gpu``. Defaults to ``cpu``.
        prefix (str | None): Prefix of the result names. Defaults to ``physics``.
        collect_dir (str | None): Folder for collecting across processes. Defaults to None.

    Raises:
        ValueError: If ``patch_mm`` is less than 10, or ``spacing`` not two positive numbers.
    """

    default_prefix = "physics"

    def __init__(
        self,
        window: Sequence[float] | None = None,
        patch_mm: float = PATCH_MM,
        spacing: Sequence[float] | None = None,
        out_file: str | None = None,
        collect_device: str = "cpu",
        prefix: str | None = None,
        collect_dir: str | None = None,
    ) -> None:
        super().__init__(collect_device, prefix, collect_dir)
        if patch_mm < 10:
            raise ValueError(f"patch_mm must be at least 10 mm, got {patch_mm}")
        if spacing is not None and (len(spacing) != 2 or min(spacing) <= 0):
            raise ValueError(f"spacing must be (row, column) in mm, got {spacing}")
        self.window = None if window is None else HUWindow.parse(window)
        self.patch_mm = float(patch_mm)
        self.spacing = spacing
        self.out_file = None if out_file is None else Path(out_file)

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Measure one batch.

        Args:
            data_batch (Any): The batch as it was loaded; its ``inputs``, N images (1, H, W) in HU,
                are the LDCT.
            data_samples (Sequence[dict]): N predicted samples with ``denoised`` and ``ndct`` in HU
                and ``spacing`` in mm.

        Raises:
            KeyError: If the batch has no ``inputs``, or a sample lacks an image or its spacing.
            ValueError: If images of a sample differ in shape, or hold NaN.
        """
        if not isinstance(data_batch, Mapping) or "inputs" not in data_batch:
            raise KeyError(
                "PhysicsMetric: the batch has no 'inputs', from which LDCT is taken; pack the "
                "samples with PackLIDInputs"
            )
        for ldct, sample in zip(data_batch["inputs"], data_samples, strict=True):
            self.results.append(self._measure(ldct, ScoredSlice(sample, type(self).__name__)))

    def compute_metrics(self, results: list[SlicePhysics]) -> dict[str, float]:
        """Add up the slices, and write the curves.

        Args:
            results (list[SlicePhysics]): One entry a slice.

        Returns:
            dict[str, float]: See the class.

        Raises:
            ValueError: If no slice was scored.
            OSError: If ``out_file`` cannot be written.
        """
        if not results:
            raise ValueError("PhysicsMetric: no slice was scored; is the dataset empty?")
        total = functools.reduce(operator.add, results)
        values = _noise_values(total.noise)
        values["nps_skipped"] = sum(r.noise["denoised"].patches == 0 for r in results)
        curves = {}
        for kind, prefix in PREFIX_OF_KIND.items():
            functions = dict(zip(IMAGES, total.edges[kind].transfer_functions(), strict=True))
            curves[kind] = {"frequency": FREQUENCY, **functions}
            values |= _edge_values(total.edges[kind], functions, prefix)
            values[f"{prefix}_skipped"] = sum(r.edges[kind].points == 0 for r in results)
        self._warn(values)
        if self.out_file is not None:
            spectra = {name: total.noise[name].nps for name in NOISY}
            noise = {"frequency": total.noise["denoised"].frequency, **spectra}
            write_physics(self.out_file, values, noise, curves)
        return values

    def _measure(self, ldct: Any, scored: ScoredSlice) -> SlicePhysics:
        """Noise and edges of one slice."""
        window = self.window or scored.window_or_none()
        denoised, ndct = scored.clipped_images(window)
        spacing = self.spacing if self.spacing is not None else scored.spacing()
        ldct = _plane(ldct, ndct.shape, scored)
        ldct = ldct if window is None else window.clip(ldct)
        images = {"denoised": denoised, "ldct": ldct, "ndct": ndct}
        places = soft_tissue_patches(ndct, spacing, self.patch_mm)
        noise = {
            name: NoiseSpectrum.of(
                np.array([difference[place] for place in places]), spacing, 1 / self.patch_mm
            )
            for name, difference in ((name, images[name] - ndct) for name in NOISY)
        }
        found = find_edges(ndct, spacing)
        edges = {
            name: EdgeSpread.of(
                [images[image] for image in IMAGES], spacing, found.of_kind(kind, window)
            )
            for name, kind in EDGE_KINDS.items()
        }
        return SlicePhysics(noise, edges)

    def _warn(self, values: Mapping[str, float]) -> None:
        """Say what could not be measured at all."""
        missing = [
            name for name in ("nps_std_hu", "ttf_f50", "ttf_air_f50") if np.isnan(values[name])
        ]
        if missing:
            print_log(
                f"PhysicsMetric: too little uniform tissue or too few clear edges for "
                f"{', '.join(missing)}",
                logger="current",
                level=logging.WARNING,
            )


def _noise_values(noise: Mapping[str, NoiseSpectrum]) -> dict[str, float]:
    """Values of the spectra, without the number of skipped slices."""
    std = {name: noise[name].std for name in NOISY}
    known = {name: value > NO_NOISE_HU for name, value in std.items()}
    frequency = {name: noise[name].mean_frequency if known[name] else np.nan for name in NOISY}
    return {
        "nps_std_hu": std["denoised"],
        "nps_ratio": std["denoised"] / std["ldct"] if known["ldct"] else np.nan,
        "nps_mean_frequency": frequency["denoised"],
        "nps_mean_frequency_ratio": frequency["denoised"] / frequency["ldct"],
        "nps_patches": noise["denoised"].patches,
    }


def _edge_values(
    spread: EdgeSpread, functions: Mapping[str, np.ndarray], prefix: str
) -> dict[str, float]:
    """Values of one kind of edges, without the number of skipped slices."""
    f50 = {name: frequency_at_half(function) for name, function in functions.items()}
    return {
        f"{prefix}_f50": f50["denoised"],
        f"{prefix}_f50_ratio": f50["denoised"] / f50["ndct"],
        f"{prefix}_f50_ratio_ldct": f50["ldct"] / f50["ndct"],
        f"{prefix}_contrast_hu": spread.mean_contrast,
        f"{prefix}_points": spread.points,
    }


def _plane(image: Any, shape: tuple[int, int], scored: ScoredSlice) -> np.ndarray:
    """LDCT (1, H, W) of a batch as float64 (H, W)."""
    if hasattr(image, "detach"):
        image = image.detach().cpu().numpy()
    plane = np.asarray(image, dtype=np.float64)
    if plane.shape != (1, *shape):
        raise ValueError(
            f"PhysicsMetric: LDCT {plane.shape} and NDCT {(1, *shape)} differ in shape ({scored}); "
            "'inputs' of the batch must be the LDCT as it was packed"
        )
    return plane[0]
