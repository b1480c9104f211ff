"""Nodules in drawn and real slices: edge, contrast, what stays as it was."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtr

from lidnet_mm.datasets.nodules.insertion import insert_nodules
from lidnet_mm.datasets.nodules.lung_map import LungMap, map_lungs
from lidnet_mm.datasets.nodules.nodule import Nodule
from lidnet_mm.datasets.nodules.nodule_kinds import NoduleRanges
from lidnet_mm.datasets.nodules.resolution import estimate_resolution
from lidnet_mm.datasets.readers import open_volume

VESSELS = [((-75.0, 20.0), 3.0), ((-90.0, -30.0), 2.5), ((80.0, 0.0), 4.0), ((70.0, 45.0), 2.5)]


class Sphere(NoduleRanges):
    """Draws solid spheres of 20 mm."""

    def draw(self, rng):
        return Nodule(
            (0.0, 0.0, 0.0), (10.0,) * 3, np.eye(3), np.zeros((0, 3)), np.zeros(0), np.zeros(0),
            "solid", "smooth", 30.0,
        )  # fmt: skip


def inserted(volume, spacing, ranges, count=1, seed=0, **options):
    lungs = map_lungs(volume, spacing)
    rng = np.random.default_rng(seed)
    return lungs, insert_nodules(volume, spacing, lungs, ranges, count, rng, **options)


@pytest.mark.parametrize("sigma_mm", [0.8, 1.1])
def test_the_edge_is_as_sharp_as_the_slice(thorax, pixel, sigma_mm):
    image, _ = thorax(sigma_mm=sigma_mm)
    _, result = inserted(image[None], (1.0, pixel, pixel), Sphere())
    sphere = result.nodules[0].nodule
    axis = np.arange(len(image)) * pixel
    x, y, z = sphere.centre
    radius = np.sqrt(100 - z**2)
    distance = np.hypot(axis[None] - x, axis[:, None] - y) - radius
    near = np.abs(distance) < 4
    width = np.hypot(estimate_resolution(image, (pixel, pixel)).sigma_mm, pixel / np.sqrt(12))
    expected = image + (30 - image) * ndtr(-distance / width)
    error = (result.volume[0] - expected)[near]
    assert np.abs(error).mean() < 20
    assert np.sqrt((error**2).mean()) < 35
    sharper = image + (30 - image) * ndtr(-distance / (0.5 * width))
    assert np.sqrt((error**2).mean()) < 0.4 * np.sqrt(
        ((result.volume[0] - sharper)[near] ** 2).mean()
    )


def test_a_thick_slice_lowers_the_contrast_of_a_small_nodule(thorax, pixel):
    image, _ = thorax()
    small = NoduleRanges((4.0, 4.0), ("solid",), ("smooth",), solid_hu=(30, 30))
    _, thin = inserted(image[None], (1.0, pixel, pixel), small)
    _, thick = inserted(image[None], (8.0, pixel, pixel), small)
    for result in (thin, thick):
        entry = result.nodules[0]
        assert entry.contrast_hu == pytest.approx(880, abs=3)
        seen = (result.volume[0] - image).max()
        assert seen == pytest.approx(entry.slice_contrast_hu[0], abs=45)
    assert thick.nodules[0].slice_contrast_hu[0] < 0.6 * 880
    assert thin.nodules[0].slice_contrast_hu[0] > 0.75 * 880


def test_nothing_changes_beyond_the_nodules_reach(thorax, pixel):
    image, _ = thorax(noise=10.0)
    spacing = (3.0, pixel, pixel)
    volume = np.stack([image] * 7)
    before = volume.copy()
    _, result = inserted(volume, spacing, NoduleRanges((6.0, 9.0)), count=3)
    np.testing.assert_array_equal(volume, before)
    assert len(result.nodules) == 3
    z, y, x = (np.arange(size) * step for size, step in zip(volume.shape, spacing, strict=True))
    far = np.ones(volume.shape, dtype=bool)
    for entry in result.nodules:
        cx, cy, cz = entry.nodule.centre
        blurred = entry.nodule.reach + 4 * 1.2 + pixel
        planar = np.hypot(x[None, None] - cx, y[None, :, None] - cy) > blurred
        far &= planar | (np.abs(z - cz) > entry.nodule.reach + 1.5)[:, None, None]
    np.testing.assert_array_equal(result.volume[far], volume[far])
    assert (result.volume[~far] != volume[~far]).any()


def test_labels_boxes_and_slices_of_a_volume_fit_the_diameters(thorax, pixel):
    image, _ = thorax()
    volume = np.stack([image] * 20)
    ranges = NoduleRanges((10.0, 10.0), ("solid",), ("smooth", "lobulated"))
    _, result = inserted(volume, (1.5, pixel, pixel), ranges, count=4, seed=3)
    whole = 0
    for number, entry in enumerate(result.nodules, start=1):
        mask = result.labels == number
        assert sorted(entry.slice_contrast_hu) == list(np.flatnonzero(mask.any(axis=(1, 2))))
        centre = np.argwhere(mask).mean(axis=0) * (1.5, pixel, pixel)
        if mask[0].any() or mask[-1].any():
            continue
        whole += 1
        np.testing.assert_allclose(centre[::-1], entry.nodule.centre, atol=1.0)
        measured = np.cbrt(6 / np.pi * mask.sum() * 1.5 * pixel**2)
        assert measured == pytest.approx(10.0, rel=0.04)
    assert whole >= 1


def test_vessels_are_left_alone_unless_they_are_to_be_touched(thorax, pixel):
    image, _ = thorax(vessels=VESSELS)
    spacing = (5.0, pixel, pixel)
    for seed in range(4):
        ranges = NoduleRanges((6.0, 14.0), ("solid",))
        lungs, result = inserted(image[None], spacing, ranges, count=2, seed=seed)
        change = np.abs(result.volume - image[None])
        assert not (result.labels > 0)[lungs.vessels].any()
        assert change[lungs.vessels].max() < 130, "no more than the blur of an edge nearby"
        assert change[lungs.vessels].mean() < 3
        touching = replace(ranges, attachments=("vessel",))
        lungs, result = inserted(image[None], spacing, touching, seed=seed)
        assert lungs.gap[result.labels > 0].min() < 2.0


def test_a_nodule_at_the_pleura_touches_the_wall(thorax, pixel):
    image, drawn = thorax()
    ranges = NoduleRanges((10.0, 14.0), ("solid",), ("smooth",), ("pleura",))
    for seed in range(3):
        lungs, result = inserted(image[None], (3.0, pixel, pixel), ranges, seed=seed)
        mask = result.labels[0] > 0
        assert lungs.depth[0][mask].min() < 1.5
        assert (mask & ~drawn).sum() < 0.25 * mask.sum()
        between = mask & (lungs.depth[0] < 2)
        assert result.volume[0][between].mean() > -250, "no air between nodule and wall"


def test_the_wall_of_an_airway_is_no_pleura():
    axis = np.arange(160) * 0.6 - 48
    away = np.hypot(axis[None], axis[:, None])
    image = np.where(away < 34, -850.0, 40.0)
    image[away < 9] = -1000.0
    depth = np.clip(np.minimum(away - 9, 34 - away), 0, None)[None]
    nowhere = np.zeros(depth.shape, dtype=bool)
    lungs = LungMap(depth > 0, nowhere, depth, np.full(depth.shape, 1e3))
    ranges = NoduleRanges((8.0, 8.0), ("solid",), ("smooth",), ("pleura",))
    places = []
    for seed in range(25):
        rng = np.random.default_rng(seed)
        result = insert_nodules(image[None], (2.0, 0.6, 0.6), lungs, ranges, 1, rng)
        x, y, _ = result.nodules[0].nodule.centre
        places.append(np.hypot(x - 48, y - 48))
    assert min(places) > 28


def test_noise_inside_is_that_of_the_slice(thorax, pixel):
    image, _ = thorax(noise=25.0)
    ranges = NoduleRanges((20.0, 20.0), ("solid",), ("smooth",), solid_hu=(30, 30))
    _, result = inserted(image[None], (2.0, pixel, pixel), ranges)
    x, y, _ = result.nodules[0].nodule.centre
    axis = np.arange(len(image)) * pixel
    core = np.hypot(axis[None] - x, axis[:, None] - y) < 6
    values = result.volume[0][core]
    assert values.mean() == pytest.approx(30, abs=12)
    assert values.std() == pytest.approx(np.hypot(25, 9), rel=0.25)


def test_nodules_that_nobody_could_see_are_not_drawn(thorax, pixel):
    image, _ = thorax()
    faint = NoduleRanges((4.0, 4.0), ("ground_glass",), ground_glass_hu=(-650, -650))
    _, result = inserted(image[None], (10.0, pixel, pixel), faint)
    assert (result.nodules, result.missing) == ((), 1)
    anyway = replace(faint, least_contrast_hu=0.0)
    _, result = inserted(image[None], (10.0, pixel, pixel), anyway)
    assert 20 < result.nodules[0].slice_contrast_hu[0] < 100


def test_same_seed_same_volume(thorax, pixel):
    image, _ = thorax(noise=10.0)
    first, again, other = (
        inserted(image[None], (3.0, pixel, pixel), NoduleRanges(), seed=s)[1] for s in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.volume, again.volume)
    np.testing.assert_array_equal(first.labels, again.labels)
    assert (first.volume != other.volume).any()


def test_what_fits_nowhere_is_counted(thorax, pixel):
    image, _ = thorax()
    _, result = inserted(image[None], (3.0, pixel, pixel), NoduleRanges((150.0, 160.0)), count=2)
    assert (result.nodules, result.missing) == ((), 2)
    np.testing.assert_array_equal(result.volume[0], image)


def test_nodules_in_real_lungs(real_data):
    names = ("TCGA-34-5234_0", "TCGA-17-Z011_0", "TCGA-60-2695_0", "TCGA-51-4079_0")
    for seed, name in enumerate(names):
        volume = open_volume(real_data / "chest_slices" / f"{name}.nii.gz")
        image = volume.read_slice(0)
        spacing = (volume.slice_spacing, *volume.spacing)
        lungs, result = inserted(image[None], spacing, NoduleRanges(), count=2, seed=seed)
        assert result.nodules
        for entry in result.nodules:
            x, y, _ = entry.nodule.centre
            row, column = round(y / spacing[1]), round(x / spacing[2])
            assert lungs.lungs[0, row, column], name
            assert 80 < entry.contrast_hu < 1050
        assert (lungs.lungs[0] | (result.labels[0] == 0)).all()
        outside = lungs.depth[0] == 0
        assert np.abs(result.volume[0] - image)[outside].mean() < 0.05
