"""Draw nodules until one has a place in the lungs, where it can be seen."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from lidnet_mm.datasets.nodules.nodule import Nodule
from lidnet_mm.datasets.nodules.nodule_kinds import NoduleRanges
from lidnet_mm.datasets.nodules.partial_volume import Coverage, cover_voxels
from lidnet_mm.datasets.nodules.placement import find_place
from lidnet_mm.datasets.nodules.scenery import Scenery

NEIGHBOURHOOD_MM = 6.0
"""The parenchyma around a nodule is what lies within this far beyond it; so does its blur."""

TRIES = 12
"""Nodules that fit nowhere, or would not be seen, are drawn again this often."""

LEAST_FREE = 0.6
"""Share of a nodule's section that replaces parenchyma; where less does, it is hidden."""

MOST_GAS = 0.02
"""Share of a nodule's section that may be the lumen of an airway, or gas beyond the lungs."""

GAS_HU = -600.0
"""No tissue beyond the lungs is below."""


@dataclass(frozen=True)
class FittedNodule:
    """A nodule in its place.

    Attributes:
        nodule: Its centre in mm from the first voxel.
        coverage: The voxels that it fills.
        lung_hu: Mean of the parenchyma around it.
    """

    nodule: Nodule
    coverage: Coverage
    lung_hu: float


def fit_nodule(
    scenery: Scenery,
    ranges: NoduleRanges,
    others: Sequence[Nodule],
    rng: np.random.Generator,
) -> FittedNodule | None:
    """Draw nodules until one fits.

    Args:
        scenery: What it is put into.
        ranges: From what it is drawn.
        others: Nodules that are there already.
        rng: For all that is drawn.

    Returns:
        The nodule; None after ``TRIES``.
    """
    for _ in range(TRIES):
        nodule = _place(scenery, ranges.draw(rng), others, rng)
        if nodule is None:
            continue
        coverage = cover_voxels(nodule, scenery.grid, scenery.thickness, NEIGHBOURHOOD_MM)
        if coverage is None:
            continue
        coverage = _keep_within(coverage, scenery.allowed(nodule, coverage.box))
        lung_hu = scenery.parenchyma(coverage.box, coverage.mask())
        seen = mean_contrast(nodule, lung_hu, coverage.density, coverage.core).max()
        if seen >= ranges.least_contrast_hu:
            return FittedNodule(nodule, coverage, lung_hu)
    return None


def mean_contrast(
    nodule: Nodule, lung_hu: float, density: np.ndarray, core: np.ndarray
) -> np.ndarray:
    """Expected difference in HU between voxels of a nodule and parenchyma.

    Args:
        nodule: The nodule.
        lung_hu: Mean of the parenchyma.
        density: How much of each voxel it fills.
        core: How much its core does.
    """
    hazy = density * (nodule.hu - lung_hu)
    return hazy if nodule.solid else hazy + core * np.maximum(nodule.core_hu - lung_hu - hazy, 0)


def _place(
    scenery: Scenery, nodule: Nodule, others: Sequence[Nodule], rng: np.random.Generator
) -> Nodule | None:
    """Find a place and a height."""
    lungs = scenery.lung_map
    placed = find_place(nodule, scenery.grid, lungs.depth, lungs.gap, others, rng)
    if placed is None or _is_hidden(placed, scenery):
        return None
    x, y, z = placed.centre
    return replace(placed, centre=(x, y, z + _height(nodule, scenery, rng)))


def _is_hidden(nodule: Nodule, scenery: Scenery) -> bool:
    """Whether the section through a nodule's centre lies in too little lung, or in an airway."""
    x, y, z = nodule.centre
    grid, lungs = scenery.grid, scenery.lung_map
    index = int(np.argmin(np.abs(grid.z - z)))
    disk = np.hypot(grid.x[None, :] - x, grid.y[:, None] - y) <= nodule.diameter / 2
    inside = lungs.lungs[index][disk]
    free = inside & ~lungs.vessels[index][disk]
    gas = ~inside & (scenery.volume[index][disk] < GAS_HU)
    return bool(free.mean() < LEAST_FREE or gas.mean() > MOST_GAS)


def _height(nodule: Nodule, scenery: Scenery, rng: np.random.Generator) -> float:
    """Height of the centre above a slice's middle in mm.

    Anywhere in a volume. In a single slice, such that it shows the nodule at nearly its diameter:
    the whole nodule lies within a thick slice, a thin one cuts it near its middle.
    """
    if len(scenery.grid.z) > 1:
        return float(rng.uniform(-0.5, 0.5)) * scenery.spacing[0]
    play = min(abs(nodule.diameter - scenery.thickness) / 2, nodule.diameter / 4)
    return float(rng.uniform(-play, play))


def _keep_within(coverage: Coverage, allowed: np.ndarray) -> Coverage:
    """Cut off what lies elsewhere."""
    parts = (coverage.fraction, coverage.density, coverage.core)
    return Coverage(coverage.box, *(part * allowed for part in parts))
