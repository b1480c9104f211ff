"""What a conversion found, in numbers that name no patient."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lidnet_mm.datasets.converters.checked_case import HISTOGRAM_EDGES
from lidnet_mm.datasets.converters.patient_split import PARTS

TISSUES = {
    "air": (-np.inf, -950),
    "lung": (-950, -500),
    "fat": (-150, 0),
    "soft tissue": (0, 150),
    "bone": (150, np.inf),
}
"""Ranges of HU whose share of the voxels is shown."""

EMPTY_HISTOGRAM = (0,) * (len(HISTOGRAM_EDGES) - 1)


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
        histogram: Voxels read, between ``HISTOGRAM_EDGES``.
    """

    name: str
    patients: int
    slices: int
    lesion_slices: int
    sizes_mm: tuple[float, ...]
    dropped: int
    without_body: int
    hu_range: tuple[float, float] | None
    histogram: tuple[int, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain values, with the sizes as quantiles."""
        return {
            "patients": self.patients,
            "slices": self.slices,
            "lesion_slices": self.lesion_slices,
            "boxes": len(self.sizes_mm),
            "box_mm_min_median_max": [round(size, 3) for size in _quantiles(self.sizes_mm)],
            "boxes_too_small": self.dropped,
            "slices_without_body": self.without_body,
            "hu_range": None if self.hu_range is None else list(self.hu_range),
            "hu_histogram": list(self.histogram),
        }


@dataclass(frozen=True)
class ConversionSummary:
    """All parts, in the order train, val, test.

    Attributes:
        parts: The parts.
        left_out: Records of :func:`.case_record.left_out_records`.
        notes: What was joined or separated against what the source says.
    """

    parts: tuple[PartSummary, ...]
    left_out: tuple[Mapping[str, Any], ...] = ()
    notes: tuple[str, ...] = ()

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
            histogram=_sum_of([part.histogram for part in self.parts]),
        )

    def as_json(self) -> dict[str, Any]:
        """Plain values: the parts, the edges of their histograms, and what was left out."""
        return {
            "hu_histogram_edges": HISTOGRAM_EDGES.tolist(),
            "parts": {part.name: part.as_json() for part in (*self.parts, self.total)},
            "left_out": list(self.left_out),
            "notes": list(self.notes),
        }

    def as_table(self) -> str:
        """Lay the numbers out as text: a row a part, then tissues and what was left out."""
        head = ("part", "patients", "slices", "with lesion", "without body left out", "boxes",
                "too small", "box size mm (min / median / max)", "HU")  # fmt: skip
        rows = [head, *(_row(part) for part in (*self.parts, self.total))]
        return "\n".join(
            [_align(rows), *_tissue_lines(self.total), *self._left_out_lines(), *self._note_lines()]
        )

    def _left_out_lines(self) -> list[str]:
        """What was left out, counted by kind and reason, the most frequent first."""
        counts: dict[tuple[str, str], int] = {}
        for record in self.left_out:
            key = (record["what"], record["reason"])
            counts[key] = counts.get(key, 0) + record["count"]
        ordered = sorted(counts.items(), key=lambda item: -item[1])
        lines = [f"  {count} x {what}: {reason}" for (what, reason), count in ordered]
        return ["left out:", *lines] if lines else []

    def _note_lines(self) -> list[str]:
        """What was joined or separated, each kind once with its number."""
        lines = [f"  {count} x {text}" for text, count in Counter(self.notes).items()]
        return ["noted:", *lines] if lines else []


def summarise(
    records: Sequence[Mapping[str, Any]],
    left_out: Sequence[Mapping[str, Any]] = (),
    notes: Sequence[str] = (),
) -> ConversionSummary:
    """Count what converted cases hold.

    Args:
        records: Of :func:`.case_record.case_record`.
        left_out: What belongs to no case.
        notes: What was joined or separated against what the source says.
    """
    parts = (_part(name, [r for r in records if r["part"] == name]) for name in PARTS)
    of_cases = [entry for record in records for entry in record["left_out"]]
    return ConversionSummary(tuple(parts), (*left_out, *of_cases), tuple(notes))


def _part(name: str, records: Sequence[Mapping[str, Any]]) -> PartSummary:
    """Count one part; cases of which nothing is used do not count."""
    used = [record for record in records if record["slices"]]
    slices = [entry for record in used for entry in record["slices"]]
    sizes = tuple(_size_mm(entry["image"], box) for entry in slices for box in entry["boxes"])
    ranges = [record["hu_range"] for record in used]
    return PartSummary(
        name=name,
        patients=len({record["patient"] for record in used}),
        slices=len(slices),
        lesion_slices=sum(bool(entry["boxes"]) for entry in slices),
        sizes_mm=sizes,
        dropped=sum(record["too_small"] for record in used),
        without_body=sum(record["without_body"] for record in used),
        hu_range=(min(r[0] for r in ranges), max(r[1] for r in ranges)) if ranges else None,
        histogram=_sum_of([record["histogram"] for record in used]),
    )


def _size_mm(image: Mapping[str, Any], box: Mapping[str, Any]) -> float:
    """Larger side of a box in mm."""
    (row, column), (_, _, width, height) = image["spacing"], box["bbox"]
    return max(height * row, width * column)


def _sum_of(histograms: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """Histograms added up."""
    return tuple(sum(counts) for counts in zip(EMPTY_HISTOGRAM, *histograms, strict=True))


def _quantiles(sizes: Sequence[float]) -> list[float]:
    """Smallest, median and largest size; nothing where there is none."""
    return np.quantile(sizes, (0, 0.5, 1)).tolist() if sizes else []


def _row(part: PartSummary) -> tuple[str, ...]:
    """Write one part's numbers as text."""
    sizes = " / ".join(f"{size:.1f}" for size in _quantiles(part.sizes_mm)) or "-"
    hu = "-" if part.hu_range is None else f"{part.hu_range[0]:.0f} to {part.hu_range[1]:.0f}"
    counts = (part.patients, part.slices, part.lesion_slices, part.without_body,
              len(part.sizes_mm), part.dropped)  # fmt: skip
    return (part.name, *map(str, counts), sizes, hu)


def _tissue_lines(total: PartSummary) -> list[str]:
    """Which share of the voxels is in the range of each tissue."""
    count = sum(total.histogram)
    if not count:
        return []
    centres = (HISTOGRAM_EDGES[:-1] + HISTOGRAM_EDGES[1:]) / 2
    shares = []
    for name, (low, high) in TISSUES.items():
        inside = (centres >= low) & (centres < high)
        share = 100 * np.asarray(total.histogram)[inside].sum() / count
        limits = f"< {high:g}" if np.isinf(low) else f"≥ {low:g}"
        limits = limits if np.isinf(low) or np.isinf(high) else f"{low:g} to {high:g}"
        shares.append(f"{name} ({limits} HU) {share:.1f} %")
    return [f"voxels: {', '.join(shares)}"]


def _align(rows: Sequence[Sequence[str]]) -> str:
    """Pad the columns of a table to equal width."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)
