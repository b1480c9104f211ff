"""Slices of one series that are not one volume: odd ones among them, and several passes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lidnet_mm.datasets.readers.dicom_slice import PASS_KEYWORDS, TIME_KEYWORDS, DicomSlice
from lidnet_mm.datasets.readers.dicom_stack import (
    MAX_SHIFT_PIXELS,
    SAME_PLACE_MM,
    difference,
    regular_steps,
)

MOST_ODD = 0.1
"""Largest part of a series that is odd; of more nobody knows which slices are meant."""

SMALLEST_RUN = 3
"""Slices of a pass that only the order of InstanceNumber tells."""

Groups = dict[str, list[int]]
"""What a pass is called → its slices."""


@dataclass(frozen=True)
class Pass:
    """The slices of one volume of a series.

    Attributes:
        name: What tells it from the others, such as ``AcquisitionNumber 2``; empty where there
            are no others.
        slices: Its slices.
    """

    name: str
    slices: tuple[DicomSlice, ...]


def without_odd(
    slices: Sequence[DicomSlice],
) -> tuple[list[DicomSlice], list[tuple[DicomSlice, str]]]:
    """Take out the few slices that do not lie on the grid of all others.

    A scout that does not call itself one, or a reformat: at most ``MOST_ODD`` of the series. Where
    there are more, nothing is taken out.

    Args:
        slices: The slices of a series.

    Returns:
        The slices on the grid of most, and each other one with what is odd of it.
    """
    grids: list[list[DicomSlice]] = []
    for each in slices:
        grid = next((grid for grid in grids if not difference(grid[0], each)), None)
        if grid is None:
            grids.append([each])
        else:
            grid.append(each)
    main = max(grids, key=len)
    odd = [
        (each, f"another {difference(main[0], each)} than the other slices of its series")
        for grid in grids
        if grid is not main
        for each in grid
    ]
    kept, beside = _straight(main)
    odd += [(each, "a place beside the other slices of its series") for each in beside]
    if len(odd) > MOST_ODD * len(slices):
        return list(slices), []
    return kept, odd


def passes(slices: Sequence[DicomSlice]) -> list[Pass]:
    """Separate the acquisitions, phases or reconstructions that lie in one series.

    They are told apart by what their headers say, or by the order of InstanceNumber, and only where
    slices lie at one place or interleave: blocks of a scan that lie above each other are one volume
    whatever they say. Passes exactly half a step apart look like one volume of half the step.

    Args:
        slices: Slices of one series and one grid.

    Returns:
        The passes, in the order of their first slices: one where nothing interleaves, or where
        nothing tells apart what lies at one place.
    """
    return _passes(Pass("", tuple(slices)))


def _passes(whole: Pass) -> list[Pass]:
    """The passes of what may be several, told apart by one thing after the other."""
    heights = _heights(whole.slices)
    for keyword, groups in _ways_to_split(whole.slices, heights):
        found = []
        for value, group in groups.items():
            name = f"{keyword} {value.replace(chr(92), ' ') or 'not stated'}"
            part = tuple(whole.slices[index] for index in group)
            found += _passes(Pass(f"{whole.name}, {name}" if whole.name else name, part))
        return found
    return [whole]


def _ways_to_split(
    slices: Sequence[DicomSlice], heights: np.ndarray
) -> Iterator[tuple[str, Groups]]:
    """What tells passes apart, the most telling first, and how."""
    most = _most_at_one_place(heights)
    for place, keyword in enumerate((*PASS_KEYWORDS, *TIME_KEYWORDS)):
        groups = _groups([each.said[place] for each in slices])
        telling = keyword in PASS_KEYWORDS
        if _are_passes(groups, heights, most, telling):
            yield keyword, groups
    if most > 1:
        for keyword, values in (
            ("StudyInstanceUID", [each.study_uid for each in slices]),
            ("PatientID", [each.patient_id for each in slices]),
            ("folder", [str(each.file.parent) for each in slices]),
        ):
            groups = _groups(values)
            if _are_passes(groups, heights, most, telling=False):
                yield keyword, groups
    runs = _runs(slices, heights)
    if runs and (most > 1 or _interleave(runs, heights)):
        yield "run of InstanceNumber", runs


def _groups(values: Sequence[str]) -> Groups:
    """Value → places where it stands."""
    groups: Groups = {}
    for index, value in enumerate(values):
        groups.setdefault(value, []).append(index)
    return groups


def _are_passes(groups: Groups, heights: np.ndarray, most: int, telling: bool) -> bool:
    """Whether slices grouped by a value are passes.

    Args:
        groups: The groups.
        heights: Place of each slice in mm.
        most: Most slices at one place.
        telling: The value differs between passes only.
    """
    if len(groups) < 2:
        return False
    if most == 1:
        return telling and "" not in groups and _interleave(groups, heights)
    if any(_most_at_one_place(heights[group]) == most for group in groups.values()):
        return False
    blocks = telling and len(groups) <= 2 * most and all(len(g) > 1 for g in groups.values())
    return len(groups) == most or blocks


def _runs(slices: Sequence[DicomSlice], heights: np.ndarray) -> Groups:
    """Passes by InstanceNumber: it runs through the patient more than once, evenly each time."""
    numbers = [each.number for each in slices]
    if len(slices) < 2 * SMALLEST_RUN or None in numbers or len(set(numbers)) < len(numbers):
        return {}
    order = np.argsort(numbers).tolist()
    runs = [[order[0]]]
    for index in order[1:]:
        run = runs[-1]
        step, way = heights[index] - heights[run[-1]], heights[run[-1]] - heights[run[0]]
        if step * way < 0 or abs(step) < SAME_PLACE_MM:
            runs.append([index])
        else:
            run.append(index)
    long_and_even = (len(run) >= SMALLEST_RUN and _even(heights[run]) for run in runs)
    if len(runs) < 2 or not all(long_and_even):
        return {}
    return {str(number): run for number, run in enumerate(runs, start=1)}


def _interleave(groups: Groups, heights: np.ndarray) -> bool:
    """Whether groups lie among each other instead of one above the other.

    Along the patient they take turns; or one is a stranger that makes even steps uneven.
    """
    label = np.empty(len(heights), dtype=int)
    for number, group in enumerate(groups.values()):
        label[group] = number
    turns = int(np.count_nonzero(np.diff(label[np.argsort(heights)])))
    if turns > len(groups):
        return True
    even = all(_even(heights[group]) for group in groups.values())
    return turns == len(groups) and even and not _even(heights)


def _even(heights: np.ndarray) -> bool:
    """Whether all steps are alike."""
    return bool(regular_steps(np.diff(np.sort(heights))).all())


def _heights(slices: Sequence[DicomSlice]) -> np.ndarray:
    """(N,) places along the normal of the first slice in mm."""
    directions = slices[0].orientation
    normal = np.cross(directions[:3], directions[3:])
    return np.array([each.position for each in slices]) @ normal


def _most_at_one_place(heights: np.ndarray) -> int:
    """The most slices that lie at one place."""
    ordered = np.sort(heights)
    starts = np.concatenate([[True], np.diff(ordered) >= SAME_PLACE_MM])
    return int(np.bincount(np.cumsum(starts) - 1).max())


def _straight(slices: Sequence[DicomSlice]) -> tuple[list[DicomSlice], list[DicomSlice]]:
    """The slices straight above each other, and those beside them; none where they are slanted."""
    directions = np.reshape(slices[0].orientation, (2, 3))
    places = np.array([each.position for each in slices]) @ directions.T
    shift = np.linalg.norm(places - np.median(places, axis=0), axis=1)
    beside = shift > MAX_SHIFT_PIXELS * min(slices[0].spacing)
    if beside.sum() > MOST_ODD * len(slices):
        return list(slices), []
    pairs = list(zip(slices, beside, strict=True))
    return [each for each, out in pairs if not out], [each for each, out in pairs if out]
