"""The two-channel image that carries LDCT and NDCT through MMDetection's transforms."""

import numpy as np


def stack_pair(ldct: np.ndarray, ndct: np.ndarray) -> np.ndarray:
    """Stack a pair into one image.

    Args:
        ldct: (H, W) float32, HU.
        ndct: (H, W) float32, HU.

    Returns:
        (H, W, 2) float32, HU: channel 0 LDCT, channel 1 NDCT.
    """
    return np.stack([ldct, ndct], axis=-1).astype(np.float32, copy=False)


def require_untouched_ndct(results: dict, transform: str) -> np.ndarray:
    """The NDCT slice as it was loaded.

    Args:
        results: The sample.
        transform: Name of the transform that needs it, for errors.

    Returns:
        (H, W) float32, HU.

    Raises:
        ValueError: The image is already a pair, or was cropped, padded, resized or flipped, so
            that it no longer is the slice of the volume.
    """
    image = results["img"]
    if image.ndim != 2:
        raise ValueError(
            f"{transform} needs the NDCT slice, (H, W), but the image of"
            f" {results['img_path']} has shape {image.shape}: use one of LoadPairedLDCT and"
            " SimulateLowDose, once"
        )
    moved = (
        image.shape != tuple(results["ori_shape"])
        or tuple(results["scale_factor"]) != (1.0, 1.0)
        or "homography_matrix" in results
        or results.get("flip", False)
    )
    if moved:
        raise ValueError(
            f"{transform} must stand before the transforms that crop, pad, resize or flip"
            f" ({results['img_path']}): move it up in the pipeline, right after LoadCTSlice"
        )
    return image
