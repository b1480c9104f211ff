"""The procedural thorax: geometry, tissues in HU, nodules and their masks."""

import nibabel as nib
import numpy as np
import pytest
from scipy import ndimage
from skimage import measure

from lidnet_mm.datasets.phantom.nodules import DIAMETERS
from lidnet_mm.datasets.readers import open_volume
from lidnet_mm.datasets.thorax_phantom import (
    PhantomScan,
    make_thorax_phantom,
    write_thorax_phantoms,
)

SMALL = PhantomScan(image_size=64, slices=4, slice_thickness=6.0)
SEEDS = range(4)


@pytest.fixture(scope="module")
def patients():
    return [make_thorax_phantom(seed=seed) for seed in SEEDS]


def coordinates(phantom):
    """x and y of the columns and rows in mm."""
    size, pixel = phantom.scan.image_size, phantom.scan.pixel
    axis = (np.arange(size) - (size - 1) / 2) * pixel
    return axis[None, :], axis[:, None]


def body_of(section):
    """Body without air and table, the lungs filled."""
    labels = measure.label(ndimage.binary_opening(section > -300))
    largest = np.argmax(np.bincount(labels.ravel())[1:]) + 1
    return ndimage.binary_fill_holes(labels == largest)


def test_same_seed_same_patient_and_other_seed_another():
    first, again = (make_thorax_phantom(SMALL, 7) for _ in range(2))
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(first.mask, again.mask)
    other = make_thorax_phantom(SMALL, 8)
    assert other.shape != first.shape
    assert np.abs(other.image.astype(float) - first.image).mean() > 50


def test_air_around_and_table_below(patients):
    for phantom in patients:
        corner = phantom.image[:, :15, :15]
        assert abs(corner.mean() + 1000) < 2
        assert 2 < corner.std() < 10
        assert (phantom.image[:, -40:, 60:100] > -900).any()


def test_two_lungs_of_human_size(patients):
    for phantom in patients:
        pixel_cm2 = phantom.scan.pixel**2 / 100
        for section in phantom.image:
            lung = (section < -600) & ndimage.binary_erosion(body_of(section), iterations=3)
            for half in (lung[:, :80], lung[:, 80:]):
                assert 25 < half.sum() * pixel_cm2 < 180
            width = np.ptp(np.nonzero(body_of(section))[1]) * phantom.scan.pixel
            assert 250 < width < 340


def test_parenchyma_is_textured_and_denser_at_the_back(patients):
    for phantom in patients:
        _, y = coordinates(phantom)
        body = np.stack([ndimage.binary_erosion(body_of(s), iterations=4) for s in phantom.image])
        lung = ndimage.binary_erosion(body & (phantom.image < -650), np.ones((1, 3, 3)))
        values = phantom.image[lung]
        assert -910 < np.median(values) < -790
        assert 12 < np.std(values[np.abs(values - np.median(values)) < 100]) < 45
        front = np.median(phantom.image[lung & (y < -30)])
        back = np.median(phantom.image[lung & (y > 30)])
        assert 10 < back - front < 80


def test_soft_tissues_have_their_hounsfield_units(patients):
    fat, muscle = [], []
    for phantom in patients:
        body = np.stack([body_of(section) for section in phantom.image])
        values = phantom.image[body]
        counts, edges = np.histogram(values, bins=np.arange(-160, 160, 8))
        middle = (edges[:-1] + edges[1:]) / 2
        fat.append(middle[middle < -50][np.argmax(counts[middle < -50])])
        muscle.append(middle[middle > 0][np.argmax(counts[middle > 0])])
        assert (values > 400).mean() > 0.01, "bones"
        assert 500 < values.max() < 1300
    assert np.mean(fat) == pytest.approx(-100, abs=15)
    assert np.mean(muscle) == pytest.approx(47, abs=12)


def test_descending_aorta_and_heart(patients):
    for phantom in patients:
        x, y = coordinates(phantom)
        shape = phantom.shape
        aorta = np.hypot(x - 21, y - 0.68 * shape.spine_y) < 0.6 * shape.aorta_radius
        values = phantom.image[:, aorta]
        assert np.abs(values.mean(axis=1) - 56).max() < 15, "continuous through all slices"
        assert 5 < values.std() < 16


def test_slices_hang_together(patients):
    for phantom in patients:
        image = phantom.image.astype(float)
        steps = [np.corrcoef(image[i].ravel(), image[i + 1].ravel())[0, 1] for i in range(11)]
        assert min(steps) > 0.9
        assert np.corrcoef(image[0].ravel(), image[11].ravel())[0, 1] < min(steps)


def test_about_half_of_the_slices_hold_a_lesion(patients):
    share = [phantom.mask.any(axis=(1, 2)).mean() for phantom in patients]
    assert all(0 < value < 1 for value in share)
    assert 0.3 < np.mean(share) < 0.75


