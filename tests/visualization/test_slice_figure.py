import io

import numpy as np
import pytest
from PIL import Image

from lidnet_mm.visualization import Detections, SlicePanel, apply_window, panels_png, slice_png
from lidnet_mm.visualization.slice_figure import lesion_region

WINDOW = (-160, 240)
BLUE, ORANGE = (86, 180, 233), (240, 165, 0)


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def is_colour(image, colour):
    return np.abs(image - colour).max(axis=-1) < 40


def test_every_pixel_is_drawn_as_a_square_of_its_windowed_grey():
    hu = np.random.default_rng(0).uniform(-300, 400, (16, 24))
    image = pixels(slice_png(SlicePanel("LDCT", hu), WINDOW, width=240))
    assert image.shape == (160, 240, 3)
    expected = np.kron(apply_window(hu, WINDOW), np.ones((10, 10)))
    np.testing.assert_allclose(image[..., 0], expected, atol=1)


def test_truth_is_a_solid_and_detection_a_dashed_rectangle_at_the_box_edges():
    hu = np.full((50, 50), -160.0)
    found = Detections(np.array([[30.0, 30, 45, 45]]), np.array([0.87]))
    image = pixels(slice_png(SlicePanel("x", hu, np.array([[5, 10, 25, 40]]), found), WINDOW, 500))
    truth = is_colour(image, BLUE)
    assert truth[110:390, 48:52].any(axis=1).all()
    assert truth[110:390, 248:252].any(axis=1).all()
    assert not truth[120:380, 70:230].any()
    side = is_colour(image, ORANGE)[310:440, 298:302].any(axis=1)
    assert 0.3 < side.mean() < 0.9
    assert np.abs(np.diff(side.astype(int))).sum() > 6
    assert is_colour(image, ORANGE)[270:297, 300:350].any(), "the score stands above the box"


def test_a_region_shows_that_part_only():
    hu = np.zeros((40, 40))
    hu[10:20, 20:30] = 240
    image = pixels(slice_png(SlicePanel("x", hu), WINDOW, 100, region=(20, 10, 30, 20)))
    assert (image == 255).all()


def test_score_at_the_top_edge_stays_inside_the_picture():
    hu = np.full((50, 50), -160.0)
    found = Detections(np.array([[44.0, 0, 50, 20]]), np.array([0.5]))
    orange = is_colour(
        pixels(slice_png(SlicePanel("x", hu, detections=found), WINDOW, 500)), ORANGE
    )
    assert orange[8:40, 400:495].any(), "text is placed inside, aligned to the right edge"


def test_the_same_picture_has_the_same_bytes():
    panel = SlicePanel("x", np.zeros((20, 20)), np.array([[2, 2, 9, 9]]))
    assert slice_png(panel, WINDOW) == slice_png(panel, WINDOW)


def test_panels_stand_side_by_side():
    dark, bright = np.full((30, 20), -160.0), np.full((30, 20), 240.0)
    image = pixels(panels_png([SlicePanel("a", dark), SlicePanel("b", bright)], WINDOW, width=100))
    assert image.shape == (150 + 28, 206, 3)
    assert (image[40:, 5:95] == 0).all()
    assert (image[40:, 111:200] == 255).all()


def test_panels_of_unequal_shape_are_refused():
    with pytest.raises(ValueError, match="one common shape"):
        panels_png([SlicePanel("a", np.zeros((9, 9))), SlicePanel("b", np.zeros((9, 8)))], WINDOW)


def test_detections_need_a_score_each_and_can_be_filtered():
    with pytest.raises(ValueError, match=r"\(n, 4\)"):
        Detections(np.zeros((2, 4)), np.zeros(3))
    found = Detections(np.arange(12.0).reshape(3, 4), np.array([0.2, 0.5, 0.9]))
    assert found.above(0.5).boxes.tolist() == [[4, 5, 6, 7], [8, 9, 10, 11]]


@pytest.mark.parametrize(
    "box", [(0, 0, 6, 6), (94, 50, 100, 58), (30, 30, 70, 44), (0, 0, 100, 60)]
)
def test_lesion_region_is_a_square_inside_the_image_around_the_lesion(box):
    x1, y1, x2, y2 = lesion_region(np.array(box, float), (60, 100))
    assert x2 - x1 == y2 - y1 >= 40
    assert x1 >= 0 and y1 >= 0 and x2 <= 100 and y2 <= 60
    if max(box[2] - box[0], box[3] - box[1]) <= 60:
        assert x1 <= box[0] and y1 <= box[1] and x2 >= box[2] and y2 >= box[3]
