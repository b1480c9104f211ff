"""Boxes of a slice as it is stored, turned to the order in which slices are read."""

import dataclasses

from lidnet_mm.datasets.converters.lesion_boxes import LesionBox
from lidnet_mm.datasets.readers import CTVolume


def display_box(box: LesionBox, volume: CTVolume) -> LesionBox:
    """Turn a box as its slice is turned by ``CTVolume.read_slice``.

    Annotations count rows and columns of the stored picture. It is the same as the display order
    for a patient who lies on the back with the head first, but not for others.

    Args:
        box: Box in columns and rows of the stored picture, which the file calls so.
        volume: The volume, its stored axes (slice, row, column).

    Returns:
        The box in display order.
    """
    x, y, width, height = box.x, box.y, box.width, box.height
    _, row, column = volume.orientation.axes
    if row > column:
        x, y, width, height = y, x, height, width
    rows, columns = volume.slice_shape
    _, flip_rows, flip_columns = volume.orientation.flips
    x = columns - x - width if flip_columns else x
    y = rows - y - height if flip_rows else y
    return dataclasses.replace(box, x=x, y=y, width=width, height=height)
