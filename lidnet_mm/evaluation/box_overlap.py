"""How far boxes overlap."""

import numpy as np


def box_overlap(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union of each pair.

    In the order of operations of pycocotools, so that an IoU on a threshold falls on the same side.

    Args:
        boxes (np.ndarray): (m, 4), x1 y1 x2 y2.
        others (np.ndarray): (n, 4), x1 y1 x2 y2.

    Returns:
        np.ndarray: float64 (m, n), in [0, 1].
    """
    common, own, other = _areas(boxes, others)
    joined = own + other - common
    return np.divide(common, joined, out=np.zeros_like(common), where=common > 0)


def overlap_of_smaller(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Part of the smaller box of each pair that lies in the other.

    Args:
        boxes (np.ndarray): (m, 4), x1 y1 x2 y2.
        others (np.ndarray): (n, 4), x1 y1 x2 y2.

    Returns:
        np.ndarray: float64 (m, n), in [0, 1].
    """
    common, own, other = _areas(boxes, others)
    smaller = np.minimum(own, other)
    return np.divide(common, smaller, out=np.zeros_like(common), where=common > 0)


def _areas(boxes: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Areas of what each pair shares (m, n), of the boxes (m, 1) and of the others (n,)."""
    x1, y1, x2, y2 = (edge[:, None] for edge in np.asarray(boxes, np.float64).T)
    u1, v1, u2, v2 = np.asarray(others, np.float64).T
    own, other = (x2 - x1) * (y2 - y1), (u2 - u1) * (v2 - v1)
    # Right edges as left + width: COCO keeps widths.
    width = np.minimum((x2 - x1) + x1, (u2 - u1) + u1) - np.maximum(x1, u1)
    height = np.minimum((y2 - y1) + y1, (v2 - v1) + v1) - np.maximum(y1, v1)
    return np.where((width > 0) & (height > 0), width * height, 0.0), own, other
