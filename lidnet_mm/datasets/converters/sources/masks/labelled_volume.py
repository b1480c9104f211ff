"""A CT volume with labels on the same voxels, turned into boxes slice by slice."""

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from lidnet_mm.datasets.converters.checks.hounsfield_check import check_finite
from lidnet_mm.datasets.converters.checks.mask_check import check_fraction, check_labels
from lidnet_mm.datasets.converters.checks.volume_grid import check_same_grid
from lidnet_mm.datasets.converters.lesion_boxes import LesionBox, lesion_boxes
from lidnet_mm.datasets.converters.source_case import CaseContent, UnusableCaseError
from lidnet_mm.datasets.converters.sources.masks.label_choice import LabelChoice
from lidnet_mm.datasets.readers import CTVolume, open_volume

SliceBoxes = Mapping[int, Sequence[LesionBox]]


def read_labelled_volume(
    image: Path,
    labels: Path,
    where: str,
    *,
    connectivity: int = 8,
    label_name: str = "",
    choice: LabelChoice | None = None,
    voxels: Counter[int] | None = None,
) -> CaseContent:
    """Read a volume and its labels.

    Args:
        image: File of the CT.
        labels: File of the labels: 0 without lesion, 1 and above in it.
        where: What messages call the case, such as its patient.
        connectivity: See :func:`boxes_of_labels`.
        label_name: See :func:`boxes_of_labels`.
        choice: See :func:`boxes_of_labels`.
        voxels: See :func:`boxes_of_labels`.

    Returns:
        The volume with the boxes of those slices that have any; all slices are annotated.

    Raises:
        UnusableCaseError: A file cannot be read, the two do not match, or the labels are none.
    """
    volume = open_case_volume(image, f"{where}, image {image}")
    mask = open_case_volume(labels, f"{where}, mask {labels}")
    check_same_grid(volume, mask, where)
    boxes = boxes_of_labels(
        mask.read_slice,
        mask.num_slices,
        f"{where}, mask {labels}",
        connectivity=connectivity,
        label_name=label_name,
        choice=choice,
        voxels=voxels,
    )
    return CaseContent(volume=volume, boxes=boxes)


def open_case_volume(path: Path, where: str) -> CTVolume:
    """Open a volume of a case.

    Args:
        path: Its file.
        where: What messages call it.

    Raises:
        UnusableCaseError: It cannot be opened.
    """
    try:
        return open_volume(path)
    except (OSError, EOFError, ValueError) as error:
        raise UnusableCaseError(
            "a volume cannot be opened",
            f"{where}: {error}",
        ) from error


def boxes_of_labels(
    read_slice: Callable[[int], np.ndarray],
    num_slices: int,
    where: str,
    *,
    connectivity: int = 8,
    label_name: str = "",
    choice: LabelChoice | None = None,
    voxels: Counter[int] | None = None,
) -> dict[int, tuple[LesionBox, ...]]:
    """Find the boxes of all slices of a label volume once it is known to be one.

    Args:
        read_slice: Slice, from 0 towards superior → its labels (H, W) in display order.
        num_slices: Number of slices.
        where: Patient and file, for messages.
        connectivity: 8 joins pixels that touch at a corner, 4 only those that share a side.
        label_name: Where given, labels are lesions of their own, also where they touch, and each
            box has its label as an attribute of this name. Else all labels of a class are one
            mask.
        choice: Which labels are lesions, and of which class; None for all above 0.
        voxels: Receives the number of voxels of each label above 0, chosen or not.

    Returns:
        Slice → boxes, for slices that have any.

    Raises:
        UnusableCaseError: A slice cannot be read, is not finite, negative or fractional, or more
            than half of the voxels are marked.
    """
    choice = choice or LabelChoice()
    boxes: dict[int, tuple[LesionBox, ...]] = {}
    marked = total = 0
    for index in range(num_slices):
        labels = _read_labels(read_slice, index, f"{where}, slice {index}")
        total += labels.size
        if not labels.any():
            continue
        if voxels is not None:
            found, counts = np.unique(labels[labels > 0].astype(int), return_counts=True)
            voxels.update(dict(zip(found.tolist(), counts.tolist(), strict=True)))
        of_slice: list[LesionBox] = []
        for name, mask in choice.masks(labels):
            marked += int(np.count_nonzero(mask))
            of_class = _boxes_of_slice(mask, connectivity, label_name)
            of_slice += [dataclasses.replace(box, class_name=name) for box in of_class]
        if of_slice:
            boxes[index] = tuple(of_slice)
    check_fraction(marked, total, where)
    return boxes


def require_lesion(boxes: SliceBoxes, where: str) -> None:
    """Refuse a case without any lesion, in a dataset where each has one.

    Raises:
        UnusableCaseError: No slice has a box.
    """
    if not any(boxes.values()):
        raise UnusableCaseError(
            "the labels have no voxel above 0, but every patient of this dataset has a lesion; "
            "copy the labels again",
            where,
        )


def _read_labels(read_slice: Callable[[int], np.ndarray], index: int, where: str) -> np.ndarray:
    """Read the labels of a slice as whole numbers, (H, W) float32."""
    try:
        labels = np.asarray(read_slice(index), dtype=np.float32)
    except (OSError, EOFError, ValueError) as error:
        raise UnusableCaseError(
            "labels cannot be read; copy or convert their file again", f"{where}: {error}"
        ) from error
    check_finite(labels, where)
    check_labels(labels, where)
    return np.rint(labels)


def _boxes_of_slice(labels: np.ndarray, connectivity: int, label_name: str) -> list[LesionBox]:
    """Boxes of the connected components of a slice, of each label if they have a name."""
    if not label_name:
        return lesion_boxes(labels, connectivity)
    return [
        LesionBox(box.x, box.y, box.width, box.height, box.area, {label_name: int(label)})
        for label in np.unique(labels[labels > 0])
        for box in lesion_boxes(labels == label, connectivity)
    ]
