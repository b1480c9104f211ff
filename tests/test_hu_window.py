import numpy as np
import pytest
import torch

from lidnet_mm.hu_window import HUWindow


def test_limits_and_centre_map_to_zero_one_and_half():
    window = HUWindow.parse([-160, 240])
    hu = np.array([-1024.0, -160.0, 40.0, 240.0, 3000.0])
    np.testing.assert_allclose(window.normalize(hu), [0, 0, 0.5, 1, 1])
    np.testing.assert_allclose(window.clip(hu), [-160, -160, 40, 240, 240])


def test_int16_images_do_not_overflow():
    hu = np.array([[-30000, 30000]], dtype=np.int16)
    np.testing.assert_allclose(HUWindow(-1000, 1000).normalize(hu), [[0, 1]])


def test_tensors_and_arrays_agree_and_return_to_hu():
    hu = np.linspace(-1200, 1200, 25, dtype=np.float32)
    window = HUWindow(-1000, 1000)
    unit = window.normalize(torch.from_numpy(hu))
    np.testing.assert_allclose(unit.numpy(), window.normalize(hu), rtol=1e-6)
    np.testing.assert_allclose(window.denormalize(unit).numpy(), hu.clip(-1000, 1000), atol=1e-3)


@pytest.mark.parametrize("limits", [(240, -160), (0, 0), (0,), (0, 1, 2), (0, float("nan"))])
def test_impossible_windows_are_refused(limits):
    with pytest.raises(ValueError, match="HU window"):
        HUWindow.parse(limits)
