"""Joins the boxes of neighbouring slices into lesions, by a greedy rule of overlap and gap."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lidnet_mm.evaluation.box_overlap import box_overlap, overlap_of_smaller
from lidnet_mm.evaluation.lesions import (
    Lesion,
    SliceBox,
    SliceGeometry,
    measure_lesion,
    slice_heights,
)

STEP_TOLERANCE = 0.1
"""Part of a slice distance by which positions may be off: files round them."""


@dataclass(frozen=True)
class JoiningRule:
    """When two boxes of one class are of one lesion.

    Attributes:
        min_overlap (float): Least part of the smaller box that lies in the other one, in (0, 1].
            Not IoU: where a lesion ends, its last box is small.
        max_gap_slices (int): Most slices without a box between the two, at least 0.
        max_gap_mm (float): Longest part of the patient without a box between the two in mm, at
            least 0: the distance of the slices less one regular slice distance. Two empty slices of
            1 mm are a gap of 2 mm, two of 10 mm one of 20 mm; a slice that the series misses
            counts like an empty one. Not used for volumes that have no place in the patient.
    """

    min_overlap: float = 0.5
    max_gap_slices: int = 2
    max_gap_mm: float = 5.0

    def __post_init__(self) -> None:
        """Refuse limits that make no sense."""
        if not 0 < self.min_overlap <= 1:
            raise ValueError(f"min_overlap is {self.min_overlap}; give more than 0, at most 1")
        if self.max_gap_slices < 0 or not self.max_gap_mm >= 0:
            raise ValueError(
                f"max_gap_slices is {self.max_gap_slices} and max_gap_mm {self.max_gap_mm}; give"
                " 0 or more"
            )


@dataclass(frozen=True)
class _Plane:
    """Boxes of one class on one slice in a fixed order."""

    indices: tuple[int, ...]
    edges: np.ndarray


def join_boxes(
    boxes: Iterable[SliceBox], geometry: SliceGeometry, rule: JoiningRule | None = None
) -> list[Lesion]:
    """Join boxes into lesions; every box is in exactly one.

    All pairs of boxes that the rule allows are gone through, neighbouring slices first and then by
    falling IoU. A pair is joined unless the lower box already has one above it or the upper box one
    below. So a lesion has at most one box a slice and lesions that lie close stay apart. Neither
    the order of the boxes nor the direction in which slices are counted matters.

    Args:
        boxes (Iterable[SliceBox]): Boxes of all slices and classes.
        geometry (SliceGeometry): Where the slices lie.
        rule (JoiningRule | None): Limits; None takes the defaults.

    Returns:
        list[Lesion]: By falling score, then from inferior to superior.

    Raises:
        ValueError: If a box lies on no slice of the volume.
    """
    rule = rule or JoiningRule()
    ordered = sorted(boxes)
    for box in ordered:
        if not 0 <= box.slice_index < geometry.num_slices:
            raise ValueError(
                f"a box lies on slice {box.slice_index}, but the volume has slices 0 to"
                f" {geometry.num_slices - 1}; give boxes and volume of one series"
            )
    above: dict[int, int] = {}
    below: dict[int, int] = {}
    for lower, upper in _pairs(ordered, geometry, rule):
        if lower not in above and upper not in below:
            above[lower], below[upper] = upper, lower
    lesions = [
        measure_lesion((ordered[index] for index in _chain(start, above)), geometry)
        for start in range(len(ordered))
        if start not in below
    ]
    return sorted(lesions, key=lambda lesion: (-lesion.score, lesion.boxes))


def _chain(start: int, above: Mapping[int, int]) -> Iterator[int]:
    """A box and all that are joined above it."""
    index: int | None = start
    while index is not None:
        yield index
        index = above.get(index)


def _pairs(
    ordered: Sequence[SliceBox], geometry: SliceGeometry, rule: JoiningRule
) -> list[tuple[int, int]]:
    """Lower and upper box of each pair that may be joined, the best ones first."""
    planes = _planes(ordered)
    slices = sorted({box.slice_index for box in ordered})
    heights = slice_heights(geometry, slices) if slices and geometry.spacing else None
    found = []
    for (label, lower), plane in planes.items():
        for upper in range(lower + 1, lower + rule.max_gap_slices + 2):
            other = planes.get((label, upper))
            if other is None or _too_far(lower, upper, heights, geometry, rule):
                continue
            allowed = overlap_of_smaller(plane.edges, other.edges) >= rule.min_overlap
            overlap = box_overlap(plane.edges, other.edges)
            for i, j in np.argwhere(allowed).tolist():
                gap = upper - lower
                found.append((gap, -overlap[i, j], plane.indices[i], other.indices[j]))
    return [(lower, upper) for *_, lower, upper in sorted(found)]


def _planes(ordered: Sequence[SliceBox]) -> dict[tuple[str, int], _Plane]:
    """Boxes by class and slice."""
    groups: dict[tuple[str, int], list[int]] = defaultdict(list)
    for index, box in enumerate(ordered):
        groups[box.label, box.slice_index].append(index)
    return {
        key: _Plane(tuple(indices), np.array([ordered[index].box for index in indices]))
        for key, indices in groups.items()
    }


def _too_far(
    lower: int,
    upper: int,
    heights: Mapping[int, float] | None,
    geometry: SliceGeometry,
    rule: JoiningRule,
) -> bool:
    """Whether the patient is unseen between two slices for longer than the rule allows."""
    if heights is None or geometry.slice_spacing is None:
        return False
    unseen = abs(heights[upper] - heights[lower]) - geometry.slice_spacing
    return unseen > rule.max_gap_mm + STEP_TOLERANCE * geometry.slice_spacing
