"""How much of every voxel a nodule fills."""

from dataclasses import dataclass

import numpy as np

from lidnet_mm.datasets.nodules.grid import Grid
from lidnet_mm.datasets.nodules.nodule import Nodule

SAMPLES_ACROSS = 32
"""Sample points along a nodule's diameter, at least."""

COARSEST_MM = 0.6
LEAST_SAMPLES = 3
"""Along a voxel's side in plane."""

HAZE_FROM = 0.6
"""Ground glass begins to thin out at this share of the way to its surface."""

HAZE_AT_SURFACE = 0.35


@dataclass(frozen=True)
class Coverage:
    """A nodule on the voxels around it.

    Attributes:
        box: Index (slices, rows, columns) of those voxels.
        fraction: (s, h, w) share of each voxel's volume inside the nodule, 0 to 1.
        density: The same weighted by the density, which thins out towards the surface of ground
            glass.
        core: (s, h, w) share inside the solid core.
    """

    box: tuple[slice, slice, slice]
    fraction: np.ndarray
    density: np.ndarray
    core: np.ndarray

    def mask(self) -> np.ndarray:
        """The voxels that are nodule, (s, h, w) bool.

        Those filled at least half as much as the fullest one: half of their volume where slices
        are thin. In a slice thicker than the nodule no voxel is filled, and this is the outline
        at half of the nodule's height in the image.
        """
        return (self.fraction >= 0.5 * self.fraction.max()) & (self.fraction > 0)


def cover_voxels(
    nodule: Nodule, grid: Grid, thickness: float, margin: float = 0.0
) -> Coverage | None:
    """Sample a nodule within the voxels that it may touch.

    Args:
        nodule: The nodule.
        grid: Voxels of the volume.
        thickness: Of a slice in mm; a voxel reaches half of it up and down from its centre.
        margin: Voxels this many mm in plane beyond the nodule's reach belong to the box.

    Returns:
        The coverage; None where it touches no slice.
    """
    centre, reach = np.asarray(nodule.centre), nodule.reach
    beyond = np.array([reach + margin, reach + margin, reach + thickness / 2])
    box = grid.box(centre - beyond, centre + beyond)
    if any(part.start >= part.stop for part in box):
        return None
    finest = min(COARSEST_MM, nodule.diameter / SAMPLES_ACROSS)
    sizes = (thickness, grid.row_spacing, grid.voxel)
    z, y, x = (
        axis[part][:, None] + _sub_places(size, finest, least)
        for axis, part, size, least in zip(
            (grid.z, grid.y, grid.x), box, sizes, (1, LEAST_SAMPLES, LEAST_SAMPLES), strict=True
        )
    )
    layers = [_cover_layer(nodule, x, y, places) for places in z]
    if not any(layer[0].any() for layer in layers):
        return None
    return Coverage(box, *(np.stack(parts) for parts in zip(*layers, strict=True)))


def _sub_places(size: float, finest: float, least: int) -> np.ndarray:
    """Evenly spread sample places within a voxel side, around its middle, in mm."""
    count = max(least, int(np.ceil(size / finest)))
    return ((np.arange(count) + 0.5) / count - 0.5) * size


def _cover_layer(
    nodule: Nodule, x: np.ndarray, y: np.ndarray, places: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fraction, density and core of one slice, (h, w) each, from (w, n), (h, n) and (n,) mm."""
    xs, ys = np.broadcast_arrays(x.ravel()[None, :], y.ravel()[:, None])
    planar = (xs - nodule.centre[0]) ** 2 + (ys - nodule.centre[1]) ** 2
    reach = nodule.reach
    total = np.zeros((3, *xs.shape), dtype=np.float32)
    for z in places:
        near = planar < reach**2 - (z - nodule.centre[2]) ** 2
        level = nodule.level(xs[near], ys[near], z)
        inside = (level < 1).astype(np.float32)
        total[0, near] += inside
        total[1, near] += inside if nodule.solid else inside * _haze(level)
        if nodule.core:
            total[2, near] += (nodule.core_level(xs[near], ys[near], z) < 1) & (level < 1)
    voxels = total.reshape(3, len(y), y.shape[1], len(x), x.shape[1]).mean(axis=(2, 4))
    return tuple(voxels / len(places))


def _haze(level: np.ndarray) -> np.ndarray:
    """Density of ground glass, from 1 inside to ``HAZE_AT_SURFACE``."""
    way = np.clip((level - HAZE_FROM) / (1 - HAZE_FROM), 0, 1)
    return 1 - (1 - HAZE_AT_SURFACE) * way * way * (3 - 2 * way)
