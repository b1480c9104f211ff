"""Crops show a lesion as often as is asked for, whole, and anywhere within them."""

import numpy as np
import pytest
from mmdet.structures.bbox import HorizontalBoxes

from lidnet_mm.datasets.transforms.random_lesion_crop import RandomLesionCrop


def crop(transform, box, shape=(60, 80), rows=None):
    """Image of column numbers (or row numbers) and the box after a crop."""
    columns = np.broadcast_to(np.arange(shape[1], dtype=np.float32), shape)
    image = columns if rows is None else rows
    boxes = HorizontalBoxes([box] if box else np.zeros((0, 4)), dtype=None)
    results = {"img": image, "img_shape": shape, "gt_bboxes": boxes}
    return transform.transform(results)


@pytest.mark.parametrize("box", [(3, 4, 9, 12), (70, 50, 80, 60), (30.4, 20.6, 38.2, 31.1)])
def test_the_lesion_is_whole_and_where_it_was(box):
    transform = RandomLesionCrop((24, 24), lesion_prob=1)
    width, height = box[2] - box[0], box[3] - box[1]
    for _ in range(50):
        results = crop(transform, box)
        assert results["img"].shape == (24, 24)
        (found,) = results["gt_bboxes"].tensor.tolist()
        assert found[2] - found[0] == pytest.approx(width, abs=1e-4)
        assert found[3] - found[1] == pytest.approx(height, abs=1e-4)
        assert found[0] + results["img"][0, 0] == pytest.approx(box[0], abs=1e-4)


def test_the_lesion_may_be_anywhere_in_the_crop():
    np.random.seed(0)
    transform = RandomLesionCrop((24, 24), lesion_prob=1)
    lefts = {crop(transform, (40, 30, 44, 34))["gt_bboxes"].tensor[0, 0].item() for _ in range(900)}
    assert lefts == set(range(21))


def test_lesions_are_shown_as_often_as_asked():
    np.random.seed(0)
    shape, box = (4000, 4000), (2000, 2000, 2004, 2004)
    image = np.zeros(shape, np.float32)
    for wanted in (0.0, 0.75):
        transform = RandomLesionCrop((24, 24), lesion_prob=wanted)
        shown = [len(crop(transform, box, shape, image)["gt_bboxes"]) for _ in range(800)]
        assert np.mean(shown) == pytest.approx(wanted, abs=4 * np.sqrt(0.19 / 800))


def test_a_lesion_larger_than_the_crop_shows_its_middle():
    results = crop(RandomLesionCrop((10, 10), lesion_prob=1), (20, 20, 60, 50))
    assert results["img"][0, 0] <= 40 <= results["img"][0, -1] + 1


def test_slices_smaller_than_the_crop_and_slices_without_lesion():
    assert crop(RandomLesionCrop((99, 99)), (3, 4, 9, 12))["img"].shape == (60, 80)
    assert crop(RandomLesionCrop((24, 24)), None)["img"].shape == (24, 24)


def test_no_probability():
    with pytest.raises(ValueError, match="lesion_prob"):
        RandomLesionCrop((8, 8), lesion_prob=1.5)
