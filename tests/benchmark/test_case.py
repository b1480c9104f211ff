import base64

import numpy as np
import pytest

from lidnet_mm.benchmark import Case
from lidnet_mm.benchmark.case import case_pictures
from lidnet_mm.visualization import Detections, SlicePanel, slice_png

WINDOW = (-160, 240)


def make_case(**changes):
    image = np.random.default_rng(0).normal(0, 100, (64, 80))
    settings = {
        "name": "case_0003, slice 12",
        "images": {"LDCT": image, "NDCT": image / 2},
        "ground_truth": np.array([[10.0, 10, 30, 26]]),
        "detections": {"NDCT": (np.array([[9.0, 9, 30, 27], [0, 0, 5, 5]]), np.array([0.9, 0.1]))},
        "window_hu": WINDOW,
    }
    return Case(**{**settings, **changes})


def decode(uri):
    assert uri.startswith("data:image/png;base64,")
    return base64.b64decode(uri.split(",")[1])


def test_pictures_show_boxes_above_the_threshold():
    case = make_case()
    ldct, ndct = case_pictures(case)
    assert (ldct.title, ndct.title) == ("LDCT", "NDCT")
    found = Detections(np.array([[9.0, 9, 30, 27]]), np.array([0.9]))
    panel = SlicePanel("NDCT", case.images["NDCT"], case.ground_truth, found)
    assert decode(ndct.whole) == slice_png(panel, WINDOW)
    assert ndct.description == "NDCT: 1 annotated lesion, 1 predicted (score 0.90)"
    assert ldct.description == "LDCT: 1 annotated lesion, none predicted"


def test_the_lesion_is_enlarged_without_boxes():
    case = make_case()
    expected = slice_png(SlicePanel("x", case.images["LDCT"]), WINDOW, 360, (0, 0, 40, 40))
    assert decode(case_pictures(case)[0].lesion) == expected


def test_a_slice_without_lesion_has_no_enlargement():
    assert case_pictures(make_case(ground_truth=np.zeros((0, 4))))[0].lesion is None


def test_images_that_do_not_match_are_refused():
    with pytest.raises(ValueError, match=r"case_0003.*one shape"):
        make_case(images={"a": np.zeros((9, 9)), "b": np.zeros((9, 8))})
    with pytest.raises(ValueError, match="without image"):
        make_case(detections={"other": (np.zeros((0, 4)), np.zeros(0))})
    with pytest.raises(ValueError, match="HU window"):
        make_case(window_hu=(5, 5))
