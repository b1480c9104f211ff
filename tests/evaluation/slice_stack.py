"""A stack of axial slices of which every place is known."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from lidnet_mm.evaluation.lesions import SliceBox

ORIGIN = (-20.0, 30.0)
ROW_MM, COLUMN_MM = 0.5, 0.8


@dataclasses.dataclass
class Stack:
    """Axial slices at any heights."""

    heights: Sequence[float]
    slice_spacing: float | None
    spacing: tuple[float, float] | None = (ROW_MM, COLUMN_MM)
    slice_shape: tuple[int, int] = (100, 120)

    @property
    def num_slices(self):
        return len(self.heights)

    def voxel_position(self, index, row, column):
        x, y = ORIGIN
        return np.array([x + column * COLUMN_MM, y + row * ROW_MM, self.heights[index]])


def nodule(index, box, score=0.5):
    return SliceBox(index, "nodule", box, score)
