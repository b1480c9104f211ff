"""Find a place in the lungs for a nodule, at random among all where it fits."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lidnet_mm.datasets.nodules.grid import Grid
from lidnet_mm.datasets.nodules.nodule import Nodule

PLEURA_MM = 2.0
"""A nodule that touches nothing is this far from the pleura, and ``VESSEL_MM`` from vessels."""

VESSEL_MM = 1.0
APART_MM = 4.0
SUNK = (0.25, 0.75)
"""Depth of the centre of a nodule at the pleura, as a share of its radius."""

BESIDE = (0.7, 1.0)
"""The same for the distance of a nodule's centre from the vessel that it touches."""


def find_place(
    nodule: Nodule,
    grid: Grid,
    depth: np.ndarray,
    gap: np.ndarray | None,
    others: Sequence[Nodule],
    rng: np.random.Generator,
    pleura_mm: float = PLEURA_MM,
) -> Nodule | None:
    """Move a nodule to a place where it fits.

    Args:
        nodule: The nodule, with what it shall touch.
        grid: Voxels of the volume.
        depth: (S, H, W) mm of every voxel to the pleura, not above 0 outside of the lungs.
        gap: (S, H, W) mm to the nearest vessel; None: vessels may be covered.
        others: Nodules to keep away from.
        rng: For the place.
        pleura_mm: Distance that a nodule keeps from the pleura unless it shall touch it; below 0
            the pleura may cut it off.

    Returns:
        The nodule with its centre in a voxel; None where it fits nowhere.
    """
    radius, reach = nodule.diameter / 2, nodule.reach
    if nodule.attachment == "pleura":
        fits = (depth > SUNK[0] * radius) & (depth < SUNK[1] * radius)
    else:
        fits = depth >= reach + pleura_mm
    if nodule.attachment == "vessel":
        if gap is None:
            raise ValueError("a nodule shall touch a vessel, but none are mapped")
        fits &= (gap > BESIDE[0] * radius) & (gap < BESIDE[1] * radius)
    elif gap is not None and nodule.attachment == "none":
        fits &= gap >= 1.15 * radius + VESSEL_MM
    for other in others:
        away = reach + other.reach + APART_MM
        x, y, z = (
            (a - c) ** 2 for a, c in zip((grid.x, grid.y, grid.z), other.centre, strict=True)
        )
        fits &= z[:, None, None] + y[None, :, None] + x[None, None, :] > away**2
    places = np.flatnonzero(fits)
    if not len(places):
        return None
    index, row, column = np.unravel_index(places[rng.integers(len(places))], fits.shape)
    jitter = rng.uniform(-0.5, 0.5, 2)
    x = grid.x[column] + jitter[0] * grid.voxel
    y = grid.y[row] + jitter[1] * grid.row_spacing
    return replace(nodule, centre=(float(x), float(y), float(grid.z[index])))
