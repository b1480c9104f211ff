"""The slices of a case that go into the dataset: read once, checked, with their boxes."""

import dataclasses
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from mmengine.logging import print_log

from lidnet_mm.datasets.converters.checks.hounsfield_check import check_finite, check_hounsfield
from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.lesion_boxes import LesionBox
from lidnet_mm.datasets.converters.source_case import CaseContent, LeftOut, UnusableCaseError
from lidnet_mm.datasets.converters.square_pixels import is_square
from lidnet_mm.datasets.readers import CTVolume
from lidnet_mm.simulation import BODY_HU, in_body

HISTOGRAM_EDGES = np.arange(-1050.0, 3151.0, 50.0)
"""HU between which voxels are counted; the outer bins hold all beyond."""

SMALLEST_SIDE = 1.0
"""Pixels; what is left of a box after clipping must not be narrower (MMDetection drops those)."""


@dataclass(frozen=True)
class BoxLimits:
    """Which boxes and slices are kept.

    Attributes:
        min_size_mm: Boxes whose larger side is below this many mm are dropped.
        keep_empty: Keep slices without a box as negatives.

    Raises:
        ConversionError: The size is negative or no number.
    """

    min_size_mm: float = 0.0
    keep_empty: bool = True

    def __post_init__(self) -> None:
        """Check the size."""
        if not 0 <= self.min_size_mm < np.inf:
            raise ConversionError(f"--min-size-mm is {self.min_size_mm}; give 0 or more mm")


@dataclass(frozen=True)
class CheckedCase:
    """A case whose voxels are known to be HU.

    Attributes:
        content: What was read.
        boxes: Slice → boxes, for the slices that go into the json.
        slices: Those that were read, in increasing order.
        hu: (S, H, W) of these slices, int16 where that holds all values, else float32.
        histogram: Voxels between ``HISTOGRAM_EDGES``.
        hu_range: Smallest and largest HU.
        too_small: Boxes dropped for their size.
        without_body: Slices left out because they are only air, or of one value.
        left_out: Everything that the source has and the dataset has not.
    """

    content: CaseContent
    boxes: dict[int, tuple[LesionBox, ...]]
    slices: tuple[int, ...]
    hu: np.ndarray
    histogram: np.ndarray
    hu_range: tuple[float, float]
    too_small: int
    without_body: int
    left_out: tuple[LeftOut, ...]


def check_case(
    content: CaseContent, where: str, limits: BoxLimits, *, whole: bool, strict: bool
) -> CheckedCase:
    """Read the slices of a case and decide which of them and of their boxes are used.

    Args:
        content: The case.
        where: What errors call it.
        limits: Which boxes and slices are kept.
        whole: Read all slices, else only those that may be used.
        strict: A lesion on a slice of nothing but air is an error instead of being left out.

    Returns:
        The case with its voxels.

    Raises:
        UnusableCaseError: A slice cannot be read, is not finite or not in HU, or there is no body.
    """
    if content.volume.spacing is None:
        raise UnusableCaseError(
            "its file states no pixel spacing, so sizes in mm are unknown; convert it from a "
            "format that does",
            where,
        )
    _warn_of_oblong_pixels(content.volume, where)
    slices = tuple(
        index
        for index in range(content.volume.num_slices)
        if whole or _may_be_used(content, index, limits)
    )
    if not slices:
        raise UnusableCaseError("no slice with a lesion", where)
    hu = read_hounsfield(content.volume, slices, where)
    lowest, highest = float(hu.min()), float(hu.max())
    # A slice of one value was never measured, whatever a tool filled it with.
    measured = np.array([plane.min() < plane.max() for plane in hu])
    checked = hu if measured.all() or not measured.any() else hu[measured]
    numbers = slices if checked is hu else tuple(np.array(slices)[measured].tolist())
    check_hounsfield(checked, where, numbers)
    body = np.array(
        [bool(seen and in_body(plane).any()) for seen, plane in zip(measured, hu, strict=True)]
    )
    if not body.any():
        raise UnusableCaseError(
            f"no voxel above {BODY_HU:g} HU, so no body; give the right image, or leave the "
            "patient out",
            where,
        )
    left_out = [*content.left_out]
    kept: dict[int, tuple[LesionBox, ...]] = {}
    too_small = 0
    for index, has_body in zip(slices, body, strict=True):
        drawn = content.boxes.get(index, ())
        boxes = list(_inside(drawn, hu.shape[1:], index, where, left_out))
        large = tuple(
            box for box in boxes if box.size_mm(content.volume.spacing) >= limits.min_size_mm
        )
        too_small += len(boxes) - len(large)
        if not has_body:
            _lesion_in_air(large, index, where, strict, left_out)
        elif drawn and not boxes:
            reason = "none of its boxes can be used, and it is no negative"
            left_out.append(LeftOut("slice", reason, slice_index=index))
        elif large or (limits.keep_empty and _is_negative(content, index, boxes)):
            kept[index] = large
    return CheckedCase(
        content=content,
        boxes=kept,
        slices=slices,
        hu=hu,
        histogram=_histogram(hu),
        hu_range=(lowest, highest),
        too_small=too_small,
        without_body=int((~body).sum()),
        left_out=tuple(left_out),
    )


