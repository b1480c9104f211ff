"""Texture error of one lesion, and why some lesions have none."""

from typing import NamedTuple

import numpy as np

from lidnet_mm.evaluation.glcm_texture import GLCMTexture, box_slices, glcm_texture, is_flat

TOO_SMALL, FLAT, FLATTENED = "too_small", "flat", "flattened"


class TextureError(NamedTuple):
    """How far the texture of a lesion is from NDCT.

    Attributes:
        difference (GLCMTexture | None): Absolute differences; None where there is no texture.
        skipped (str | None): Why there is none: ``too_small``, ``flat`` (a single grey level in
            NDCT) or ``flattened`` (a single grey level in the denoised image alone).
    """

    difference: GLCMTexture | None
    skipped: str | None = None


def texture_error(
    denoised: np.ndarray, reference: np.ndarray, box: np.ndarray, bin_width: float, min_size: int
) -> TextureError:
    """Absolute texture differences in one lesion box.

    Args:
        denoised (np.ndarray): x̂, (H, W) in HU, clipped as it is to be compared.
        reference (np.ndarray): y, likewise.
        box (np.ndarray): (4,), x1 y1 x2 y2 in pixels; what lies outside the image is cut off.
        bin_width (float): Width of a grey level in HU.
        min_size (int): Fewest pixels on each side of the box.

    Returns:
        TextureError: The differences, or why there are none.
    """
    region = box_slices(box, reference.shape)
    if min(reference[region].shape) < min_size:
        return TextureError(None, TOO_SMALL)
    if is_flat(reference[region], bin_width):
        return TextureError(None, FLAT)
    if is_flat(denoised[region], bin_width):
        return TextureError(None, FLATTENED)
    x, y = (glcm_texture(image[region], bin_width) for image in (denoised, reference))
    return TextureError(x.absolute_difference(y))
