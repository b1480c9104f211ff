"""Lesions in three dimensions, and what is measured on their boxes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np


class SliceGeometry(Protocol):
    """Where the slices of a volume lie; every ``lidnet_mm.datasets.readers.CTVolume`` tells it."""

    @property
    def num_slices(self) -> int:
        """Number of axial slices."""

    @property
    def slice_shape(self) -> tuple[int, int]:
        """Rows and columns of a slice."""

    @property
    def spacing(self) -> tuple[float, float] | None:
        """Distance between rows and between columns in mm; None where no place is known."""

    @property
    def slice_spacing(self) -> float | None:
        """Regular distance between slices in mm; None where it is not known."""

    def voxel_position(self, index: int, row: float, column: float) -> np.ndarray:
        """(3,) mm in LPS+ of a place counted from the centre of the first voxel."""


@dataclass(frozen=True, order=True)
class SliceBox:
    """A box on one slice, in display order: rows towards posterior, columns towards left.

    Attributes:
        slice_index (int): Slice from 0, towards superior.
        label (str): Name of the class.
        box (tuple[float, float, float, float]): x1, y1, x2, y2 in pixels. They are edges, as in
            MMDetection and in the annotation files: pixel column 3 reaches from 3 to 4, and its
            centre is at 3.5.
        score (float): The detector's, in [0, 1].
    """

    slice_index: int
    label: str
    box: tuple[float, float, float, float]
    score: float

    @property
    def size(self) -> tuple[float, float]:
        """Height and width in pixels."""
        x1, y1, x2, y2 = self.box
        return y2 - y1, x2 - x1

    @property
    def area(self) -> float:
        """Square pixels."""
        height, width = self.size
        return height * width

    @property
    def centre(self) -> tuple[float, float]:
        """Row and column of the middle, counted from the centre of the first pixel.

        Half a pixel less than in the edges' coordinates: so counts ``voxel_position``.
        """
        x1, y1, x2, y2 = self.box
        return (y1 + y2 - 1) / 2, (x1 + x2 - 1) / 2


@dataclass(frozen=True)
class Lesion:
    """Boxes that belong together, at most one a slice, and their measures in the patient.

    Attributes:
        boxes (tuple[SliceBox, ...]): The boxes that were found, towards superior. Slices between
            them may have none.
        key_box (SliceBox): The box with the largest diameter: its slice is the key slice. Of equal
            ones that of larger area, then of higher score, then the most inferior.
        centre_mm (tuple[float, float, float] | None): Mean of the boxes' middles, weighted by
            area, mm in LPS+.
        diameter_mm (float | None): Largest axial diameter: the longer side of ``key_box``.
            A round or upright lesion fills its box from side to side; the diagonal would make it
            up to 41 % too large, while the side of a long one that lies aslant is up to 29 % too
            small.
        extent_mm (float | None): From the lower face of the first slice to the upper face of the
            last one: the distance of their middles and one regular slice distance.
    """

    boxes: tuple[SliceBox, ...]
    key_box: SliceBox
    centre_mm: tuple[float, float, float] | None
    diameter_mm: float | None
    extent_mm: float | None

    @property
    def label(self) -> str:
        """Name of the class."""
        return self.key_box.label

    @property
    def score(self) -> float:
        """Highest score of a box, in [0, 1]."""
        return max(box.score for box in self.boxes)

    @property
    def first_slice(self) -> int:
        """Most inferior slice."""
        return self.boxes[0].slice_index

    @property
    def last_slice(self) -> int:
        """Most superior slice."""
        return self.boxes[-1].slice_index

    @property
    def key_slice(self) -> int:
        """Slice where the lesion is largest."""
        return self.key_box.slice_index


def boxes_of_slice(
    slice_index: int,
    boxes: np.ndarray,
    scores: np.ndarray,
    labels: np.ndarray,
    class_names: Sequence[str],
    slice_shape: tuple[int, int],
) -> list[SliceBox]:
    """Take over what a detector found on a slice.

    Boxes are cut at the border of the slice. What has no area then is left out: it holds no pixel.

    Args:
        slice_index (int): Slice from 0, towards superior.
        boxes (np.ndarray): (N, 4), x1 y1 x2 y2 in pixels of the display order, as edges.
        scores (np.ndarray): (N,), in [0, 1].
        labels (np.ndarray): (N,) int, which class.
        class_names (Sequence[str]): Names of the classes.
        slice_shape (tuple[int, int]): Rows and columns.

    Returns:
        list[SliceBox]: At most N boxes.

    Raises:
        ValueError: If a number is not finite, a score outside [0, 1], or a label without name.
    """
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    scores, labels = np.asarray(scores, np.float64).ravel(), np.asarray(labels, np.int64).ravel()
    if not len(boxes) == len(scores) == len(labels):
        raise ValueError(
            f"slice {slice_index} has {len(boxes)} boxes, {len(scores)} scores and {len(labels)}"
            " labels; give one score and one label a box"
        )
    if not np.isfinite(boxes).all() or not ((scores >= 0) & (scores <= 1)).all():
        raise ValueError(
            f"slice {slice_index}: the detector gave a box that is not finite or a score outside"
            " 0 to 1; its weights or the slice's pixels are damaged"
        )
    unnamed = labels[(labels < 0) | (labels >= len(class_names))]
    if len(unnamed):
        raise ValueError(
            f"slice {slice_index}: the detector gave class {unnamed[0]}, but only"
            f" {len(class_names)} are named; name all classes of the detector"
        )
    height, width = slice_shape
    boxes = np.clip(boxes, 0, (width, height, width, height))
    return [
        SliceBox(slice_index, class_names[label], tuple(box.tolist()), float(score))
        for box, score, label in zip(boxes, scores, labels, strict=True)
        if box[0] < box[2] and box[1] < box[3]
    ]


def measure_lesion(boxes: Iterable[SliceBox], geometry: SliceGeometry) -> Lesion:
    """Measure boxes that belong together.

    Args:
        boxes (Iterable[SliceBox]): At least one, on different slices.
        geometry (SliceGeometry): Where the slices lie; without a place (spacing None) all mm are
            None.

    Returns:
        Lesion: The lesion.
    """
    boxes = tuple(sorted(boxes))
    spacing = geometry.spacing

    def diameter(box: SliceBox) -> float:
        return max(np.multiply(box.size, spacing or (1.0, 1.0)))

    key_box = max(boxes, key=lambda box: (diameter(box), box.area, box.score, -box.slice_index))
    if spacing is None:
        return Lesion(boxes, key_box, None, None, None)
    middles = [geometry.voxel_position(box.slice_index, *box.centre) for box in boxes]
    centre = np.average(middles, axis=0, weights=[box.area for box in boxes])
    ends = slice_heights(geometry, (boxes[0].slice_index, boxes[-1].slice_index))
    extent = None
    if geometry.slice_spacing is not None:
        extent = max(ends.values()) - min(ends.values()) + geometry.slice_spacing
    return Lesion(boxes, key_box, tuple(centre.tolist()), float(diameter(key_box)), extent)


def slice_heights(geometry: SliceGeometry, indices: Iterable[int]) -> dict[int, float]:
    """Height of slices along their normal.

    Args:
        geometry (SliceGeometry): Where the slices lie; its spacing is not None.
        indices (Iterable[int]): The slices, at least one.

    Returns:
        dict[int, float]: Slice to mm above one of them, or below it.
    """
    origins = {index: geometry.voxel_position(index, 0, 0) for index in indices}
    first, origin = next(iter(origins.items()))
    along_row = geometry.voxel_position(first, 0, 1) - origin
    down_column = geometry.voxel_position(first, 1, 0) - origin
    normal = np.cross(along_row, down_column)
    normal /= np.linalg.norm(normal)
    return {index: float((place - origin) @ normal) for index, place in origins.items()}