def _warn_of_oblong_pixels(volume: CTVolume, where: str) -> None:
    """Say where no low dose can be simulated, which training would find out hours later."""
    row, column = volume.spacing
    if not is_square(volume.spacing):
        print_log(
            f"{where}: its pixels are not square ({row:g} mm between rows, {column:g} between "
            "columns), so no low dose can be simulated on it and SimulateLowDose will refuse it; "
            "give --square-pixels to resample it",
            logger="current",
            level=logging.WARNING,
        )


def read_hounsfield(volume: CTVolume, slices: Sequence[int], where: str) -> np.ndarray:
    """Read slices of a volume.

    Args:
        volume: The volume.
        slices: Which.
        where: What errors call it.

    Returns:
        (S, H, W) HU, int16 where that holds all values exactly, else float32.

    Raises:
        UnusableCaseError: A slice cannot be read or is not finite.
    """
    planes: list[np.ndarray] = []
    exact = True
    for index in slices:
        try:
            plane = volume.read_slice(index)
        except (OSError, EOFError, ValueError) as error:
            raise UnusableCaseError(f"slice {index} cannot be read", f"{where}: {error}") from error
        check_finite(plane, f"{where}, slice {index}")
        exact = exact and is_int16(plane)
        planes.append(plane.astype(np.int16) if exact else plane)
    return np.stack(planes) if exact else np.stack([p.astype(np.float32) for p in planes])


def is_int16(plane: np.ndarray) -> bool:
    """Tell whether 16-bit integers hold a slice without loss."""
    limits = np.iinfo(np.int16)
    return bool(
        plane.min() >= limits.min and plane.max() <= limits.max and (plane == np.rint(plane)).all()
    )


def _may_be_used(content: CaseContent, index: int, limits: BoxLimits) -> bool:
    """Whether a slice has a box, or could be a negative."""
    return bool(content.boxes.get(index)) or (
        limits.keep_empty and _is_negative(content, index, ())
    )


def _inside(
    boxes: Sequence[LesionBox],
    shape: tuple[int, int],
    index: int,
    where: str,
    left_out: list[LeftOut],
) -> Iterator[LesionBox]:
    """Clip boxes to the image; what is outside, or has no area, is left out."""
    height, width = shape
    for box in boxes:
        named = (
            f"{where}, slice {index} (x, y, width, height {box.x:g}, {box.y:g}, {box.width:g}, "
            f"{box.height:g} of {width} x {height} pixels)"
        )
        if not np.isfinite([box.x, box.y, box.width, box.height]).all():
            left_out.append(LeftOut("box", "its corners are no numbers", named, index))
            continue
        if box.width > width or box.height > height:
            left_out.append(LeftOut("box", "larger than the image", named, index))
            continue
        left, top = max(box.x, 0), max(box.y, 0)
        right, bottom = min(box.x + box.width, width), min(box.y + box.height, height)
        if min(right - left, bottom - top) < min(SMALLEST_SIDE, box.width, box.height) or (
            min(box.width, box.height) <= 0
        ):
            left_out.append(LeftOut("box", "outside of the image, or empty", named, index))
            continue
        size = (right - left, bottom - top)
        if size == (box.width, box.height):
            yield box
            continue
        left_out.append(LeftOut("box", "the part outside of the image", named, index))
        area = box.area * size[0] * size[1] / (box.width * box.height)
        yield dataclasses.replace(box, x=left, y=top, width=size[0], height=size[1], area=area)


def _is_negative(content: CaseContent, index: int, boxes: Sequence[LesionBox]) -> bool:
    """Whether a slice without a box that is kept is known to have no lesion to be found."""
    return content.annotated is None or index in content.annotated or bool(boxes)


def _lesion_in_air(
    boxes: Sequence[LesionBox], index: int, where: str, strict: bool, left_out: list[LeftOut]
) -> None:
    """Refuse, or leave out, the lesions of a slice that is only air."""
    if not boxes:
        return
    reason = (
        f"the slice shows no body (nothing above {BODY_HU:g} HU, or one value everywhere), but a "
        "lesion is drawn on it"
    )
    if strict:
        raise UnusableCaseError(
            f"{reason}; correct the labels, or give the image that they were drawn on",
            f"{where}, slice {index}",
        )
    left_out.append(LeftOut("box", reason, slice_index=index, count=len(boxes)))


def _histogram(hu: np.ndarray) -> np.ndarray:
    """Voxels between the edges, slice by slice to spare memory."""
    low, high = HISTOGRAM_EDGES[0], HISTOGRAM_EDGES[-1] - 1
    return sum(np.histogram(np.clip(plane, low, high), HISTOGRAM_EDGES)[0] for plane in hu)
