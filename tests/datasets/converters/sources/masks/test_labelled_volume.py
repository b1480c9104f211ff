"""Boxes of volumes with labels on their voxels."""

import numpy as np
import pytest
from skimage.measure import label, regionprops

from lidnet_mm.datasets.converters.source_case import UnusableCaseError
from lidnet_mm.datasets.converters.sources.masks.labelled_volume import (
    boxes_of_labels,
    read_labelled_volume,
    require_lesion,
)


def random_blobs(labels=3, seed=0):
    """(4, 24, 32) uint8 whose labels touch and overlap the border; slice 2 is empty."""
    rng = np.random.default_rng(seed)
    mask = np.zeros((4, 24, 32), np.uint8)
    for value in range(1, labels + 1):
        for index in (0, 1, 3):
            for _ in range(3):
                row, column = rng.integers(0, 22), rng.integers(0, 30)
                height, width = rng.integers(1, 6, 2)
                mask[index, row : row + height, column : column + width] = value
    return mask


def as_tuples(boxes):
    return sorted((box.x, box.y, box.width, box.height, box.area) for box in boxes)


def regions(mask):
    """The same boxes by scikit-image."""
    return sorted(
        (left, top, right - left, bottom - top, region.num_pixels)
        for region in regionprops(label(mask, connectivity=2))
        for top, left, bottom, right in [region.bbox]
    )


@pytest.mark.parametrize("stored", ["LPS", "RAS", "LAI"])
def test_boxes_are_the_regions_of_each_slice(write_volume, tmp_path, hu_volume, stored):
    mask = random_blobs()
    image = write_volume(hu_volume(4, 24, 32), "größe 1/image.nii.gz", stored)
    labels = write_volume(mask, "größe 1/mask.nrrd")
    content = read_labelled_volume(image, labels, "patient 1")
    assert sorted(content.boxes) == [0, 1, 3]
    for index, boxes in content.boxes.items():
        assert as_tuples(boxes) == regions(mask[index] > 0)
    assert content.annotated is None


def test_named_labels_are_lesions_of_their_own_even_where_they_touch():
    mask = random_blobs()
    mask[0, 10:13, 10:13], mask[0, 10:13, 13:16] = 1, 2
    found = boxes_of_labels(lambda index: mask[index], 4, "here", label_name="clot")
    for index, boxes in found.items():
        for value in (1, 2, 3):
            of_label = [box for box in boxes if box.attributes == {"clot": value}]
            assert as_tuples(of_label) == regions(mask[index] == value)
    assert len(found[0]) > len(boxes_of_labels(lambda index: mask[index], 4, "here")[0])


@pytest.mark.parametrize(
    ("value", "reason"), [(0.5, "not whole"), (-1.0, "no mask"), (np.nan, "NaN")]
)
def test_values_that_are_no_labels_are_refused(value, reason):
    mask = random_blobs().astype(np.float32)
    mask[2, 3, 4] = value
    with pytest.raises(UnusableCaseError, match=rf"^patient 7, slice 2: .*{reason}") as caught:
        boxes_of_labels(lambda index: mask[index], 4, "patient 7")
    assert "patient" not in caught.value.reason


def test_more_than_half_a_volume_is_no_lesion():
    with pytest.raises(UnusableCaseError, match="100 % of the voxels"):
        boxes_of_labels(lambda index: np.ones((4, 4)), 2, "patient 7")


def test_labels_on_other_voxels_are_refused(write_volume, hu_volume):
    image = write_volume(hu_volume(4, 24, 32), "image.nii.gz")
    shifted = write_volume(random_blobs(), "mask.nii.gz", origin=(-19.0, 30.0, -400.0))
    with pytest.raises(UnusableCaseError, match=r"affine: .*1 mm apart") as caught:
        read_labelled_volume(image, shifted, "patient 7")
    assert "mask.nii.gz" in caught.value.source and "mask.nii" not in caught.value.reason
    smaller = write_volume(random_blobs()[:3], "mask.nii.gz")
    with pytest.raises(UnusableCaseError, match=r"\(4, 24, 32\) and \(3, 24, 32\)"):
        read_labelled_volume(image, smaller, "patient 7")


def test_damaged_files_are_named_on_the_terminal_only(write_volume, hu_volume):
    image = write_volume(hu_volume(4, 24, 32), "image.nii.gz")
    labels = write_volume(random_blobs(), "mask.nii.gz")
    labels.write_bytes(labels.read_bytes()[:-40])
    with pytest.raises(UnusableCaseError, match="cannot be read; copy") as caught:
        read_labelled_volume(image, labels, "patient 7")
    image.write_bytes(b"nothing")
    with pytest.raises(UnusableCaseError, match=r"copy.*: a volume cannot be opened$") as opened:
        read_labelled_volume(image, labels, "patient 7")
    for error in (caught.value, opened.value):
        assert ".nii.gz" in error.source and ".nii" not in error.reason


def test_an_empty_mask_can_be_refused():
    boxes = boxes_of_labels(lambda index: np.zeros((4, 4)), 2, "patient 7")
    assert boxes == {}
    with pytest.raises(UnusableCaseError, match=r"^patient 7: the labels have no voxel above 0"):
        require_lesion(boxes, "patient 7")
