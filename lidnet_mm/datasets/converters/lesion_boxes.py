"""Lesion boxes, and those of a mask slice: one box a connected component."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage

CONNECTIVITIES = (4, 8)


@dataclass(frozen=True)
class LesionBox:
    """Box of one lesion in a slice, in pixels of the display order.

    Attributes:
        x: Left edge; pixel column 3 reaches from 3 to 4.
        y: Top edge.
        width: Columns inside; ``x + width`` is the first column outside.
        height: Rows inside.
        area: Square pixels of the lesion, or of the box where its outline is not known.
        attributes: More about the lesion, such as ``diameter_mm``: json values, which name nothing
            of the source.
        class_name: Its category, of ``Converter.class_names``; empty where there is only one.
    """

    x: float
    y: float
    width: float
    height: float
    area: float
    attributes: Mapping[str, str | float | int | bool] = field(default_factory=dict)
    class_name: str = ""

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
