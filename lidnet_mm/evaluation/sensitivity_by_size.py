"""Which lesions are found: sensitivity by their size in mm."""

import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lidnet_mm.evaluation.froc import FROC
from lidnet_mm.evaluation.slice_record import SliceRecord

SIZE_EDGES_MM = (6.0, 8.0, 15.0, 30.0)
"""Limits at which Lung-RADS v2022 changes the category of a solid nodule (6, 8 and 15 mm:
Christensen et al., CHEST 165, 2024), and 30 mm, above which a nodule is called a mass."""


class SizeSensitivity(NamedTuple):
    """Sensitivity for lesions of one range of sizes.

    Attributes:
        low_mm (float): Smallest size, included.
        high_mm (float): Size above, not included; may be infinite.
        num_lesions (int): How many there are.
        sensitivity (float | None): In [0, 1]; None without a lesion.
    """

    low_mm: float
    high_mm: float
    num_lesions: int
    sensitivity: float | None


def sensitivity_by_size(
    records: Sequence[SliceRecord],
    false_positives: float = 1.0,
    edges_mm: Sequence[float] = SIZE_EDGES_MM,
    size: str = "section",
    hit: str = "iou",
    iou: float = 0.5,
    per: str = "slice",
) -> list[SizeSensitivity]:
    """Sensitivity by size at one operating point, the same for all sizes.

    The mean over the sizes, weighted by their lesions, is the sensitivity of all.

    Args:
        records (Sequence[SliceRecord]): The slices.
        false_positives (float): Rate at which to read it, not negative. Defaults to 1.
        edges_mm (Sequence[float]): Limits between sizes, rising. Defaults to
            :data:`SIZE_EDGES_MM`.
        size (str): ``'section'``: larger side of the box on the slice; ``'diameter'``: that of the
            whole lesion, where all annotations tell it. Defaults to ``'section'``.
        hit (str): As for :class:`FROC`.
        iou (float): As for :class:`FROC`.
        per (str): As for :class:`FROC`.

    Returns:
        list[SizeSensitivity]: One a range, from 0 to infinity.

    Raises:
        ValueError: If the edges do not rise from above 0, or a size is not known.
    """
    edges = [0.0, *map(float, edges_mm), math.inf]
    if any(low >= high for low, high in itertools.pairwise(edges)):
        raise ValueError(f"sizes in mm must rise from above 0, got {tuple(edges_mm)}")
    froc = FROC(records, hit, iou, per)
    lesions = [lesion for record in records for lesion in record.lesions]
    sizes = np.array([lesion.diameter_or_size(size) for lesion in lesions])
    rows = []
    for low, high in itertools.pairwise(edges):
        own = (sizes >= low) & (sizes < high)
        share = froc.sensitivity([false_positives], lesions=own)[0, 0] if own.any() else None
        rows.append(
            SizeSensitivity(low, high, int(own.sum()), None if share is None else float(share))
        )
    return rows
