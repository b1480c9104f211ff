"""What a conversion found, in numbers that name no patient."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class PartSummary:
    """One part of the split.

    Attributes:
        name: ``'train'``, ``'val'`` or ``'test'``.
        patients: Number of patients.
        slices: Slices in the json.
        lesion_slices: Those with at least one box.
        sizes_mm: Larger side of every box in mm.
        dropped: Boxes left out because they are smaller than the minimum size.
        without_body: Slices left out of the json because they are only air.
        hu_range: Smallest and largest HU of the part's volumes; None without patients.
    """

    name: str
    patients: int
    slices: int
    lesion_slices: int
    sizes_mm: tuple[float, ...]
    dropped: int
    without_body: int
    hu_range: tuple[float, float] | None


@dataclass(frozen=True)
class ConversionSummary:
    """All parts, in the order train, val, test."""

    parts: tuple[PartSummary, ...]

    def part(self, name: str) -> PartSummary:
        """Return one part by name."""
        return next(part for part in self.parts if part.name == name)

    @property
    def total(self) -> PartSummary:
        """All parts together, under the name ``'all'``."""
        ranges = [part.hu_range for part in self.parts if part.hu_range is not None]
        return PartSummary(
            name="all",
            patients=sum(part.patients for part in self.parts),
            slices=sum(part.slices for part in self.parts),
            lesion_slices=sum(part.lesion_slices for part in self.parts),
            sizes_mm=tuple(size for part in self.parts for size in part.sizes_mm),
            dropped=sum(part.dropped for part in self.parts),
            without_body=sum(part.without_body for part in self.parts),
            hu_range=(min(r[0] for r in ranges), max(r[1] for r in ranges)) if ranges else None,
        )

    def as_table(self) -> str:
        """Lay the numbers out as a text table, one row a part."""
        head = ("part", "patients", "slices", "with lesion", "without body left out", "boxes",
                "too small", "box size mm (min / median / max)", "HU")  # fmt: skip
        rows = [head, *(_row(part) for part in (*self.parts, self.total))]
        return _align(rows)


def _row(part: PartSummary) -> tuple[str, ...]:
    """Write one part's numbers as text."""
    sizes = "-"
    if part.sizes_mm:
        low, middle, high = np.quantile(part.sizes_mm, (0, 0.5, 1))
        sizes = f"{low:.1f} / {middle:.1f} / {high:.1f}"
    hu = "-" if part.hu_range is None else f"{part.hu_range[0]:.0f} to {part.hu_range[1]:.0f}"
    counts = (part.patients, part.slices, part.lesion_slices, part.without_body,
              len(part.sizes_mm), part.dropped)  # fmt: skip
    return (part.name, *map(str, counts), sizes, hu)


def _align(rows: Sequence[Sequence[str]]) -> str:
    """Pad the columns of a table to equal width."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)
