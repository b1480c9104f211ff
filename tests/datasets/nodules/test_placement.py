"""Places of nodules in a lung of known shape."""

from dataclasses import replace

import numpy as np
import pytest

from lidnet_mm.datasets.nodules.grid import Grid
from lidnet_mm.datasets.nodules.nodule_kinds import draw_body
from lidnet_mm.datasets.nodules.placement import BESIDE, PLEURA_MM, SUNK, VESSEL_MM, find_place

SPACING = (3.0, 0.8, 0.8)
GRID = Grid.of_volume((8, 120, 120), SPACING)
MIDDLE = np.array([48.0, 48.0, 10.5])


@pytest.fixture
def ball():
    """Depth in a ball of 40 mm, and the gap to a vessel along z through its middle."""
    x, y, z = GRID.x[None, None, :], GRID.y[None, :, None], GRID.z[:, None, None]
    depth = 40 - np.sqrt((x - 48) ** 2 + (y - 48) ** 2 + (z - 10.5) ** 2)
    gap = np.broadcast_to(np.hypot(x - 48, y - 48), depth.shape)
    return depth, gap


def nodule(attachment="none", diameter=8.0, seed=0):
    return replace(
        draw_body(diameter, "smooth", np.random.default_rng(seed)), attachment=attachment
    )


def places(ball, attachment, count=40, others=()):
    depth, gap = ball
    rng = np.random.default_rng(0)
    body = nodule(attachment)
    found = [find_place(body, GRID, depth, gap, others, rng) for _ in range(count)]
    return body, np.array([f.centre for f in found])


def test_a_free_nodule_keeps_clear_of_pleura_and_vessel(ball):
    body, centres = places(ball, "none")
    depth = 40 - np.linalg.norm(centres - MIDDLE, axis=1)
    assert depth.min() > body.reach + PLEURA_MM - 0.8
    gap = np.linalg.norm(centres[:, :2] - 48, axis=1)
    assert gap.min() > 1.15 * 4 + VESSEL_MM - 0.8
    assert np.ptp(centres, axis=0).min() > 15, "anywhere"


def test_a_nodule_at_the_pleura_is_cut_by_it(ball):
    _, centres = places(ball, "pleura")
    depth = (40 - np.linalg.norm(centres - MIDDLE, axis=1)) / 4
    assert depth.min() > SUNK[0] - 0.2
    assert depth.max() < SUNK[1] + 0.2


def test_a_nodule_at_a_vessel_touches_it(ball):
    _, centres = places(ball, "vessel")
    gap = np.linalg.norm(centres[:, :2] - 48, axis=1) / 4
    assert gap.min() > BESIDE[0] - 0.2
    assert gap.max() < BESIDE[1] + 0.2


def test_nodules_keep_apart(ball):
    other = replace(nodule(seed=1), centre=(60.0, 48.0, 10.0))
    body, centres = places(ball, "none", others=[other])
    apart = np.linalg.norm(centres - other.centre, axis=1)
    assert apart.min() > body.reach + other.reach + 4 - 0.8


def test_none_where_it_fits_nowhere(ball):
    depth, gap = ball
    rng = np.random.default_rng(0)
    assert find_place(nodule(diameter=90.0), GRID, depth, gap, (), rng) is None
    assert find_place(nodule(), GRID, depth, np.zeros_like(gap), (), rng) is None


def test_a_vessel_cannot_be_touched_where_none_is_mapped(ball):
    with pytest.raises(ValueError, match="none are mapped"):
        find_place(nodule("vessel"), GRID, ball[0], None, (), np.random.default_rng(0))
