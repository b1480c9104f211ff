"""Edges found on disks whose rim is known."""

import numpy as np
import pytest
from edge_phantom import blurred_disk

from lidnet_mm.evaluation.edge_points import EDGE_KINDS, find_edges
from lidnet_mm.hu_window import HUWindow

SPACING = (0.7, 0.9)


def from_centre(edges, spacing, shape=(200, 200)):
    """Vectors (E, 2) from the disk's centre in mm."""
    centre = (np.array(shape) / 2 - (0.3, 0.1)) * spacing
    return edges.place - centre


@pytest.mark.parametrize("spacing", [(0.7, 0.7), SPACING])
@pytest.mark.parametrize("noise", [0.0, 8.0])
def test_points_lie_on_the_rim_and_normals_point_inwards(spacing, noise):
    ndct = blurred_disk(0.6, spacing, -90, 50)
    ndct += np.random.default_rng(0).normal(0, noise, ndct.shape) if noise else 0
    edges = find_edges(ndct, spacing).of_kind(EDGE_KINDS["soft"])
    away = from_centre(edges, spacing)
    radius = np.hypot(*away.T)
    rim = 2 * np.pi * 45
    assert len(edges) > 0.7 * rim / max(spacing)
    assert np.std(radius) < (0.15 if noise else 0.05)
    assert radius.mean() == pytest.approx(45, abs=0.06)
    inward = -(edges.normal * away).sum(axis=1) / radius
    assert inward.min() > (0.95 if noise else 0.995)
    assert (edges.high - edges.low).mean() == pytest.approx(140, rel=0.03)


def test_kinds_are_told_by_their_contrast():
    for low, high, kind in ((-90, 50, "soft"), (-1000, 40, "air"), (-850, 40, "air")):
        edges = find_edges(blurred_disk(0.6, SPACING, low, high), SPACING)
        counts = {name: len(edges.of_kind(limits)) for name, limits in EDGE_KINDS.items()}
        assert counts.pop(kind) > 200
        assert list(counts.values()) == [0]


def test_a_rim_with_something_near_it_is_no_clear_edge():
    """A shell of 4 mm, as bone around marrow: neither side is even."""
    inner = blurred_disk(0.6, SPACING, 0, 100, radius=41)
    shell = blurred_disk(0.6, SPACING, -90, 50) - inner
    assert len(find_edges(shell, SPACING)) == 0
    assert len(find_edges(blurred_disk(0.6, SPACING, -90, 50), SPACING)) > 0


def test_edges_at_the_border_of_the_image_are_left_out():
    edges = find_edges(blurred_disk(0.6, SPACING, shape=(140, 200)), SPACING)
    height = 140 * SPACING[0]
    assert len(edges) > 0
    assert edges.place[:, 0].min() > 5
    assert edges.place[:, 0].max() < height - 5


@pytest.mark.parametrize(
    ("window", "left"),
    [((-1000, 1000), True), ((-160, 240), True), ((-90, 240), False), ((-160, 60), False)],
)
def test_edges_that_a_window_cuts_are_left_out(window, left):
    edges = find_edges(blurred_disk(0.6, SPACING, -90, 50), SPACING)
    assert (len(edges.of_kind(EDGE_KINDS["soft"], HUWindow(*window))) > 0) == left


def test_air_may_lie_at_the_low_end_of_the_window():
    edges = find_edges(blurred_disk(0.6, SPACING), SPACING)
    assert len(edges.of_kind(EDGE_KINDS["air"], HUWindow(-1000, 1000))) > 200
    assert len(edges.of_kind(EDGE_KINDS["air"], HUWindow(-900, 1000))) == 0


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (12, 12)])
def test_small_slices_and_slices_without_body_have_none(shape):
    assert len(find_edges(np.zeros(shape), SPACING)) == 0
    assert len(find_edges(np.full((100, 100), -1000.0), SPACING)) == 0


def test_noise_alone_is_no_edge():
    noise = np.random.default_rng(0).normal(30, 20, (300, 300))
    assert len(find_edges(noise, (0.7, 0.7)).of_kind(EDGE_KINDS["soft"])) == 0
