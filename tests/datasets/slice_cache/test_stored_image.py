"""Images become bytes and the same images again, bit by bit, and damage is found."""

import io

import numpy as np
import pytest

from lidnet_mm.datasets.slice_cache.stored_image import decode_image, encode_image

RNG = np.random.default_rng(0)
WHOLE = RNG.integers(-1024, 3072, (5, 7)).astype(np.float32)
NEGATIVE_ZERO = np.where(WHOLE > 0, WHOLE, np.float32(-0.0))
DAMAGE = r"begin|ends|checksum|buffer"
LIMITS = np.array([[-32768, 32767, 0]], np.float32)


def bits(image):
    return image.view(np.uint32).tolist()


@pytest.mark.parametrize(
    ("image", "stored"),
    [
        (WHOLE, np.int16),
        (LIMITS, np.int16),
        (WHOLE + np.float32(0.25), np.float32),
        (NEGATIVE_ZERO, np.float32),
        (np.array([[32768, 1]], np.float32), np.float32),
        (np.array([[-32769, 1]], np.float32), np.float32),
        (np.array([[1e30, -1e30]], np.float32), np.float32),
        (np.float32(1e-40) * WHOLE, np.float32),
    ],
)
def test_bits_are_kept_and_whole_numbers_take_two_bytes(image, stored):
    content = encode_image(image, {})
    back, _ = decode_image(content)
    assert back.dtype == np.float32
    assert bits(back) == bits(image)
    plain = np.load(io.BytesIO(content), allow_pickle=False)
    assert plain.dtype == stored
    np.testing.assert_array_equal(plain, image)


def test_facts_come_back():
    facts = {"spacing": [0.1 + 0.2, 0.7], "corners": None}
    assert decode_image(encode_image(WHOLE, facts))[1] == facts


def test_the_image_may_be_changed_without_changing_the_content():
    content = encode_image(WHOLE, {})
    decode_image(content)[0][:] = 0
    np.testing.assert_array_equal(decode_image(content)[0], WHOLE)


def test_a_view_with_strides_is_stored_as_it_looks():
    np.testing.assert_array_equal(decode_image(encode_image(WHOLE[::-1].T, {}))[0], WHOLE[::-1].T)


@pytest.mark.parametrize("image", [WHOLE, WHOLE + np.float32(0.25)], ids=["int16", "float32"])
def test_every_byte_counts(image):
    """Any byte changed, or any length cut off."""
    content = encode_image(image, {"spacing": [0.7, 0.7]})
    decode_image(content)
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 0x10
        with pytest.raises(ValueError, match=DAMAGE):
            decode_image(bytes(changed))
    for length in range(len(content)):
        with pytest.raises(ValueError, match=DAMAGE):
            decode_image(content[:length])
