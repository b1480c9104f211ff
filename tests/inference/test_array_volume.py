"""Arrays and images as volumes, and the way back into their own order."""

import numpy as np
import pytest
import SimpleITK

from lidnet_mm.inference.array_volume import ArrayVolume

HU = np.arange(2 * 3 * 4, dtype=np.float32).reshape(2, 3, 4)


def display(volume: ArrayVolume) -> np.ndarray:
    """All slices in display order."""
    return np.stack([volume.read_slice(index) for index in range(volume.num_slices)])


@pytest.mark.parametrize("spacing", [None, (0.5, 0.8), (2.0, 0.5, 0.8)])
def test_an_array_is_in_display_order(spacing):
    volume = ArrayVolume.with_spacing(HU, spacing)
    np.testing.assert_array_equal(display(volume), HU)
    assert volume.spacing == (None if spacing is None else (0.5, 0.8))
    np.testing.assert_array_equal(volume.in_own_order(HU)["volume"], HU)


def test_a_single_slice_comes_back_as_one():
    volume = ArrayVolume.with_spacing(HU[0], (0.5, 0.8))
    assert volume.in_own_order(display(volume))["volume"].shape == (3, 4)


@pytest.mark.parametrize(
    "direction",
    [
        (1, 0, 0, 0, 1, 0, 0, 0, 1),
        (-1, 0, 0, 0, 1, 0, 0, 0, -1),
        (0, 0, 1, 1, 0, 0, 0, 1, 0),
        (0.96, 0.28, 0, -0.28, 0.96, 0, 0, 0, 1),
    ],
)
def test_an_image_comes_back_in_its_own_order_at_its_own_place(direction):
    image = SimpleITK.GetImageFromArray(HU)
    image.SetDirection(direction)
    image.SetSpacing((0.8, 0.5, 2.0))
    image.SetOrigin((3.0, -7.0, 11.0))
    volume = ArrayVolume.of_image(image)
    own = volume.in_own_order(display(volume))
    np.testing.assert_array_equal(own["volume"], HU)
    place = own["affine"] @ (1, 2, 3, 1)
    np.testing.assert_allclose(place[:3], image.TransformIndexToPhysicalPoint((3, 2, 1)))
    corner = volume.voxel_position(0, 0, 0)
    index = image.TransformPhysicalPointToIndex(corner.tolist())
    assert image[index] == volume.read_slice(0)[0, 0]


@pytest.mark.parametrize("shape", [(3,), (1, 2, 3, 4), (0, 3, 4)])
def test_other_shapes(shape):
    with pytest.raises(ValueError, match=r"give \(Z, Y, X\) or \(Y, X\)"):
        ArrayVolume(np.zeros(shape))


@pytest.mark.parametrize("spacing", [(0.0, 1.0), (1.0,), (1.0, -1.0, 1.0), (float("nan"), 1.0)])
def test_wrong_spacings(spacing):
    with pytest.raises(ValueError, match="mm between slices, rows and columns"):
        ArrayVolume.with_spacing(HU, spacing)
