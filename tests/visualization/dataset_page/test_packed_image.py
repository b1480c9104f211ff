import numpy as np
import pytest

from lidnet_mm.visualization.dataset_page.packed_image import allowed_bytes, pack_images


def pack_image(hu, *limit, **limits):
    """The packing of a single image."""
    return pack_images({"NDCT": hu}, *limit, **limits)["NDCT"]


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (7, 1), (12, 17)])
def test_every_hu_comes_back(dataset, shape):
    hu = np.random.default_rng(0).integers(-1024, 3072, shape)
    packed = pack_image(hu.astype(np.float32), bytes_a_pixel=4)
    assert packed.step == 1
    np.testing.assert_array_equal(dataset.unpack(packed.text, 1, shape), hu)


def test_extremes_of_16_bits_come_back_and_what_lies_beyond_is_clipped(dataset):
    hu = np.array([[-32768, 32767, -32768], [32767, 0, -1], [-40000, 40000, 5]], np.float32)
    packed = pack_image(hu, 9)
    np.testing.assert_array_equal(
        dataset.unpack(packed.text, 1, hu.shape), hu.clip(-32768, 32767).astype(int)
    )


def test_fractions_are_rounded_to_the_nearest_hu(dataset):
    hu = np.array([[-0.6, -0.4, 0.4, 0.6, 99.9]])
    packed = pack_image(hu)
    assert dataset.unpack(packed.text, packed.step, hu.shape).tolist() == [[-1, 0, 0, 1, 100]]


@pytest.mark.parametrize("deviation", [60, 1000])
def test_noise_that_is_too_large_is_rounded_to_the_smallest_step_that_fits(dataset, deviation):
    hu = np.random.default_rng(0).normal(0, deviation, (64, 64))
    packed = pack_image(hu, 0.8)
    error = np.abs(dataset.unpack(packed.text, packed.step, hu.shape) - hu).max()
    assert len(packed.text) <= 4 / 3 * 0.8 * hu.size + 4
    assert packed.step / 4 < error <= packed.step / 2
    assert len(pack_image(hu, 4).text) > 4 / 3 * 0.8 * hu.size, "exact, it is larger"
    assert packed.step < deviation


def test_fifty_pairs_of_512_pixels_stay_below_30_mb_whatever_they_show():
    hu = np.random.default_rng(0).uniform(-1024, 3071, (512, 512))
    most = allowed_bytes(100 * 512 * 512)
    assert 100 * len(pack_image(hu, most).text) < 28.1e6


def test_of_a_pair_the_noisy_image_is_rounded_first():
    rng = np.random.default_rng(0)
    ndct = np.cumsum(rng.integers(-3, 4, (64, 64)), axis=1).astype(float)
    packed = pack_images({"LDCT": ndct + rng.normal(0, 60, ndct.shape), "NDCT": ndct}, 0.8)
    assert packed["NDCT"].step == 1 < packed["LDCT"].step
    assert sum(len(image.text) for image in packed.values()) <= 4 / 3 * 1.6 * 64 * 64 + 8


def test_small_pages_keep_every_hu():
    hu = np.random.default_rng(0).normal(0, 60, (192, 192))
    assert pack_image(hu, allowed_bytes(48 * hu.size)).step == 1
