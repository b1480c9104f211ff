import numpy as np
import pytest

from lidnet_mm.benchmark import Case
from lidnet_mm.benchmark.cases.case import NeighbourSlice, detections_of

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


def near(offset, **changes):
    images = {name: np.full((64, 80), float(offset)) for name in ("LDCT", "NDCT")}
    return NeighbourSlice(offset, changes.get("images", images), np.zeros((0, 4)), {})


def test_slices_run_from_inferior_to_superior_with_its_own_among_them():
    case = make_case(neighbours=[near(2), near(-1), near(1)])
    assert [part.offset for part in case.slices] == [-1, 0, 1, 2]
    assert case.slices[1].images is case.images
    assert case.shape == (64, 80)


def test_detections_of_an_image_without_any():
    assert len(detections_of(make_case(), "LDCT").scores) == 0
    assert detections_of(make_case(), "NDCT").above(0.5).scores.tolist() == [0.9]


def test_images_that_do_not_match_are_refused():
    with pytest.raises(ValueError, match=r"case_0003.*one shape"):
        make_case(images={"LDCT": np.zeros((9, 9)), "NDCT": np.zeros((9, 8))})
    with pytest.raises(ValueError, match="without image"):
        make_case(detections={"other": (np.zeros((0, 4)), np.zeros(0))})
    with pytest.raises(ValueError, match="HU window"):
        make_case(window_hu=(5, 5))
    with pytest.raises(ValueError, match=r"different offsets, got \[0, 0\]"):
        make_case(neighbours=[near(0)])
    with pytest.raises(ValueError, match=r"slice \+1 shows \['LDCT'\]"):
        make_case(neighbours=[near(1, images={"LDCT": np.zeros((64, 80))})])
