"""What of a slice counts as body."""

from typing import TypeVar

BODY_HU = -500.0
"""Pixels above this HU are body, over which a noise level is averaged."""

Image = TypeVar("Image")
"""An array or a tensor."""


def in_body(image_hu: Image) -> Image:
    """Tell body from air, pixel by pixel.

    A slice without body has no noise level, so it cannot be simulated to one.

    Args:
        image_hu: array or tensor of any shape in HU.

    Returns:
        Booleans of the same kind and shape.
    """
    return image_hu > BODY_HU
