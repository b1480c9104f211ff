"""Mixing of tissue into air and vessels."""

from dataclasses import replace

import numpy as np
import pytest

from lidnet_mm.datasets.nodules.nodule_kinds import draw_body
from lidnet_mm.datasets.nodules.tissue import draw_texture, replace_tissue

LUNG = -850.0
BODY = draw_body(8.0, "smooth", np.random.default_rng(0))
ZERO = np.zeros((40, 40), dtype=np.float32)


def mixed(nodule, image, density, core=ZERO, texture=ZERO, noise=0.0):
    return replace_tissue(image, LUNG, nodule, density, core, texture, noise)


def test_solid_tissue_takes_the_place_of_lung():
    image = np.full((40, 40), LUNG, dtype=np.float32)
    density = np.linspace(0, 1, 40, dtype=np.float32)[None].repeat(40, 0)
    changed = mixed(replace(BODY, hu=30.0), image, density)
    np.testing.assert_allclose(changed, LUNG + density * 880, atol=0.01)


def test_solid_tissue_darkens_nothing():
    image = np.full((40, 40), 300.0, dtype=np.float32)
    np.testing.assert_array_equal(mixed(BODY, image, ZERO + 1), image)


def test_the_noise_of_the_place_is_replaced_by_that_of_tissue():
    rng = np.random.default_rng(0)
    image = (LUNG + 60 * rng.standard_normal((40, 40))).astype(np.float32)
    noise = 10 * rng.standard_normal((40, 40))
    changed = mixed(replace(BODY, hu=30.0), image, ZERO + 1, noise=noise)
    np.testing.assert_allclose(changed, 30 + noise, atol=0.01)


def test_ground_glass_has_its_mean_keeps_noise_and_hides_no_vessel():
    rng = np.random.default_rng(0)
    noise = 20 * rng.standard_normal((40, 40))
    image = (LUNG + noise).astype(np.float32)
    image[:, 18:22] = 40 + noise[:, 18:22]
    glass = replace(BODY, kind="ground_glass", hu=-500.0)
    changed = mixed(glass, image, ZERO + 1)
    assert changed[:, :12].mean() == pytest.approx(-500, abs=6)
    assert changed[:, :12].std() == pytest.approx(20, rel=0.15)
    vessel = changed[:, 19:21].mean()
    assert vessel == pytest.approx(40, abs=60)
    assert vessel - changed[:, :12].mean() > 400


def test_a_core_is_solid():
    image = np.full((40, 40), LUNG, dtype=np.float32)
    core = ZERO.copy()
    core[10:20, 10:20] = 1
    part = replace(BODY, kind="part_solid", hu=-500.0, core=0.5, core_hu=20.0)
    changed = mixed(part, image, ZERO + 1, core)
    assert changed[15, 15] == pytest.approx(20)
    assert changed[30, 30] == pytest.approx(-500)


def test_nothing_changes_where_there_is_no_nodule():
    image = np.random.default_rng(0).normal(-800, 50, (40, 40)).astype(np.float32)
    for kind in ("solid", "part_solid", "ground_glass"):
        np.testing.assert_array_equal(mixed(replace(BODY, kind=kind), image, ZERO), image)


def test_texture_is_correlated_over_millimetres_whatever_the_voxel():
    for spacing in (0.5, 1.0):
        shape = (3, int(120 / spacing), int(120 / spacing))
        texture = draw_texture(shape, (3.0, spacing, spacing), np.random.default_rng(0))
        assert texture.shape == shape
        assert texture.std() == pytest.approx(1.0, abs=0.1)
        lag = round(2 / spacing)
        found = np.corrcoef(texture[:, :, lag:].ravel(), texture[:, :, :-lag].ravel())[0, 1]
        assert found == pytest.approx(np.exp(-(2.0**2) / (4 * 1.2**2)), abs=0.08)
