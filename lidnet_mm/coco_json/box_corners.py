"""Boxes in other numbers than COCO's corner, width and height in pixels."""

import math
from collections.abc import Sequence

SAME_AREA = 1e-3
"""Relative difference of areas that rounding explains."""

Box = tuple[Sequence[float], float | None, tuple[int, int]]
"""``bbox``, area if it is stated, rows and columns of the slice."""


def corners_instead(boxes: Sequence[Box]) -> str:
    """Tell whether all boxes of a file are x1, y1, x2, y2.

    One box cannot tell: (18, 26, 26, 34) may be either. The stated areas can, and so can all boxes
    together: none of a file of corners ends before it begins, while of true widths and heights
    some are smaller than the box's distance from the first row and column.

    Args:
        boxes (Sequence[Box]): Boxes of four numbers each, the last two above 0.

    Returns:
        str: Why they are corners, or could be; empty where they are not.
    """
    if not boxes or not all(_could_be_corners(box, shape) for box, _, shape in boxes):
        return ""
    stated = [(box, area) for box, area, _ in boxes if area]
    if not stated:
        return (
            "may be corners x1, y1, x2, y2 or x, y, width, height, and no area tells which: write"
            " x, y, width, height, and area = width * height"
        )
    if all(_is_area_of_corners(box, area) for box, area in stated) and not all(
        math.isclose(area, box[2] * box[3], rel_tol=SAME_AREA) for box, area in stated
    ):
        return "is corners x1, y1, x2, y2, as the areas show: write x, y, width, height"
    return ""


def fractions_instead(boxes: Sequence[Sequence[float]]) -> str:
    """Tell whether all boxes of a file are parts of the slice's width and height, as in YOLO.

    Args:
        boxes (Sequence[Sequence[float]]): Boxes of four numbers each.

    Returns:
        str: Why they are no pixels; empty where they may be.
    """
    if not boxes or any(not 0 <= side <= 1 for box in boxes for side in box):
        return ""
    if all(side == int(side) for box in boxes for side in box):
        return ""
    return "is fractions of the slice, 0 to 1: write x, y, width, height in pixels"


def _could_be_corners(box: Sequence[float], shape: tuple[int, int]) -> bool:
    """Whether four numbers make a box inside of the slice if they are corners."""
    left, top, right, bottom = box
    return 0 <= left < right <= shape[1] and 0 <= top < bottom <= shape[0]


def _is_area_of_corners(box: Sequence[float], area: float) -> bool:
    """Whether an area is that between corners, the last pixel counted or not."""
    width, height = box[2] - box[0], box[3] - box[1]
    return any(
        math.isclose(area, (width + last) * (height + last), rel_tol=SAME_AREA) for last in (0, 1)
    )
