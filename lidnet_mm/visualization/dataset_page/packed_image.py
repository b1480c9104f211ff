"""CT images in HU as text of a web page, small enough for dozens of them.

A browser reads pictures as 8 bits, which leaves one window. So the HU themselves are packed:
rounded to a step, each pixel predicted by its left and upper neighbour, the differences split in
high and low bytes, compressed with zlib and written in base 64. ``templates/packed_image.js``
unpacks them.
"""

import base64
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

BYTES_A_PIXEL = 0.8
"""50 slices of 512 x 512 pixels, LDCT and NDCT, then take less than 28 MB in base 64."""

BYTES_A_PAGE = 20e6
"""Smaller pages keep every HU."""

SMALLEST = 64
"""Bytes that an image may take however small it is: zlib has some of its own."""


@dataclass(frozen=True)
class PackedImage:
    """An image as text.

    Attributes:
        text: Base 64.
        step: Whole HU to which the image is rounded: half a step is the largest error.
    """

    text: str
    step: int


def allowed_bytes(num_pixels: int) -> float:
    """How large a page's images may be.

    Args:
        num_pixels: Pixels of all its images.

    Returns:
        Bytes a pixel, before base 64.
    """
    return max(BYTES_A_PIXEL, BYTES_A_PAGE / num_pixels)


def pack_images(
    images: Mapping[str, np.ndarray], bytes_a_pixel: float = BYTES_A_PIXEL
) -> dict[str, PackedImage]:
    """Pack the images of a slice with the smallest steps of 1, 2, 4, 8, ... HU that keep it small.

    Noise does not compress: the image with most of it gets a coarser step, which stays far below
    the noise, before the others do.

    Args:
        images: (H, W) each, HU, finite, by title.
        bytes_a_pixel: Largest size on average over the images, before base 64.

    Returns:
        The packed images by title.
    """
    most = sum(max(bytes_a_pixel * hu.size, SMALLEST) for hu in images.values())
    steps = dict.fromkeys(images, 1)
    contents = {title: _compressed(hu, 1) for title, hu in images.items()}
    while sum(map(len, contents.values())) > most:
        largest = max(contents, key=lambda title: len(contents[title]))
        steps[largest] *= 2
        contents[largest] = _compressed(images[largest], steps[largest])
    return {
        title: PackedImage(base64.b64encode(content).decode("ascii"), steps[title])
        for title, content in contents.items()
    }


def _compressed(hu: np.ndarray, step: int) -> bytes:
    """The image in zlib's format, all in 16-bit arithmetic modulo 2^16."""
    levels = np.clip(np.rint(np.asarray(hu, np.float64) / step), -0x8000, 0x7FFF).astype(np.int32)
    padded = np.pad(levels, ((1, 0), (1, 0)))
    predicted = (padded[:-1, 1:] + padded[1:, :-1]) >> 1
    residuals = (levels - predicted).astype(np.int16).astype(np.int32)
    folded = (residuals << 1 ^ residuals >> 31).astype(np.uint16)  # sign in the lowest bit
    planes = np.stack([folded >> 8, folded & 0xFF]).astype(np.uint8)
    return zlib.compress(planes.tobytes(), 9)
