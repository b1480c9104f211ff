"""What a nodule may fill, and the parenchyma around it."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from lidnet_mm.datasets.nodules.lung_map import map_lungs
from lidnet_mm.datasets.nodules.nodule_kinds import draw_body
from lidnet_mm.datasets.nodules.scenery import Scenery

BODY = draw_body(8.0, "smooth", np.random.default_rng(0))
WHOLE = (slice(None),) * 3


@pytest.fixture
def scenery(thorax, pixel):
    image, _ = thorax(vessels=[((-75.0, 0.0), 5.0)])
    spacing = (3.0, pixel, pixel)
    return Scenery(image[None], spacing, map_lungs(image[None], spacing), 3.0)


def test_a_free_nodule_ends_at_vessels_and_one_at_a_vessel_does_not(scenery):
    lungs = scenery.lung_map
    free = scenery.allowed(BODY, WHOLE)
    np.testing.assert_array_equal(free, lungs.lungs & ~lungs.vessels)
    touching = scenery.allowed(replace(BODY, attachment="vessel"), WHOLE)
    np.testing.assert_array_equal(touching, lungs.lungs)


def test_a_nodule_at_the_pleura_reaches_a_little_into_the_wall(scenery, pixel):
    lungs = scenery.lung_map.lungs
    allowed = scenery.allowed(replace(BODY, attachment="pleura"), WHOLE)
    assert allowed[lungs].all()
    assert not allowed[ndimage.distance_transform_edt(~lungs[0])[None] * pixel > 1.0].any()
    finer = Scenery(scenery.volume, (3.0, 0.4, 0.4), scenery.lung_map, 3.0)
    wider = finer.allowed(replace(BODY, attachment="pleura"), WHOLE)
    np.testing.assert_array_equal(wider[0], ndimage.distance_transform_edt(~lungs[0]) * 0.4 <= 1.0)
    assert wider.sum() > lungs.sum()


def test_parenchyma_is_measured_without_vessels_and_wall(scenery):
    mask = np.ones(scenery.volume.shape, dtype=bool)
    assert scenery.parenchyma(WHOLE, mask) == pytest.approx(-850, abs=1)


def test_a_slice_is_measured_once(scenery, monkeypatch):
    first = scenery.sigma(0)
    monkeypatch.setattr(scenery, "volume", None)
    assert scenery.sigma(0) == first
