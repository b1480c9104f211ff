"""Lesion boxes of a mask slice: one box a connected component."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

CONNECTIVITIES = (4, 8)


@dataclass(frozen=True)
class LesionBox:
    """Bounding box of one connected component of a mask slice.

    Attributes:
        x: Left edge, pixels; the first column inside.
        y: Top edge, pixels; the first row inside.
        width: Columns inside; ``x + width`` is the first column outside.
        height: Rows inside.
        area: Lesion pixels inside, those of this component only.
    """

    x: int
    y: int
    width: int
    height: int
    area: int

    def size_mm(self, spacing: tuple[float, float]) -> float:
        """Larger side in mm, from the pixel spacing (row, column) in mm."""
        return max(self.height * spacing[0], self.width * spacing[1])


def lesion_boxes(mask: np.ndarray, connectivity: int = 8) -> list[LesionBox]:
    """Find the boxes of the connected components of a 2-D mask, top to bottom.

    Args:
        mask: (H, W), any type; every value above 0 is lesion, whatever its label.
        connectivity: 8 joins pixels that touch at a corner, 4 only those that share a side.

    Returns:
        One box a component.

    Raises:
        ValueError: The connectivity is neither 4 nor 8.
    """
    if connectivity not in CONNECTIVITIES:
        raise ValueError(f"connectivity is {connectivity}; give one of {CONNECTIVITIES}")
    structure = ndimage.generate_binary_structure(2, 1 if connectivity == 4 else 2)
    labels, count = ndimage.label(np.asarray(mask) > 0, structure)
    areas = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    boxes = [
        LesionBox(
            x=columns.start,
            y=rows.start,
            width=columns.stop - columns.start,
            height=rows.stop - rows.start,
            area=int(area),
        )
        for (rows, columns), area in zip(ndimage.find_objects(labels), areas, strict=True)
    ]
    return sorted(boxes, key=lambda box: (box.y, box.x))
