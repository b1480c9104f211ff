import numpy as np
import pytest
from packed_hu import unpacked

from lidnet_mm.benchmark import Case
from lidnet_mm.benchmark.cases.case import NeighbourSlice
from lidnet_mm.benchmark.cases.case_images import case_images, pixels_an_image, shown_region

WINDOW = (-1000.0, 400.0)


def hu_of(packed):
    return unpacked(packed.text, *packed.shape, packed.step)


def make_case(image, truth=((10.0, 12, 20, 22),), neighbours=()):
    return Case("case_0001, slice 1", {"LDCT": image}, np.array(truth).reshape(-1, 4), {}, WINDOW,
                neighbours=neighbours)  # fmt: skip


def test_an_image_with_room_keeps_every_hu():
    image = np.rint(np.random.default_rng(0).normal(0, 300, (40, 50)))
    ((_, _, packed),) = case_images(make_case(image), pixels_an_image([make_case(image)], 1e6))
    assert (packed.binning, packed.region, packed.whole.step) == (1, None, 1)
    np.testing.assert_array_equal(hu_of(packed.whole), image)


def test_without_room_the_region_keeps_its_pixels_and_the_rest_is_averaged():
    image = np.rint(np.random.default_rng(0).normal(0, 50, (120, 90)))
    case = make_case(image, neighbours=[NeighbourSlice(1, {"LDCT": image}, np.zeros((0, 4)), {})])
    (_, _, own), (_, _, neighbour) = case_images(case, 4000)
    x1, y1, x2, y2 = shown_region(case)
    assert (y2 - y1, x2 - x1) == (40, 40)
    error = hu_of(own.region) - image[y1:y2, x1:x2]
    assert np.abs(error).max() <= own.region.step / 2
    assert own.whole.shape == (-(-120 // own.binning), -(-90 // own.binning))
    assert neighbour.region is None
    for packed in (own, neighbour):
        parts = [packed.whole, *([packed.region] if packed.region else [])]
        assert sum(np.prod(part.shape) for part in parts) <= 4000
    b = own.binning
    assert abs(hu_of(own.whole)[1, 2] - image[b : 2 * b, 2 * b : 3 * b].mean()) <= (
        own.whole.step / 2
    )


@pytest.mark.parametrize("box", [(0.0, 0, 8, 8), (80.0, 100, 90, 120), (0.0, 0, 90, 120)])
def test_the_region_is_inside_and_square(box):
    x1, y1, x2, y2 = shown_region(make_case(np.zeros((120, 90)), (box,)))
    assert 0 <= x1 < x2 <= 90 and 0 <= y1 < y2 <= 120
    assert x2 - x1 == y2 - y1 >= 40


def test_a_large_lesion_is_shown_in_its_middle():
    case = make_case(np.zeros((512, 512)), ((100.0, 100, 400, 400),))
    assert shown_region(case) == (186, 186, 314, 314)


def test_without_lesion_the_middle_is_shown():
    assert shown_region(make_case(np.zeros((120, 90)), ())) == (25, 40, 65, 80)
