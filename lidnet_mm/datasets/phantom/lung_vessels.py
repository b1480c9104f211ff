"""Arteries, veins and bronchi of both lungs near the imaged slab."""

import numpy as np

from lidnet_mm.datasets.phantom.lungs import lung_distance
from lidnet_mm.datasets.phantom.mediastinum import AIRWAY
from lidnet_mm.datasets.phantom.thorax_shape import ThoraxShape
from lidnet_mm.datasets.phantom.tubes import Tube
from lidnet_mm.datasets.phantom.vessel_tree import VesselTree, grow_tree, scatter_points

ARTERY = 42.0
BRONCHIAL_WALL = -60.0
REACH = 25.0
"""Trees reach this many mm beyond the slab, so that branches enter it from outside."""

SUBPLEURAL = 4.0
"""No branch ends closer to the pleura than this, mm."""


def lung_vessels(
    shape: ThoraxShape, low: float, high: float, rng: np.random.Generator
) -> tuple[list[Tube], list[Tube], list[Tube]]:
    """Grow the vessels of both lungs between two heights.

    Args:
        shape: The patient.
        low: Lowest height of the slab in mm.
        high: Highest.
        rng: For the branching.

    Returns:
        Vessels, walls of the bronchi, and air in the bronchi, to be painted in this order.
    """
    vessels: list[Tube] = []
    walls: list[Tube] = []
    air: list[Tube] = []
    for side in (-1, 1):
        arteries = _tree(shape, side, (side * 38.0, 7.0, 34.0), low, high, (0.75, 0.62), rng)
        veins = _tree(shape, side, (side * 34.0, 2.0, 8.0), low, high, (0.5, 0.6), rng)
        vessels += arteries.tubes(ARTERY) + veins.tubes(ARTERY)
        bronchi = arteries.trunk(1.3)
        shift = np.stack([-0.5 * side * bronchi.radii, 1.1 * bronchi.radii, bronchi.radii * 0], 1)
        shift *= 1.5
        walls += bronchi.tubes(BRONCHIAL_WALL, 1.05, shift)
        air += bronchi.tubes(AIRWAY, 0.72, shift)
    return vessels, walls, air


def _tree(
    shape: ThoraxShape,
    side: int,
    root: tuple[float, float, float],
    low: float,
    high: float,
    density: tuple[float, float],
    rng: np.random.Generator,
) -> VesselTree:
    """Grow one tree of one lung; ``density`` is ends per cm³ and their radius in mm."""

    def inside(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return (x * side > 0) & (lung_distance(shape, x, y, z) < -SUBPLEURAL)

    width, depth = 1.1 * shape.cage_width, 1.1 * shape.cage_depth
    near, far = sorted((0.0, side * width))
    points = scatter_points(
        inside, (near, -depth, low - REACH), (far, depth, high + REACH), density[0], rng
    )
    return grow_tree(root, points, density[1], rng)
