"""Put nodules into a CT volume: place, shape, sharpness, tissue and noise of the volume itself."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from lidnet_mm.datasets.nodules.grid import Grid
from lidnet_mm.datasets.nodules.lung_map import LungMap
from lidnet_mm.datasets.nodules.nodule import Nodule
from lidnet_mm.datasets.nodules.nodule_kinds import NoduleRanges
from lidnet_mm.datasets.nodules.partial_volume import Coverage, cover_voxels
from lidnet_mm.datasets.nodules.placement import find_place
from lidnet_mm.datasets.nodules.resolution import estimate_resolution
from lidnet_mm.datasets.nodules.slice_noise import draw_noise, noise_kernel
from lidnet_mm.datasets.nodules.tissue import draw_texture, replace_tissue

NEIGHBOURHOOD_MM = 6.0
"""The parenchyma around a nodule is what lies within this far beyond it."""

BLUR_REACH = 4.0
"""Standard deviations after which a blurred edge has ended."""

PLEURAL_OVERLAP_MM = 1.0
VESSEL_EDGE_MM = 1.0
"""Nearer than this to a vessel or the pleura, voxels are a mixture."""

TRIES = 12
"""Nodules that fit nowhere, or would be hidden, are drawn again this often."""

LEAST_FREE = 0.6
"""Share of a nodule's section that replaces parenchyma; where less does, it is hidden."""


@dataclass(frozen=True)
class InsertedNodule:
    """A nodule and what the volume shows of it.

    Attributes:
        nodule: Centre in mm from the first voxel (x, y, z), shape, kind and HU.
        contrast_hu: Its mean (of ground glass and core, by volume) above the parenchyma around.
        slice_contrast_hu: Slice → greatest mean contrast there, after partial volume and blur;
            only slices in whose mask it is.
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
        count: How many nodules.
        rng: For everything that is drawn.
        thickness: Of a slice in mm; None: the slices' distance.

    Returns:
        The changed volume.
    """
    thickness = thickness or spacing[0]
    grid = Grid.of_volume(volume.shape, spacing)
    changed = volume.astype(np.float32)
    labels = np.zeros(volume.shape, dtype=np.uint8)
    scenery = _Scenery(volume, spacing)
    placed: list[InsertedNodule] = []
    for _ in range(count):
        nodule = _draw_placed(grid, lung_map, ranges, [p.nodule for p in placed], thickness, rng)
        if nodule is None:
            continue
        placed.append(
            _insert(nodule, changed, labels, len(placed) + 1, lung_map, scenery, thickness, rng)
        )
    return Insertion(changed, labels, tuple(placed), count - len(placed))


