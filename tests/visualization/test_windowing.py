import numpy as np
import pytest

from lidnet_mm.visualization import apply_window


def test_window_limits_are_black_and_white_and_rounding_is_to_nearest():
    hu = np.array([[-2000, -160, -159.3, -159.1], [40, 239.3, 240, 3000]])
    grey = apply_window(hu, (-160, 240))
    assert grey.dtype == np.uint8
    np.testing.assert_array_equal(grey, [[0, 0, 0, 1], [128, 255, 255, 255]])


def test_an_image_that_is_not_a_number_is_not_drawn_as_black():
    with pytest.raises(ValueError, match="NaN"):
        apply_window(np.array([[0.0, np.nan]]), (-160, 240))
