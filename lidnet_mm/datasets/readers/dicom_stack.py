"""Ordering DICOM slices along the patient and checking that they are one volume."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lidnet_mm.datasets.readers.dicom_error import DicomError
from lidnet_mm.datasets.readers.dicom_slice import DicomSlice

STEP_TOLERANCE = 0.1
"""Largest difference of a regular step from the median one, as a part of it.

Positions rounded to 0.1 mm differ by 4 % at steps of 1.25 mm; a missing slice by 100 %.
"""

SAME_PLACE_MM = 0.01
"""Slices closer than this are at one place."""

SAME_SPACING = 1e-3
"""Largest relative difference of equal pixel spacings."""

SAME_DIRECTION = 1e-3
"""Largest difference of the components of equal directions; a shift of 0.25 mm at 250 mm."""

MAX_SHIFT_PIXELS = 0.5
"""Largest distance of a slice from its place in a straight stack."""


@dataclass(frozen=True)
class DicomStack:
    """The slices of one volume in stored order: along their normal.

    Attributes:
        slices: The slices; their normal is the cross product of the directions of
            ``DicomSlice.orientation``.
        steps: (N - 1,) distances between them in mm.
        spacing: Mean of the regular steps in mm, those within ``STEP_TOLERANCE`` of the median;
            of a single slice its stated thickness, or None.
        affine: (4, 4), (slice, row, column) to mm in RAS+; regular steps from the first slice.
    """

    slices: tuple[DicomSlice, ...]
    steps: np.ndarray
    spacing: float | None
    affine: np.ndarray


def stack_slices(place: Path, slices: Sequence[DicomSlice]) -> DicomStack:
    """Order slices by their position along their normal, whatever their names.

    Args:
        place: Folder or file, for errors.
        slices: At least one slice, in any order.

    Returns:
        The stack.

    Raises:
        DicomError: The slices differ in shape, spacing or orientation,
            come twice, lie at one place, or not above each other.
    """
    for other in slices[1:]:
        _check_alike(place, slices[0], other)
    _check_each_once(place, slices)
    normal = _normal(place, slices[0])
    heights = np.array([np.dot(each.position, normal) for each in slices])
    order = np.argsort(heights, kind="stable")
    ordered, steps = tuple(slices[i] for i in order), np.diff(heights[order])
    for lower, upper, step in zip(ordered[:-1], ordered[1:], steps, strict=True):
        if step < SAME_PLACE_MM:
            raise _no_volume(
                f"Cannot read {place}: {lower.name} and {upper.name} lie at one place in the"
                " patient; keep one of them, or give each acquisition or phase a folder of its own"
            )
    spacing = _regular_step(steps) if len(steps) else ordered[0].thickness
    direction = _stack_direction(place, ordered, normal)
    return DicomStack(ordered, steps, spacing, _affine(ordered[0], direction, spacing or 1.0))


def difference(first: DicomSlice, other: DicomSlice) -> str:
    """What of the grids of two slices differs: a keyword or ``'shape'``; empty where nothing."""
    if other.shape != first.shape:
        return "shape"
    if not np.allclose(first.spacing, other.spacing, rtol=SAME_SPACING, atol=0):
        return "PixelSpacing"
    if not np.allclose(first.orientation, other.orientation, rtol=0, atol=SAME_DIRECTION):
        return "ImageOrientationPatient"
    return ""


def _check_alike(place: Path, first: DicomSlice, other: DicomSlice) -> None:
    """Refuse slices that cannot be of one grid."""
    what = difference(first, other)
    if what:
        values = {
            "shape": (first.shape, other.shape),
            "PixelSpacing": (first.spacing, other.spacing),
            "ImageOrientationPatient": (first.orientation, other.orientation),
        }[what]
        raise _no_volume(
            f"Cannot read {place}: {first.name} and {other.name} differ in {what}: {values[0]} and"
            f" {values[1]}; give the slices of each grid a folder of their own"
        )


def _check_each_once(place: Path, slices: Sequence[DicomSlice]) -> None:
    """Refuse an object that comes twice."""
    seen: dict[tuple[str, int], DicomSlice] = {}
    for each in slices:
        if not each.sop_instance_uid:
            continue
        first = seen.setdefault((each.sop_instance_uid, each.frame), each)
        if first is not each:
            raise _no_volume(
                f"Cannot read {place}: {first.name} and {each.name} have the same"
                " SOPInstanceUID; delete one of them"
            )


def _normal(place: Path, first: DicomSlice) -> np.ndarray:
    """Unit vector across the slices, LPS+."""
    columns, rows = np.array(first.orientation[:3]), np.array(first.orientation[3:])
    lengths = np.linalg.norm(columns), np.linalg.norm(rows)
    if not np.allclose([*lengths, np.dot(columns, rows) + 1], 1.0, rtol=0, atol=0.01):
        raise _no_volume(
            f"Cannot read {place}: the ImageOrientationPatient of {first.name} is"
            f" {first.orientation}, not two directions at right angles; export it again"
        )
    normal = np.cross(columns, rows)
    return normal / np.linalg.norm(normal)


def _regular_step(steps: np.ndarray) -> float:
    """Mean of the steps near the median."""
    return float(steps[regular_steps(steps)].mean())


def regular_steps(steps: np.ndarray) -> np.ndarray:
    """(N - 1,) bool, which steps are within ``STEP_TOLERANCE`` of the median one."""
    if not len(steps):
        return np.ones(0, dtype=bool)
    median = np.sort(steps)[(len(steps) - 1) // 2]  # one of the steps, of two the smaller
    return np.abs(steps - median) <= STEP_TOLERANCE * median


def _stack_direction(place: Path, slices: Sequence[DicomSlice], normal: np.ndarray) -> np.ndarray:
    """Unit vector from slice to slice, LPS+: the normal, or leaning from it."""
    positions = np.array([each.position for each in slices])
    way = positions - positions[0]
    line = way[-1] if len(slices) > 1 else normal
    shift = np.linalg.norm(way - np.outer(way @ normal / (line @ normal), line), axis=1)
    worst = int(shift.argmax())
    if shift[worst] > MAX_SHIFT_PIXELS * min(slices[0].spacing):
        raise _no_volume(
            f"Cannot read {place}: {slices[worst].name} is shifted by {shift[worst]:.2f} mm"
            " against the other slices; give the slices of each reconstruction a folder of their"
            " own"
        )
    return line / np.linalg.norm(line)


def _affine(first: DicomSlice, direction: np.ndarray, spacing: float) -> np.ndarray:
    """(4, 4), (slice, row, column) to mm in RAS+."""
    affine = np.eye(4)
    affine[:3, 0] = direction * spacing
    affine[:3, 1] = np.array(first.orientation[3:]) * first.spacing[0]
    affine[:3, 2] = np.array(first.orientation[:3]) * first.spacing[1]
    affine[:3, 3] = first.position
    return np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine


def _no_volume(message: str) -> DicomError:
    """The error for slices that are not one volume."""
    return DicomError(
        message,
        "its DICOM slices are not one volume of one grid; give each grid, pass or phase a series"
        " of its own",
    )
