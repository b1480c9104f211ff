"""Put nodules into a CT volume, with the sharpness and the noise of the volume itself."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from lidnet_mm.datasets.nodules.fitting import FittedNodule, fit_nodule, mean_contrast
from lidnet_mm.datasets.nodules.lung_map import LungMap
from lidnet_mm.datasets.nodules.nodule import Nodule
from lidnet_mm.datasets.nodules.nodule_kinds import NoduleRanges
from lidnet_mm.datasets.nodules.scenery import Scenery
from lidnet_mm.datasets.nodules.tissue import draw_texture, replace_tissue

BLUR_REACH = 4.0
"""Standard deviations after which a blurred edge has ended."""


@dataclass(frozen=True)
class InsertedNodule:
    """A nodule and what the volume shows of it.

    Attributes:
        nodule: Centre in mm from the first voxel (x, y, z), shape, kind and HU.
        contrast_hu: Its mean above the parenchyma around it, where it is densest; of a part-solid
            nodule that of its ground glass.
        slice_contrast_hu: Slice → greatest mean contrast there, after partial volume and blur,
            of a core, too; only slices in whose mask it is.
    """

    nodule: Nodule
    contrast_hu: float
    slice_contrast_hu: dict[int, float]


@dataclass(frozen=True)
class Insertion:
    """A volume with nodules.

    Attributes:
        volume: (S, H, W) float32 in HU.
        labels: (S, H, W) uint8, 0 or the number of the nodule, from 1.
        nodules: The nodules, by number.
        missing: How many were asked for and fit nowhere.
    """

    volume: np.ndarray
    labels: np.ndarray
    nodules: tuple[InsertedNodule, ...]
    missing: int


def insert_nodules(
    volume: np.ndarray,
    spacing: tuple[float, float, float],
    lung_map: LungMap,
    ranges: NoduleRanges,
    count: int,
    rng: np.random.Generator,
    thickness: float | None = None,
) -> Insertion:
    """Put nodules into the lungs of a volume.

    Args:
        volume: (S, H, W) in HU, left as it is.
        spacing: Distance of slices, rows and columns in mm.
        lung_map: Of the same volume.
        ranges: From what nodules are drawn.
        count: How many nodules, at most 255.
        rng: For everything that is drawn.
        thickness: Of a slice in mm; None: the slices' distance.

    Returns:
        The changed volume.
    """
    scenery = Scenery(volume, spacing, lung_map, thickness or spacing[0])
    changed = volume.astype(np.float32)
    labels = np.zeros(volume.shape, dtype=np.uint8)
    inserted: list[InsertedNodule] = []
    for _ in range(count):
        fitted = fit_nodule(scenery, ranges, [entry.nodule for entry in inserted], rng)
        if fitted is None:
            continue
        contrasts = _change(changed, scenery, fitted, rng)
        labels[fitted.coverage.box][fitted.coverage.mask()] = len(inserted) + 1
        contrast = fitted.nodule.hu - fitted.lung_hu
        inserted.append(InsertedNodule(fitted.nodule, contrast, contrasts))
    return Insertion(changed, labels, tuple(inserted), count - len(inserted))


def _change(
    changed: np.ndarray, scenery: Scenery, fitted: FittedNodule, rng: np.random.Generator
) -> dict[int, float]:
    """Mix a nodule into a volume; return its contrast in the slices of its mask."""
    coverage, spacing = fitted.coverage, scenery.spacing
    shape = coverage.fraction.shape
    shown = coverage.mask().any(axis=(1, 2))
    texture = draw_texture(shape, (scenery.thickness, *spacing[1:]), rng)
    contrasts = {}
    for layer in range(shape[0]):
        index = coverage.box[0].start + layer
        blur = [scenery.sigma(index) / s for s in spacing[1:]]
        density, core = (
            ndimage.gaussian_filter(part[layer], blur, mode="constant", truncate=BLUR_REACH)
            for part in (coverage.density, coverage.core)
        )
        noise = scenery.noise(index, shape[1:], rng)
        part = changed[index][coverage.box[1:]]
        part[:] = replace_tissue(
            part, fitted.lung_hu, fitted.nodule, density, core, texture[layer], noise
        )
        if shown[layer]:
            mean = mean_contrast(fitted.nodule, fitted.lung_hu, density, core)
            contrasts[index] = float(mean.max())
    return contrasts
