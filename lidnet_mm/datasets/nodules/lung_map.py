"""Where in a volume nodules may lie: lungs, vessels, and the way from every voxel to both."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from lidnet_mm.datasets.nodules.lung_segmentation import segment_lung_volume

VESSEL_CONTRAST_HU = 180.0
"""Vessels are this much above the parenchyma, after smoothing over ``SMOOTHING_MM``."""

SMOOTHING_MM = 0.6
SMALLEST_VESSEL_MM2 = 3.0


@dataclass(frozen=True)
class LungMap:
    """The lungs of a volume.

    Attributes:
        lungs: (S, H, W) bool.
        vessels: (S, H, W) bool: vessels and walls of airways inside the lungs, and whatever else
            stands out there.
        depth: (S, H, W) float32 mm to the lungs' outline, 0 outside.
        gap: (S, H, W) float32 mm to the nearest vessel.
    """

    lungs: np.ndarray
    vessels: np.ndarray
    depth: np.ndarray
    gap: np.ndarray


def map_lungs(volume: np.ndarray, spacing: tuple[float, float, float]) -> LungMap:
    """Find lungs and vessels.

    Args:
        volume: (S, H, W) in HU.
        spacing: Distance of slices, rows and columns in mm.

    Returns:
        The map; ``lungs`` is empty where the volume shows none.
    """
    lungs = segment_lung_volume(volume, spacing)
    vessels = np.stack(
        [_find_vessels(image, lung, spacing[1:]) for image, lung in zip(volume, lungs, strict=True)]
    )
    return LungMap(lungs, vessels, _way_to(~lungs, spacing), _way_to(vessels, spacing))


def _find_vessels(image: np.ndarray, lungs: np.ndarray, spacing: tuple[float, float]) -> np.ndarray:
    """Bright structures inside the lungs of a slice that are no specks of noise."""
    if not lungs.any():
        return lungs
    image = np.asarray(image, dtype=np.float32)
    smooth = ndimage.gaussian_filter(image, [SMOOTHING_MM / s for s in spacing])
    bright = lungs & (smooth > np.median(image[lungs]) + VESSEL_CONTRAST_HU)
    labels, count = ndimage.label(bright, np.ones((3, 3)))
    areas = np.bincount(labels.ravel(), minlength=count + 1) * spacing[0] * spacing[1]
    areas[0] = 0
    return (areas >= SMALLEST_VESSEL_MM2)[labels]


def _way_to(mask: np.ndarray, spacing: tuple[float, float, float]) -> np.ndarray:
    """Distance in mm of every voxel to a mask; far away where it is empty."""
    if not mask.any():
        return np.full(mask.shape, 1e3, dtype=np.float32)
    return ndimage.distance_transform_edt(~mask, sampling=spacing).astype(np.float32)
