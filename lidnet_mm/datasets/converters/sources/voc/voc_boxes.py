"""Lesion boxes of Pascal-VOC XML files."""

import math
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from lidnet_mm.datasets.converters.lesion_boxes import LesionBox
from lidnet_mm.datasets.converters.sources.outside_xml import AnnotationError, read_xml, text_of

CORNERS = ("from-1", "from-0", "edges")
"""What ``xmin ymin xmax ymax`` can mean.

``from-1``: the first and last pixel inside, counted from 1, as PASCAL VOC defines it. The box is
(xmin - 1, ymin - 1, xmax - xmin + 1, ymax - ymin + 1).
``from-0``: the first and last pixel inside, counted from 0: (xmin, ymin, xmax - xmin + 1, ...).
``edges``: the edges of the box, as labelImg stores them: (xmin, ymin, xmax - xmin, ...).

Readings ``from-1`` and ``edges`` end at the same edge and differ by the first column and row.
"""

SIDES = ("xmin", "ymin", "xmax", "ymax")


@dataclass(frozen=True)
class VocObject:
    """One object of a VOC file.

    Attributes:
        name: Its class: free text, which may name a patient.
        corners: xmin, ymin, xmax, ymax as they are written.
    """

    name: str
    corners: tuple[float, float, float, float]

    def box(self, corners: str = "from-1") -> LesionBox:
        """The box in pixels of the image.

        Args:
            corners: What the corners mean, of ``CORNERS``.
        """
        left, top, right, bottom = self.corners
        first, inclusive = {"from-1": (1, 1), "from-0": (0, 1), "edges": (0, 0)}[corners]
        width, height = right - left + inclusive, bottom - top + inclusive
        return LesionBox(left - first, top - first, width, height, width * height)


@dataclass(frozen=True)
class VocAnnotation:
    """What a VOC file says of one slice.

    Attributes:
        path: The file.
        shape: Rows and columns of the image; None where they are not stated.
        objects: Its objects.
    """

    path: Path
    shape: tuple[int, int] | None
    objects: tuple[VocObject, ...]


def read_voc(path: Path) -> VocAnnotation:
    """Read a VOC file.

    ``folder``, ``filename`` and ``path`` are not looked at: in published sets they are often wrong.

    Raises:
        AnnotationError: It cannot be read, is no VOC file, or a box has no four numbers in order.
    """
    root = read_xml(path)
    if root.tag != "annotation":
        raise AnnotationError("it is no Pascal-VOC file", f"{path} (<{root.tag}>)")
    size = tuple(_whole(text_of(root, f"size/{name}")) for name in ("height", "width"))
    objects = tuple(_object(path, element) for element in root.iter("object"))
    return VocAnnotation(path, size if all(size) else None, objects)


def _whole(text: str) -> int:
    """A whole number; 0 where there is none."""
    return int(text) if text.isdecimal() else 0


def _object(path: Path, element: ElementTree.Element) -> VocObject:
    """Read one object."""
    texts = [text_of(element, f"bndbox/{side}") for side in SIDES]
    try:
        left, top, right, bottom = corners = tuple(map(float, texts))
    except ValueError:
        corners = (math.nan,) * 4
    if not all(map(math.isfinite, corners)) or right < left or bottom < top:
        found = ", ".join(f"{side}={text!r}" for side, text in zip(SIDES, texts, strict=True))
        raise AnnotationError("the corners of a box are no four numbers in order",
                              f"{path} ({found})")  # fmt: skip
    return VocObject(text_of(element, "name"), corners)
