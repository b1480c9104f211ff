"""The phantom's nodules, of the shapes and tissue that are put into real chest CT, too."""

import numpy as np

from lidnet_mm.datasets.nodules.grid import Grid
from lidnet_mm.datasets.nodules.nodule import Nodule
from lidnet_mm.datasets.nodules.nodule_kinds import NoduleRanges
from lidnet_mm.datasets.nodules.partial_volume import cover_voxels
from lidnet_mm.datasets.nodules.placement import find_place
from lidnet_mm.datasets.nodules.tissue import draw_texture, replace_tissue

DIAMETERS = (6.0, 24.0)
"""Range of a nodule's mean diameter in mm."""

KINDS = ("solid", "solid", "ground_glass")
SOLID_HU = (0.0, 60.0)
GROUND_GLASS_HU = (-600.0, -300.0)
OVER_PLEURA = 0.25
"""Share of its radius by which a nodule may be cut off by the pleura."""

TRIES = 400


def place_nodules(
    grid: Grid,
    depth: np.ndarray,
    slice_heights: np.ndarray,
    rng: np.random.Generator,
    diameters: tuple[float, float] = DIAMETERS,
) -> list[Nodule]:
    """Draw nodules until about half of the slices hold one.

    Args:
        grid: Voxels on which the phantom is painted.
        depth: (S, H, W) mm of each of them to the lungs' surface, below 0 outside.
        slice_heights: (S,) z of the slices in mm.
        rng: For size, place and kind.
        diameters: Range of the mean diameter in mm.

    Returns:
        At least one nodule.

    Raises:
        ValueError: The region holds too little lung for any nodule.
    """
    ranges = NoduleRanges(diameters, KINDS, solid_hu=SOLID_HU, ground_glass_hu=GROUND_GLASS_HU)
    nodules: list[Nodule] = []
    wanted = rng.uniform(0.3, 0.5)
    held = np.zeros(len(slice_heights), dtype=bool)
    for _ in range(TRIES):
        if held.mean() >= wanted:
            break
        drawn = ranges.draw(rng)
        margin = -OVER_PLEURA * drawn.reach
        nodule = find_place(drawn, grid, depth, None, nodules, rng, pleura_mm=margin)
        if nodule is None:
            continue
        nodules.append(nodule)
        held |= np.abs(slice_heights - nodule.centre[2]) < 0.45 * nodule.diameter
    if not nodules:
        raise ValueError("the field of view holds too little lung for a nodule; make it larger")
    return nodules


def paint_nodule(
    hu: np.ndarray,
    extent: np.ndarray,
    grid: Grid,
    nodule: Nodule,
    lung: np.ndarray,
    rng: np.random.Generator,
) -> None:
    """Paint a nodule and its exact extent.

    Args:
        hu: (S, H, W) volume in HU, changed.
        extent: (S, H, W) float32 fraction of each voxel that is nodule, changed.
        grid: Voxels of the volume.
        nodule: What to paint.
        lung: (S, H, W) fraction of each voxel that is lung; a nodule stays inside.
        rng: For its texture.
    """
    step = float(grid.z[1] - grid.z[0]) if len(grid.z) > 1 else grid.voxel
    coverage = cover_voxels(nodule, grid, step)
    if coverage is None:
        return
    box = coverage.box
    inside = lung[box] > 0.5
    parenchyma = float(np.median(hu[box][inside]))
    texture = draw_texture(inside.shape, (step, grid.row_spacing, grid.voxel), rng)
    density, core = coverage.density * inside, coverage.core * inside
    hu[box] = replace_tissue(hu[box], parenchyma, nodule, density, core, texture)
    extent[box] = np.maximum(extent[box], coverage.fraction * inside)