def test_nodules_have_the_hounsfield_units_of_their_kind(patients):
    checked = 0
    for phantom in patients:
        labels = measure.label(phantom.mask)
        for region in measure.regionprops(labels):
            mask = labels == region.label
            core = ndimage.binary_erosion(mask, np.ones((1, 3, 3)))
            if core.sum() < 15:
                continue
            nodule = nearest_nodule(phantom, region.centroid)
            value = phantom.image[core].mean()
            assert value == pytest.approx(nodule.hu, abs=70 if nodule.solid else 130)
            shell = ndimage.binary_dilation(mask, iterations=3)
            shell &= ~ndimage.binary_dilation(mask, iterations=2)
            assert np.median(phantom.image[shell]) < value - 150
            checked += 1
    assert checked >= 3


def nearest_nodule(phantom, centroid):
    """The nodule around a place (slice, row, column)."""
    x, y = coordinates(phantom)
    z = np.interp(centroid[0], np.arange(len(phantom.heights)), phantom.heights)
    place = (x[0, round(centroid[2])], y[round(centroid[1]), 0], z)
    return min(phantom.nodules, key=lambda n: np.linalg.norm(np.subtract(n.centre, place)))


def test_a_mask_has_the_volume_of_its_nodule():
    scan = PhantomScan(image_size=170, slices=20, slice_thickness=3.0)
    checked = 0
    for seed in range(3):
        phantom = make_thorax_phantom(scan, seed)
        labels = measure.label(phantom.mask)
        for nodule in phantom.nodules:
            reach = phantom.heights[[0, -1]] + (nodule.reach, -nodule.reach)
            mean_diameter = nodule.diameter
            assert DIAMETERS[0] - 0.01 <= mean_diameter <= DIAMETERS[1] + 0.01
            if not reach[0] < nodule.centre[2] < reach[1] or mean_diameter < 10:
                continue
            regions = [
                region
                for region in measure.regionprops(labels)
                if nearest_nodule(phantom, region.centroid) is nodule
            ]
            measured = sum(region.area for region in regions) * scan.pixel**2 * 3.0
            assert measured == pytest.approx(volume_of(nodule), rel=0.12)
            checked += 1
    assert checked >= 2


def volume_of(nodule):
    """Volume in mm³ by throwing points at the nodule."""
    points = np.random.default_rng(0).uniform(-1, 1, (60_000, 3)) * nodule.reach + nodule.centre
    return (nodule.level(*points.T) < 1).mean() * (2 * nodule.reach) ** 3


def test_written_volumes_have_spacing_and_orientation(tmp_path):
    write_thorax_phantoms(tmp_path / "out", 2, SMALL, seed=3)
    names = sorted(
        p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").glob("*/*")
    )
    assert names == [f"patient_00{n}/{kind}.nii.gz" for n in (0, 1) for kind in ("image", "mask")]
    path = tmp_path / "out" / "patient_001" / "image.nii.gz"
    assert nib.aff2axcodes(nib.load(path).affine) == ("L", "P", "S")
    volume = open_volume(path)
    assert volume.spacing == pytest.approx((340 / 64, 340 / 64))
    assert volume.slice_spacing == pytest.approx(6.0)
    expected = make_thorax_phantom(SMALL, (3, 1))
    np.testing.assert_array_equal(volume.read_slice(2), expected.image[2])
    mask = open_volume(path.with_name("mask.nii.gz"))
    np.testing.assert_array_equal(mask.read_slice(1), expected.mask[1])
    middle = (volume.voxel_position(0, 0, 0) + volume.voxel_position(3, 63, 63)) / 2
    np.testing.assert_allclose(middle[:2], 0, atol=1e-3)


def test_an_existing_folder_is_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ValueError, match="exists"):
        write_thorax_phantoms(tmp_path, 1, SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_nothing_is_left_after_an_error(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr("lidnet_mm.datasets.thorax_phantom.write_whole", fail)
    with pytest.raises(OSError, match="no space"):
        write_thorax_phantoms(tmp_path / "out", 1, SMALL)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "settings",
    [{"image_size": 8}, {"slices": 0}, {"field_of_view_mm": 0}, {"slice_thickness": -1.0}],
)
def test_impossible_scans_are_refused(settings):
    with pytest.raises(ValueError, match=r"give|above 0"):
        PhantomScan(**settings)


def test_a_field_of_view_without_lung_is_refused():
    with pytest.raises(ValueError, match="too little lung"):
        make_thorax_phantom(PhantomScan(image_size=32, field_of_view_mm=20.0, slices=2))


def test_no_patients_are_refused(tmp_path):
    with pytest.raises(ValueError, match="at least 1"):
        write_thorax_phantoms(tmp_path / "out", 0)
