"""Grow the arteries, veins and bronchi of a lung as trees in space."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lidnet_mm.datasets.phantom.tubes import Tube

MURRAY = 2.7
"""A branch's radius to this power is the sum over what it feeds (Murray's law: 3)."""


@dataclass(frozen=True)
class VesselTree:
    """A tree of straight branches.

    Attributes:
        points: (P, 3) x, y, z in mm; the first is the root.
        parents: (P,) index of each point's parent; the root's is 0.
        radii: (P,) radius in mm of the branch that ends in each point.
    """

    points: np.ndarray
    parents: np.ndarray
    radii: np.ndarray

    def tubes(self, hu: float, scale: float = 1.0, offset: np.ndarray | float = 0.0) -> list[Tube]:
        """List the branches as tubes.

        Args:
            hu: What fills them.
            scale: Factor of their radii.
            offset: (P, 3) or scalar mm by which the points are moved.
        """
        points = self.points + offset
        return [
            Tube(
                tuple(points[parent]),
                tuple(points[i]),
                (scale * self._start_radius(i), scale * float(self.radii[i])),
                hu,
            )
            for i, parent in enumerate(self.parents)
            if i > 0
        ]

    def _start_radius(self, index: int) -> float:
        """Radius where a branch leaves its parent: no more than the parent's."""
        return float(min(self.radii[self.parents[index]], 1.25 * self.radii[index]))

    def trunk(self, min_radius: float) -> "VesselTree":
        """The part of the tree whose branches are at least ``min_radius`` mm."""
        keep = self.radii >= min_radius
        keep[0] = True
        new = np.cumsum(keep) - 1
        return VesselTree(self.points[keep], new[self.parents[keep]], self.radii[keep])


def grow_tree(
    root: tuple[float, float, float],
    leaves: np.ndarray,
    leaf_radius: float,
    rng: np.random.Generator,
    detour: float = 0.35,
) -> VesselTree:
    """Connect scattered points to a root by short branches along short paths.

    A minimum spanning tree whose cost of a connection is its length plus ``detour`` times the
    path from the root (the balance of wiring and path length of H. Cuntz et al., PLoS Comput.
    Biol. 2010, here on the pulmonary vessels).

    Args:
        root: x, y, z in mm.
        leaves: (N, 3) points to be reached in mm.
        leaf_radius: Radius of an end branch in mm.
        rng: For the branches' bends.
        detour: 0 for the shortest tree, 1 for nearly straight paths.
    """
    points = np.vstack([np.asarray(root, dtype=float)[None], leaves])
    parents, order = _connect(points, detour)
    count = np.zeros(len(points))
    is_leaf = np.ones(len(points), dtype=bool)
    is_leaf[parents[1:]] = False
    count[is_leaf] = 1.0
    for index in order[::-1]:
        count[parents[index]] += count[index] + 0.15
    radii = leaf_radius * np.maximum(count, 1.0) ** (1 / MURRAY)
    return _bend(VesselTree(points, parents, radii), rng)


def _connect(points: np.ndarray, detour: float) -> tuple[np.ndarray, list[int]]:
    """Parent of every point, and the order in which they were connected."""
    total = len(points)
    path = np.zeros(total)
    best = np.linalg.norm(points - points[0], axis=1)
    length = best.copy()
    parents = np.zeros(total, dtype=int)
    best[0] = np.inf
    order = []
    for _ in range(total - 1):
        index = int(np.argmin(best))
        order.append(index)
        path[index] = path[parents[index]] + length[index]
        best[index] = np.inf
        reach = np.linalg.norm(points - points[index], axis=1)
        cost = reach + detour * path[index]
        closer = (cost < best) & np.isfinite(best)
        best[closer], parents[closer], length[closer] = cost[closer], index, reach[closer]
    return parents, order


def _bend(tree: VesselTree, rng: np.random.Generator) -> VesselTree:
    """Give every branch a middle point off its straight line."""
    starts, ends = tree.points[tree.parents[1:]], tree.points[1:]
    length = np.linalg.norm(ends - starts, axis=1, keepdims=True)
    middle = (starts + ends) / 2 + rng.normal(0, 0.07, starts.shape) * length
    total = len(tree.points)
    parents = tree.parents.copy()
    parents[1:] = total + np.arange(total - 1)
    return VesselTree(
        np.vstack([tree.points, middle]),
        np.concatenate([parents, tree.parents[1:]]),
        np.concatenate([tree.radii, tree.radii[1:]]),
    )


def scatter_points(
    inside: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
    low: tuple[float, float, float],
    high: tuple[float, float, float],
    per_cm3: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Scatter points evenly over a region.

    Args:
        inside: x, y, z in mm → whether each point belongs to the region.
        low: Lower corner of a box around the region, mm.
        high: Upper corner.
        per_cm3: Points per cm³.
        rng: Where.

    Returns:
        (N, 3) x, y, z in mm.
    """
    size = np.subtract(high, low)
    count = int(per_cm3 * np.prod(size) / 1000)
    points = rng.uniform(low, high, (count, 3))
    return points[inside(points[:, 0], points[:, 1], points[:, 2])]