class _Scenery:
    """What is measured once a slice: its resolution and its noise.

    Args:
        volume: (S, H, W) in HU.
        spacing: Distance of slices, rows and columns in mm.
    """

    def __init__(self, volume: np.ndarray, spacing: tuple[float, float, float]) -> None:
        self.volume, self.spacing = volume, spacing
        self.grid = Grid.of_volume(volume.shape, spacing)
        self._sigma: dict[int, float] = {}
        self._kernel: dict[int, np.ndarray | None] = {}

    def sigma(self, index: int) -> float:
        """Point spread function of a slice, standard deviation in mm."""
        if index not in self._sigma:
            found = estimate_resolution(self.volume[index], self.spacing[1:])
            self._sigma[index] = found.sigma_mm
        return self._sigma[index]

    def noise(self, index: int, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
        """Noise as that slice has it; none where it shows no soft tissue."""
        if index not in self._kernel:
            self._kernel[index] = noise_kernel(self.volume[index], self.spacing[1:])
        kernel = self._kernel[index]
        return np.zeros(shape, np.float32) if kernel is None else draw_noise(kernel, shape, rng)


def _draw_placed(
    grid: Grid,
    lung_map: LungMap,
    ranges: NoduleRanges,
    others: Sequence[Nodule],
    thickness: float,
    rng: np.random.Generator,
) -> Nodule | None:
    """Draw nodules until one fits; None after ``TRIES``."""
    for _ in range(TRIES):
        nodule = ranges.draw(rng)
        place = find_place(nodule, grid, lung_map.depth, lung_map.gap, others, rng)
        if place is not None and _free_share(place, grid, lung_map) >= LEAST_FREE:
            x, y, z = place.centre
            return replace(place, centre=(x, y, z + _height(nodule, len(grid.z), thickness, rng)))
    return None


def _free_share(nodule: Nodule, grid: Grid, lung_map: LungMap) -> float:
    """Share of the section through a nodule's centre that is lung and no vessel."""
    cx, cy, cz = nodule.centre
    index = int(np.argmin(np.abs(grid.z - cz)))
    disk = np.hypot(grid.x[None, :] - cx, grid.y[:, None] - cy) <= nodule.diameter / 2
    return float((lung_map.lungs[index] & ~lung_map.vessels[index])[disk].mean())


def _height(nodule: Nodule, slices: int, thickness: float, rng: np.random.Generator) -> float:
    """Height of the centre above a slice's middle in mm.

    Anywhere in a volume. In a single slice, such that it shows the nodule at nearly its diameter:
    the whole nodule lies within a thick slice, a thin one cuts it near its middle.
    """
    if slices > 1:
        return float(rng.uniform(-0.5, 0.5)) * thickness
    play = min(abs(nodule.diameter - thickness) / 2, nodule.diameter / 4)
    return float(rng.uniform(-play, play))


def _insert(
    nodule: Nodule,
    changed: np.ndarray,
    labels: np.ndarray,
    number: int,
    lung_map: LungMap,
    scenery: _Scenery,
    thickness: float,
    rng: np.random.Generator,
) -> InsertedNodule:
    """Change a volume and its labels."""
    spacing = scenery.spacing
    coverage = cover_voxels(nodule, scenery.grid, thickness, margin=NEIGHBOURHOOD_MM)
    box = coverage.box
    coverage = _keep_within(coverage, _allowed(nodule, lung_map, box, spacing))
    mask = coverage.mask()
    lung_hu = _parenchyma(scenery.volume[box], lung_map, box, mask)
    shape = coverage.fraction.shape
    texture = draw_texture(shape, (thickness, *spacing[1:]), rng)
    contrasts = {}
    for layer in range(shape[0]):
        index = box[0].start + layer
        blur = [scenery.sigma(index) / s for s in spacing[1:]]
        density, core = (
            ndimage.gaussian_filter(part[layer], blur, mode="constant", truncate=BLUR_REACH)
            for part in (coverage.density, coverage.core)
        )
        part = changed[index][box[1:]]
        noise = scenery.noise(index, shape[1:], rng)
        part[:] = replace_tissue(part, lung_hu, nodule, density, core, texture[layer], noise)
        if mask[layer].any():
            contrasts[index] = float(_mean_contrast(nodule, lung_hu, density, core).max())
    labels[box][mask] = number
    whole = np.array([[nodule.core**3]])
    total = _mean_contrast(nodule, lung_hu, np.ones((1, 1)), whole)
    return InsertedNodule(nodule, float(total[0, 0]), contrasts)


def _allowed(
    nodule: Nodule,
    lung_map: LungMap,
    box: tuple[slice, slice, slice],
    spacing: tuple[float, float, float],
) -> np.ndarray:
    """Voxels that a nodule may fill: lung, and vessels only if it shall touch one."""
    allowed = lung_map.lungs[box]
    if nodule.attachment == "pleura":
        outside = ndimage.distance_transform_edt(~allowed, sampling=spacing)
        allowed = outside <= PLEURAL_OVERLAP_MM
    if nodule.attachment == "none":
        allowed = allowed & (lung_map.gap[box] > 0)
    return allowed


def _keep_within(coverage: Coverage, allowed: np.ndarray) -> Coverage:
    """Cut off what lies elsewhere."""
    parts = (coverage.fraction, coverage.density, coverage.core)
    return Coverage(coverage.box, *(part * allowed for part in parts))


def _parenchyma(
    volume: np.ndarray, lung_map: LungMap, box: tuple[slice, slice, slice], mask: np.ndarray
) -> float:
    """Mean HU of the lung around and under a nodule, without vessels."""
    rows = mask.any(axis=(1, 2))
    around = lung_map.lungs[box] & (lung_map.gap[box] > VESSEL_EDGE_MM)
    around &= (lung_map.depth[box] > VESSEL_EDGE_MM) & rows[:, None, None]
    return float(volume[around].mean()) if around.any() else float(volume[mask].mean())


def _mean_contrast(
    nodule: Nodule, lung_hu: float, density: np.ndarray, core: np.ndarray
) -> np.ndarray:
    """Expected change of HU of parenchyma."""
    if nodule.solid:
        return density * (nodule.hu - lung_hu)
    hazy = density * (nodule.hu - lung_hu)
    return hazy + core * np.maximum(nodule.core_hu - lung_hu - hazy, 0)
