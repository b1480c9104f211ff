"""Nodules: size by counting points, shape, and what is drawn."""

import numpy as np
import pytest

from lidnet_mm.datasets.nodules.nodule_kinds import MARGINS, NoduleRanges, draw_body


def counted_diameter(nodule, points=110):
    """Diameter of the sphere of the same volume, from a fine grid of points."""
    axis = (np.arange(points) + 0.5) / points * 2 * nodule.reach - nodule.reach
    level = nodule.level(axis[:, None, None], axis[None, :, None], axis[None, None, :])
    volume = (level < 1).sum() * (2 * nodule.reach / points) ** 3
    return np.cbrt(6 * volume / np.pi)


@pytest.mark.parametrize("margin", MARGINS)
@pytest.mark.parametrize("diameter", [4.0, 13.0])
def test_the_body_has_the_volume_of_the_asked_sphere(margin, diameter):
    for seed in range(3):
        nodule = draw_body(diameter, margin, np.random.default_rng(seed))
        assert nodule.diameter == pytest.approx(diameter, rel=1e-5)
        assert counted_diameter(nodule) == pytest.approx(diameter, rel=0.01)


def test_the_reach_holds_the_nodule_and_is_no_larger_than_needed():
    for seed, margin in enumerate(MARGINS):
        nodule = draw_body(10.0, margin, np.random.default_rng(seed))
        points = np.random.default_rng(1).normal(size=(40_000, 3))
        points *= nodule.reach / np.linalg.norm(points, axis=1, keepdims=True)
        assert (nodule.level(*points.T) > 1).all()
        assert (nodule.level(*(0.9 * points).T) < 1).any()


def roundness(nodule):
    """Share of the surface's spread of radii that an ellipsoid does not explain."""
    directions = np.random.default_rng(0).normal(size=(4000, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return float(nodule.surface(directions).std())


def test_margins_differ_in_roughness():
    means = [
        np.mean([roundness(draw_body(10.0, m, np.random.default_rng(s))) for s in range(12)])
        for m in MARGINS
    ]
    assert means[0] < 0.8 * means[1]
    assert means[0] < 0.8 * means[2]


def test_spicules_reach_far_beyond_the_body():
    reach = {
        margin: np.mean([draw_body(10.0, margin, np.random.default_rng(s)).reach for s in range(8)])
        for margin in MARGINS
    }
    assert reach["spiculated"] > 1.15 * reach["lobulated"] > reach["smooth"]


def test_same_seed_same_nodule():
    ranges = NoduleRanges()
    first, again, other = (ranges.draw(np.random.default_rng(s)) for s in (3, 3, 4))
    assert (first.half_axes, first.hu, first.kind) == (again.half_axes, again.hu, again.kind)
    np.testing.assert_array_equal(first.lobes, again.lobes)
    assert first.half_axes != other.half_axes


def test_what_is_drawn_lies_in_the_ranges():
    ranges = NoduleRanges((5.0, 7.0), solid_hu=(10, 20), ground_glass_hu=(-500, -450))
    nodules = [ranges.draw(np.random.default_rng(seed)) for seed in range(60)]
    assert {n.kind for n in nodules} == {"solid", "part_solid", "ground_glass"}
    for nodule in nodules:
        assert 4.99 < nodule.diameter < 7.01
        low, high = (10, 20) if nodule.kind == "solid" else (-500, -450)
        assert low <= nodule.hu <= high
        assert (nodule.core > 0) == (nodule.kind == "part_solid")
        assert (nodule.kind, nodule.margin) != ("ground_glass", "spiculated")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"diameter_mm": (8.0, 4.0)}, "increasing"),
        ({"diameter_mm": (0.0, 4.0)}, "increasing"),
        ({"solid_hu": (50.0, 40.0)}, "solid_hu"),
        ({"kinds": ("glassy",)}, "kinds"),
        ({"margins": ()}, "margins"),
        ({"attachments": ("rib",)}, "attachments"),
    ],
)
def test_impossible_ranges_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        NoduleRanges(**settings)
