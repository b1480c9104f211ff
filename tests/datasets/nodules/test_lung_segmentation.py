"""Lungs found in drawn and in real slices."""

import numpy as np
import pytest

from lidnet_mm.datasets.nodules.lung_segmentation import segment_lung_volume, segment_lungs
from lidnet_mm.datasets.phantom.lungs import lung_distance
from lidnet_mm.datasets.readers import open_volume
from lidnet_mm.datasets.thorax_phantom import make_thorax_phantom

ABDOMEN_OR_SHOULDERS = {
    "TCGA-17-Z011_1", "TCGA-17-Z034_1", "TCGA-17-Z034_2", "TCGA-17-Z050_1", "TCGA-17-Z062_0",
    "TCGA-50-6591_0", "TCGA-51-4079_1", "TCGA-51-4080_0", "TCGA-60-2722_0", "TCGA-92-8065_1",
}  # fmt: skip
TIP_OF_A_LUNG = {"TCGA-17-Z053_2", "TCGA-60-2724_0", "TCGA-92-8065_0"}


def overlap(first, second):
    """Dice's coefficient."""
    return 2 * (first & second).sum() / (first.sum() + second.sum())


@pytest.mark.parametrize("noise", [0.0, 60.0])
def test_both_lungs_and_no_airway_gas_or_table(thorax, pixel, noise):
    image, lungs = thorax(noise=noise)
    found = segment_lungs(image, (pixel, pixel))
    assert overlap(found, lungs) > 0.97
    assert not (found & (image < -960) & ~lungs).any()


def test_vessels_belong_to_the_lungs(thorax, pixel):
    image, lungs = thorax(vessels=[((-75, 0), 5.0), ((80, 30), 3.0), ((-75, 77), 4.0)])
    assert overlap(segment_lungs(image, (pixel, pixel)), lungs) > 0.97


@pytest.mark.parametrize("columns", [slice(0, 150), slice(80, 300), slice(150, 300)])
def test_lungs_of_a_crop_through_the_body(thorax, pixel, columns):
    image, lungs = thorax(columns=columns)
    assert overlap(segment_lungs(image, (pixel, pixel)), lungs) > 0.95


@pytest.mark.parametrize("value", [-1000.0, 40.0, -850.0])
def test_nothing_in_an_image_without_body_or_air(value):
    assert not segment_lungs(np.full((64, 64), value), (1.0, 1.0)).any()


def test_integers_give_the_same_lungs(thorax, pixel):
    image, _ = thorax(noise=20.0)
    image = np.rint(image)
    as_int = segment_lungs(image.astype(np.int16), (pixel, pixel))
    np.testing.assert_array_equal(as_int, segment_lungs(image, (pixel, pixel)))


def test_the_phantoms_lungs_are_where_they_were_painted():
    phantom = make_thorax_phantom(seed=2)
    scan = phantom.scan
    axis = (np.arange(scan.image_size) - (scan.image_size - 1) / 2) * scan.pixel
    painted = np.stack(
        [lung_distance(phantom.shape, axis[None, :], axis[:, None], z) < 0 for z in phantom.heights]
    )
    spacing = (scan.slice_thickness, scan.pixel, scan.pixel)
    assert overlap(segment_lung_volume(phantom.image, spacing), painted) > 0.93


def test_what_does_not_hang_together_through_slices_is_dropped(thorax, pixel):
    image, lungs = thorax()
    with_bubble = image.copy()
    rows, columns = np.ogrid[: len(image), : len(image)]
    bubble = np.hypot(rows - 225, columns - 149) < 12
    with_bubble[bubble] = -800.0
    assert (segment_lungs(with_bubble, (pixel, pixel)) & bubble).any(), "alone it may be lung"
    found = segment_lung_volume(
        np.stack([image] * 6 + [with_bubble] + [image] * 6), (2.0, pixel, pixel)
    )
    assert not (found[6] & bubble).any()
    assert overlap(found[6], lungs) > 0.97


def test_lungs_of_human_size_in_all_real_slices(real_data):
    files = sorted((real_data / "chest_slices").glob("*.nii.gz"))
    assert len(files) == 53
    for path in files:
        name = path.name.removesuffix(".nii.gz")
        volume = open_volume(path)
        image = volume.read_slice(0)
        lungs = segment_lungs(image, volume.spacing)
        area = lungs.sum() * np.prod(volume.spacing) / 100
        if name in ABDOMEN_OR_SHOULDERS:
            assert area == 0, name
            continue
        low, high = (3, 40) if name in TIP_OF_A_LUNG else (90, 420)
        assert low < area < high, f"{name}: {area:.0f} cm²"
        assert -935 < np.median(image[lungs]) < -550, name
        assert (image[lungs] > -200).mean() < 0.15, name
