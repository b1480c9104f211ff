"""Find the lungs of chest CT by threshold and morphology, slice by slice or through a volume.

Regions of low HU that the trunk surrounds are aerated lung, airway or gas of the bowel; the foam
of a table lies beside the trunk. Gas has nothing in it: it reads -1000 HU nearly everywhere, while
lung holds blood and tissue and reads more. That tells them apart in a single slice, of any
thickness, where the shape of the lungs in 3-D is not at hand.
"""

import numpy as np
from scipy import ndimage

AERATED_HU = -400.0
"""Lung, smoothed over a millimetre, is below; tissue above."""

GAS_HU = -940.0
"""A region whose median is below holds nothing but gas."""

SMOOTHING_MM = 1.0
SMALLEST_LUNG_CM2 = 5.0
CLOSING_MM = 4.0
LARGEST_VESSEL_CM2 = 3.0
TRUNK_OPENING_MM = 3.0
"""Clothes and the shells of tables are thinner than twice this."""

SURROUNDED = 0.55
"""Least share of a lung's outline that is next to the trunk; a crop through a lung leaves 0.6."""

AIRWAY_MM = 2.5
AIRWAY_HU = -952.0
AIRWAY_BELOW_LUNG = 70.0
"""An airway is gas, and this much below the median of the lungs, over ``AIRWAY_MM`` around."""

LARGEST_AIRWAY_CM2 = 8.0
"""What is larger is a bulla, a part of the lung."""

SMALLEST_SHARE = 0.02
"""Parts of a volume's lungs are at least this share of them all."""


def segment_lungs(image: np.ndarray, spacing: tuple[float, float]) -> np.ndarray:
    """Find the lungs of one axial slice.

    Args:
        image: (H, W) in HU.
        spacing: Distance of rows and of columns in mm.

    Returns:
        (H, W) bool: parenchyma with its vessels, without trachea and main bronchi. Nothing is True
        where the slice shows no lung.
    """
    image = np.asarray(image, dtype=np.float32)
    smooth = ndimage.gaussian_filter(
        np.clip(image, -1000, 200), [SMOOTHING_MM / s for s in spacing]
    )
    labels, count = ndimage.label(smooth < AERATED_HU)
    if count == 0:
        return np.zeros(image.shape, dtype=bool)
    pixel_cm2 = spacing[0] * spacing[1] / 100
    areas = np.bincount(labels.ravel(), minlength=count + 1) * pixel_cm2
    near_trunk = _near_trunk(smooth, spacing)
    lungs = np.zeros(image.shape, dtype=bool)
    for label in np.flatnonzero(areas[1:] >= SMALLEST_LUNG_CM2) + 1:
        part = labels == label
        filled = ndimage.binary_fill_holes(np.pad(part, 1))
        outline = ndimage.binary_dilation(filled) & ~filled
        surrounded = np.pad(near_trunk, 1)[outline].mean() >= SURROUNDED
        if surrounded and np.median(image[part]) > GAS_HU:
            lungs |= part
    if not lungs.any():
        return lungs
    return _with_vessels(_without_airways(lungs, smooth, spacing), spacing)


def segment_lung_volume(volume: np.ndarray, spacing: tuple[float, float, float]) -> np.ndarray:
    """Find the lungs of a volume: slice by slice, then only what hangs together through slices.

    Args:
        volume: (S, H, W) in HU; one slice is fine.
        spacing: Distance of slices, rows and columns in mm.

    Returns:
        (S, H, W) bool.
    """
    lungs = np.stack([segment_lungs(image, spacing[1:]) for image in volume])
    if len(volume) < 3 or not lungs.any():
        return lungs
    labels, count = ndimage.label(lungs)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    sizes[0] = 0
    return (sizes >= SMALLEST_SHARE * sizes.sum())[labels]


def _near_trunk(smooth: np.ndarray, spacing: tuple[float, float]) -> np.ndarray:
    """Mark the largest body of tissue, widened by what opening takes off its corners."""
    element = disk(TRUNK_OPENING_MM, spacing)
    labels, count = ndimage.label(ndimage.binary_opening(smooth > AERATED_HU, element))
    if count == 0:
        return np.zeros(smooth.shape, dtype=bool)
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    areas[0] = 0
    return ndimage.binary_dilation(labels == np.argmax(areas), element)


def _without_airways(
    lungs: np.ndarray, smooth: np.ndarray, spacing: tuple[float, float]
) -> np.ndarray:
    """Take out the trachea and the main bronchi where they run into a lung."""
    limit = min(AIRWAY_HU, float(np.median(smooth[lungs])) - AIRWAY_BELOW_LUNG)
    gas = ndimage.binary_opening((smooth < limit) & lungs, disk(AIRWAY_MM, spacing))
    labels, count = ndimage.label(gas)
    areas = np.bincount(labels.ravel(), minlength=count + 1) * spacing[0] * spacing[1] / 100
    areas[0] = np.inf
    lumen = (areas < LARGEST_AIRWAY_CM2)[labels]
    return lungs & ~ndimage.binary_dilation(lumen, disk(AIRWAY_MM, spacing))


def _with_vessels(lungs: np.ndarray, spacing: tuple[float, float]) -> np.ndarray:
    """Close the holes that vessels leave, and drop what is small."""
    margin = int(np.ceil(2 * CLOSING_MM / min(spacing)))
    padded = np.pad(lungs, margin)
    closed = ndimage.binary_closing(padded, disk(CLOSING_MM, spacing))
    closed = closed[margin:-margin, margin:-margin]
    labels, count = ndimage.label(_fill_small_holes(closed, spacing))
    areas = np.bincount(labels.ravel(), minlength=count + 1) * spacing[0] * spacing[1] / 100
    areas[0] = 0
    return (areas >= SMALLEST_LUNG_CM2)[labels]


def _fill_small_holes(mask: np.ndarray, spacing: tuple[float, float]) -> np.ndarray:
    """Fill holes up to the size of a large vessel; a heart between two lungs stays out."""
    labels, count = ndimage.label(~mask)
    areas = np.bincount(labels.ravel(), minlength=count + 1) * spacing[0] * spacing[1] / 100
    areas[0] = np.inf
    return mask | (areas < LARGEST_VESSEL_CM2)[labels]


def disk(radius_mm: float, spacing: tuple[float, float]) -> np.ndarray:
    """Make a structuring element.

    Args:
        radius_mm: Its radius in mm.
        spacing: Distance of rows and of columns in mm.

    Returns:
        2-D bool, at least 3 x 3.
    """
    reach = [max(1, int(radius_mm / s)) for s in spacing]
    rows, columns = np.ogrid[-reach[0] : reach[0] + 1, -reach[1] : reach[1] + 1]
    return (rows * spacing[0]) ** 2 + (columns * spacing[1]) ** 2 <= max(
        radius_mm, max(spacing)
    ) ** 2
