import numpy as np
import pytest

from lidnet_mm.evaluation import ImageWindow


def test_limits_and_centre_map_to_zero_one_and_half():
    window = ImageWindow.parse([-160, 240])
    hu = np.array([-1024.0, -160.0, 40.0, 240.0, 3000.0])
    np.testing.assert_allclose(window.to_unit(hu), [0, 0, 0.5, 1, 1])
    np.testing.assert_allclose(window.clip(hu), [-160, -160, 40, 240, 240])


def test_int16_images_do_not_overflow():
    hu = np.array([[-30000, 30000]], dtype=np.int16)
    np.testing.assert_allclose(ImageWindow(-1000, 1000).to_unit(hu), [[0, 1]])


@pytest.mark.parametrize("limits", [(240, -160), (0, 0), (0,), (0, 1, 2), (0, float("nan"))])
def test_impossible_windows_are_refused(limits):
    with pytest.raises(ValueError, match="HU window"):
        ImageWindow.parse(limits)
