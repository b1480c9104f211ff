"""How much a data set holds."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lidnet_mm.visualization.dataset_page.part import DataPart
from lidnet_mm.visualization.dataset_page.shown_slice import ShownSlice, UnreadableSlice


class PartCounts(NamedTuple):
    """What a part holds, and what of it a page shows.

    Attributes:
        name: The part.
        patients: Patients.
        volumes: CT volumes.
        slices: Slices.
        with_lesions: Slices with a box.
        boxes: Boxes.
        sizes_mm: Longer side of each box in mm, (boxes,).
        shown: Slices on the page.
    """

    name: str
    patients: int
    volumes: int
    slices: int
    with_lesions: int
    boxes: int
    sizes_mm: np.ndarray
    shown: int

    @property
    def sizes_in_words(self) -> str:
        """Smallest, median and largest box in mm."""
        if not len(self.sizes_mm):
            return "\N{EN DASH}"
        low, middle, high = np.percentile(self.sizes_mm, (0, 50, 100))
        return f"{low:.1f} / {middle:.1f} / {high:.1f}"


def count_part(part: DataPart, shown: Sequence[ShownSlice | UnreadableSlice]) -> PartCounts:
    """Count a part.

    Args:
        part: The part.
        shown: What the page shows, of any part.

    Returns:
        Its counts.
    """
    slices = part.slices
    return PartCounts(
        name=part.name,
        patients=len({entry.name.patient for entry in slices}),
        volumes=len({(entry.name.patient, entry.name.series) for entry in slices}),
        slices=len(slices),
        with_lesions=sum(len(entry.boxes) > 0 for entry in slices),
        boxes=sum(len(entry.boxes) for entry in slices),
        sizes_mm=np.concatenate([np.zeros(0), *(entry.longer_sides_mm for entry in slices)]),
        shown=sum(entry.name.part == part.name for entry in shown),
    )
