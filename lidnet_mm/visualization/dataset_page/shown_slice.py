"""What a page shows of a slice."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

Edges = tuple[float, float, float, float]


@dataclass(frozen=True)
class ShownBox:
    """One box.

    Attributes:
        edges: x1 y1 x2 y2 in pixels of the image; 0 is the outer edge of the first pixel.
        label: Its class.
        attributes: What else the annotation file says of the lesion.
        ignored: Whether the annotation is a crowd, which trains and scores nothing.
    """

    edges: Edges
    label: str
    attributes: Mapping[str, str | float | int | bool] = field(default_factory=dict)
    ignored: bool = False

    def size_mm(self, spacing: tuple[float, float]) -> tuple[float, float]:
        """Size in the patient.

        Args:
            spacing: Distance between rows and between columns in mm.

        Returns:
            Width and height in mm.
        """
        x1, y1, x2, y2 = self.edges
        return (x2 - x1) * spacing[1], (y2 - y1) * spacing[0]


@dataclass(frozen=True)
class SliceName:
    """What a slice is called in its data set: pseudonym and position, nothing of the source.

    Attributes:
        part: Part of the data set, such as ``train``.
        patient: Pseudonym.
        series: Which volume of the patient; empty for the first.
        index: Slice, counted from 0 towards superior.
    """

    part: str
    patient: str
    series: str
    index: int

    def __str__(self) -> str:
        series = f", series {self.series}" if self.series else ""
        return f"{self.patient}{series}, slice {self.index}"


@dataclass(frozen=True)
class ShownSlice:
    """One slice as a model gets it.

    Attributes:
        name: What it is called.
        images: (H, W) float32 HU by title, ``LDCT`` before ``NDCT``; LDCT may be absent.
        boxes: Its boxes.
        spacing: Distance between rows and between columns in mm.
        thickness: Distance between slices in mm; None where the annotation file states none.
        changes: What the pipeline did to it, such as ``flipped horizontally``.
    """

    name: SliceName
    images: Mapping[str, np.ndarray]
    boxes: tuple[ShownBox, ...]
    spacing: tuple[float, float]
    thickness: float | None
    changes: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) in pixels."""
        return self.images["NDCT"].shape


@dataclass(frozen=True)
class UnreadableSlice:
    """A slice that could not be loaded.

    Attributes:
        name: What it is called.
        reason: Why, without the name of a file: a page is passed on.
    """

    name: SliceName
    reason: str
