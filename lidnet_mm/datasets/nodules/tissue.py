"""Put a nodule's tissue in place of what a slice shows."""

import numpy as np
from scipy import ndimage

from lidnet_mm.datasets.nodules.nodule import Nodule

VESSEL_HU = 40.0
"""Ground glass is alveoli that are partly filled: it approaches this, and hides no vessel."""

TEXTURE_MM = 1.2
SOLID_TEXTURE_HU = 9.0
GROUND_GLASS_TEXTURE = 0.16
"""Standard deviation of ground glass's unevenness as a share of its density."""


def replace_tissue(
    image: np.ndarray,
    lung_hu: float,
    nodule: Nodule,
    density: np.ndarray,
    core: np.ndarray,
    texture: np.ndarray,
    noise: np.ndarray | float = 0.0,
) -> np.ndarray:
    """Mix a nodule into a slice or volume.

    Solid tissue replaces what was there, noise included; it darkens nothing. Ground glass fills a
    share of the air, as much in every voxel, so that vessels and noise stay.

    Args:
        image: (..., H, W) in HU.
        lung_hu: Mean of the parenchyma around the nodule.
        nodule: What to mix in.
        density: (..., H, W) how much of each voxel it fills, 0 to 1, as sharp as the image.
        core: The same of the solid core.
        texture: (..., H, W) unevenness of its tissue, standard deviation 1.
        noise: Noise of the tissue in HU.

    Returns:
        (..., H, W) float32 in HU; equal to ``image`` where ``density`` and ``core`` are 0.
    """
    if not nodule.solid:
        filled = (nodule.hu - lung_hu) / (VESSEL_HU - lung_hu)
        filled = filled * (1 + GROUND_GLASS_TEXTURE * texture) * density
        smooth = ndimage.gaussian_filter(image, [0] * (image.ndim - 2) + [1.0, 1.0])
        image = image + filled * np.maximum(VESSEL_HU - smooth, 0)
        density = core
    value = nodule.hu if nodule.solid else nodule.core_hu
    tissue = value + SOLID_TEXTURE_HU * texture + noise
    return (image + density * np.maximum(tissue - image, 0)).astype(np.float32)


def draw_texture(
    shape: tuple[int, ...], spacing: tuple[float, ...], rng: np.random.Generator
) -> np.ndarray:
    """Draw the unevenness of tissue.

    Args:
        shape: Of the result.
        spacing: Distance of its voxels along each axis in mm.
        rng: For the texture.

    Returns:
        float32 of standard deviation 1, correlated over ``TEXTURE_MM``, averaged within voxels.
    """
    pad = [int(np.ceil(4 * TEXTURE_MM / s)) for s in spacing]
    white = rng.standard_normal([n + 2 * p for n, p in zip(shape, pad, strict=True)], np.float32)
    smooth = ndimage.gaussian_filter(white, [TEXTURE_MM / s for s in spacing])
    inner = tuple(slice(p, p + n) for n, p in zip(shape, pad, strict=True))
    return smooth[inner] / smooth.std()
