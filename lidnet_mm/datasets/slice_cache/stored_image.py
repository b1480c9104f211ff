"""An image as the bytes of a file: ``.npy``, with facts and a checksum behind the pixels."""

import functools
import io
import json
import mmap
import re
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

HEADER = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '(<i2|<f4)', 'fortran_order': False,"
    rb" 'shape': \((\d{1,6}), (\d{1,6})\), \} *\n",
    re.DOTALL,
)
"""What ``numpy.save`` writes in front of the pixels."""

CHECKSUM_BYTES = 8


def encode_image(image: np.ndarray, facts: Mapping[str, Any]) -> bytes:
    """Turn an image into bytes, as int16 where that loses nothing and else as float32.

    CT slices are whole numbers in all but a few files; as int16 they take half the disk and half
    the page cache, and the conversion costs no more than copying twice the bytes.
    ``numpy.load`` reads the file, too, and leaves out what follows the pixels.

    Args:
        image: (H, W) float32.
        facts: What json can hold.

    Returns:
        The content of the file.
    """
    image = np.ascontiguousarray(image, dtype=np.float32)
    with np.errstate(invalid="ignore"):  # values beyond int16 are found by the comparison
        whole = image.astype(np.int16)
    same = np.array_equal(whole.astype(np.float32).view(np.int32), image.view(np.int32))
    stored = whole if same else image
    content = io.BytesIO()
    np.save(content, stored, allow_pickle=False)
    header = content.getvalue()[: -stored.nbytes]
    rest = json.dumps(facts).encode()
    content.write(_checksum(header, stored.ravel(), rest))
    content.write(rest)
    return content.getvalue()


def decode_image(content: bytes | mmap.mmap) -> tuple[np.ndarray, dict[str, Any]]:
    """Turn bytes back into an image.

    Args:
        content: What ``encode_image`` made, or a map of it.

    Returns:
        (H, W) float32 that shares no memory with the content, and the facts.

    Raises:
        ValueError: The content is cut short or was changed.
    """
    length = 10 + int.from_bytes(content[8:10], "little")
    header = content[:length]
    dtype, shape = _layout(header)
    count = shape[0] * shape[1]
    end = length + count * dtype.itemsize
    if len(content) <= end + CHECKSUM_BYTES:
        raise ValueError(f"it ends after {len(content)} bytes")
    pixels = np.frombuffer(content, dtype, count, length)
    rest = content[end + CHECKSUM_BYTES :]
    if content[end : end + CHECKSUM_BYTES] != _checksum(header, pixels, rest):
        raise ValueError("its checksum does not match its content")
    return pixels.reshape(shape).astype(np.float32), json.loads(rest)


@functools.lru_cache(maxsize=64)
def _layout(header: bytes) -> tuple[np.dtype, tuple[int, int]]:
    """Type and shape of the pixels that follow a header."""
    match = HEADER.fullmatch(header)
    if match is None:
        raise ValueError("it does not begin like a cached image")
    code, height, width = match.groups()
    return np.dtype(code.decode()), (int(height), int(width))


def _checksum(header: bytes, pixels: np.ndarray, rest: bytes) -> bytes:
    """Sum of the pixels, eight bytes at a time: at the speed of memory; CRC of the rest."""
    whole = pixels.nbytes // 8
    words = np.frombuffer(pixels, np.uint64, whole)
    tail = bytes(memoryview(pixels).cast("B")[whole * 8 :])
    total = int(words.sum()) + int.from_bytes(tail, "little") + zlib.crc32(rest, zlib.crc32(header))
    return (total % (1 << 64)).to_bytes(CHECKSUM_BYTES, "little")
