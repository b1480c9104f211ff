"""Which nodules of several readers are one, and where they agree that it is."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from lidnet_mm.datasets.converters.lesion_boxes import LesionBox

OUTLINES = ("half", "union", "mean")
"""How the outlines of several readers become one box a slice.

``half``: around the pixels that at least half of the nodule's readers drew.
``union``: around the pixels that any of them drew.
``mean``: mean of the edges of their boxes, where at least half of them drew on the slice.
"""


@dataclass(frozen=True)
class DrawnNodule:
    """The pixels that one reader drew of one nodule.

    Attributes:
        reader: Who.
        pixels: Slice → sorted numbers of its pixels, row · columns + column; at least one.
        malignancy: Suspicion from 1 to 5; None where the reader gave none.
    """

    reader: int
    pixels: Mapping[int, np.ndarray]
    malignancy: int | None = None

    @property
    def size(self) -> int:
        """Number of pixels on all slices."""
        return sum(map(len, self.pixels.values()))

    def shared(self, other: "DrawnNodule") -> int:
        """Number of pixels that both have."""
        return sum(
            len(np.intersect1d(self.pixels[index], other.pixels[index], assume_unique=True))
            for index in self.pixels.keys() & other.pixels.keys()
        )


@dataclass(frozen=True)
class SliceGrid:
    """Where pixels lie.

    Attributes:
        columns: Columns of a slice.
        spacing: Distance between rows and between columns in mm.
        heights: Position of each slice along the patient in mm.
    """

    columns: int
    spacing: tuple[float, float]
    heights: Sequence[float]

    def millimetres(self, nodule: DrawnNodule) -> np.ndarray:
        """(N, 3) places of a nodule's pixels in mm."""
        places = []
        for index, pixels in nodule.pixels.items():
            rows, columns = np.divmod(pixels, self.columns)
            height = np.full(len(pixels), self.heights[index])
            places.append(np.c_[height, rows * self.spacing[0], columns * self.spacing[1]])
        return np.concatenate(places)


def group_nodules(
    nodules: Sequence[DrawnNodule], grid: SliceGrid, near_mm: float
) -> list[list[DrawnNodule]]:
    """Join what several readers drew of one nodule.

    Nodules of two readers are the same where they share pixels, or where their nearest pixels are
    within ``near_mm``. A reader draws a nodule once: pairs that overlap most are joined first
    (by Dice's coefficient, then by distance), and no group gets two nodules of one reader.

    Args:
        nodules: Those of all readers.
        grid: Where their pixels lie.
        near_mm: Largest distance in mm of nodules that share no pixel.

    Returns:
        The groups, by their lowest slice.
    """
    places = [grid.millimetres(nodule) for nodule in nodules]
    pairs = []
    for a, b in itertools.combinations(range(len(nodules)), 2):
        if nodules[a].reader == nodules[b].reader or _apart(places[a], places[b]) > near_mm:
            continue
        dice = 2 * nodules[a].shared(nodules[b]) / (nodules[a].size + nodules[b].size)
        distance = 0.0 if dice else float(cKDTree(places[a]).query(places[b])[0].min())
        if distance <= near_mm:
            pairs.append((-dice, distance, a, b))
    groups = [[number] for number in range(len(nodules))]
    for _, _, a, b in sorted(pairs):
        one, other = groups[a], groups[b]
        readers = [nodules[number].reader for number in (*one, *other)]
        if one is not other and len(set(readers)) == len(readers):
            one += other
            for number in other:
                groups[number] = one
    unique = {id(group): group for group in groups}.values()
    found = [[nodules[number] for number in sorted(group)] for group in unique]
    return sorted(found, key=lambda group: min(min(nodule.pixels) for nodule in group))


def consensus_boxes(
    group: Sequence[DrawnNodule], columns: int, outline: str = "half"
) -> dict[int, LesionBox]:
    """Find the box of one nodule on each of its slices.

    Args:
        group: What its readers drew.
        columns: Columns of a slice.
        outline: How their outlines become one box, of ``OUTLINES``.

    Returns:
        Slice → box, for the slices on which they agree so far.
    """
    boxes = {}
    for index in sorted({index for nodule in group for index in nodule.pixels}):
        drawn = [nodule.pixels[index] for nodule in group if index in nodule.pixels]
        if outline == "mean":
            if 2 * len(drawn) >= len(group):
                boxes[index] = _mean_box([_box(pixels, columns) for pixels in drawn])
            continue
        pixels, readers = np.unique(np.concatenate(drawn), return_counts=True)
        if outline == "half":
            pixels = pixels[2 * readers >= len(group)]
        if len(pixels):
            boxes[index] = _box(pixels, columns)
    return boxes


def _apart(one: np.ndarray, other: np.ndarray) -> float:
    """Distance in mm of the boxes around two sets of places: no places are nearer."""
    gap = np.maximum(one.min(axis=0) - other.max(axis=0), other.min(axis=0) - one.max(axis=0))
    return float(np.linalg.norm(np.maximum(gap, 0)))


def _box(pixels: np.ndarray, columns: int) -> LesionBox:
    """The box around pixels."""
    rows, cols = np.divmod(pixels, columns)
    x, y = int(cols.min()), int(rows.min())
    return LesionBox(x, y, int(cols.max()) - x + 1, int(rows.max()) - y + 1, len(pixels))


def _mean_box(boxes: Sequence[LesionBox]) -> LesionBox:
    """The box of the mean edges."""
    values = [(box.x, box.y, box.width, box.height, box.area) for box in boxes]
    return LesionBox(*(float(value) for value in np.mean(values, axis=0)))
