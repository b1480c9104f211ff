"""Trees of vessels."""

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial.distance import cdist

from lidnet_mm.datasets.phantom.vessel_tree import MURRAY, grow_tree, scatter_points

ROOT = (0.0, 0.0, 0.0)


def leaves(count=300, seed=0):
    return np.random.default_rng(seed).uniform((5, -60, -60), (90, 60, 60), (count, 3))


def grow(points, detour=0.35):
    return grow_tree(ROOT, points, 0.6, np.random.default_rng(0), detour)


def paths_to_root(tree):
    """Index path of every point to the root."""
    for index in range(len(tree.points)):
        path = [index]
        while path[-1] != 0:
            path.append(int(tree.parents[path[-1]]))
            assert len(path) <= len(tree.points), "the tree has a cycle"
        yield path


def test_every_point_is_connected_to_the_root():
    tree = grow(leaves())
    assert len(list(paths_to_root(tree))) == 601


def test_calibre_never_grows_towards_the_ends():
    tree = grow(leaves())
    for path in paths_to_root(tree):
        assert (np.diff(tree.radii[path]) >= -1e-9).all()
    for tube in tree.tubes(40.0):
        assert tube.radii[0] >= tube.radii[1]


def test_ends_have_the_asked_radius_and_the_trunk_follows_murray():
    tree = grow(leaves(400))
    assert tree.radii.min() == pytest.approx(0.6)
    assert tree.radii.max() > 0.6 * 150 ** (1 / MURRAY)


def test_without_detour_it_is_a_minimum_spanning_tree():
    points = leaves(80)
    tree = grow(points, detour=0.0)
    everything = np.vstack([ROOT, points])
    expected = minimum_spanning_tree(coo_array(cdist(everything, everything))).sum()
    links = tree.parents[tree.parents[1:81]]
    length = np.linalg.norm(everything[1:] - everything[links], axis=1).sum()
    assert length == pytest.approx(expected)


def test_the_trunk_is_a_tree_of_the_wide_branches():
    trunk = grow(leaves()).trunk(1.2)
    assert 5 < len(trunk.points) < 300
    assert (trunk.radii >= 1.2).all()
    assert len(list(paths_to_root(trunk))) == len(trunk.points)


def test_scattered_points_fill_a_region_evenly():
    rng = np.random.default_rng(0)
    points = scatter_points(
        lambda x, y, z: x**2 + y**2 + z**2 < 400, (-20, -20, -20), (20, 20, 20), 30.0, rng
    )
    assert len(points) == pytest.approx(30 * 4 / 3 * np.pi * 8, rel=0.1)
    assert np.linalg.norm(points, axis=1).max() < 20
