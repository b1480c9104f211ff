"""Read one patient's volume and mask into checked slices with boxes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lidnet_mm.datasets.converters.checks.hounsfield_check import check_finite, check_hounsfield
from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.lesion_boxes import LesionBox
from lidnet_mm.datasets.converters.sources.labelled_volume import read_labelled_volume
from lidnet_mm.datasets.converters.sources.source_pattern import SourcePair
from lidnet_mm.datasets.readers import CTVolume
from lidnet_mm.simulation import BODY_HU, in_body


@dataclass(frozen=True)
class LesionCase:
    """One patient's slices in canonical orientation.

    Attributes:
        pair: Source files.
        pseudonym: Name of the patient in the dataset.
        shape: Rows and columns of a slice.
        spacing: Row and column spacing in mm.
        slice_thickness: Distance of neighbouring slices in mm.
        boxes: Boxes of every slice, from inferior to superior; an empty tuple is a negative.
        has_body: Whether a slice, in the same order, holds anything but air.
        dropped: Number of components smaller than the minimum size.
        hu_range: Smallest and largest HU.
    """

    pair: SourcePair
    pseudonym: str
    shape: tuple[int, int]
    spacing: tuple[float, float]
    slice_thickness: float
    boxes: tuple[tuple[LesionBox, ...], ...]
    has_body: tuple[bool, ...]
    dropped: int
    hu_range: tuple[float, float]

    @property
    def without_body(self) -> int:
        """Number of slices that are only air."""
        return len(self.has_body) - sum(self.has_body)


def read_case(
    pair: SourcePair,
    pseudonym: str,
    *,
    min_size_mm: float = 0.0,
    connectivity: int = 8,
    allow_no_lesion: bool = False,
) -> LesionCase:
    """Read and check one patient.

    Args:
        pair: Source files of the patient.
        pseudonym: Name of the patient in the dataset.
        min_size_mm: Components whose larger box side is below this many mm are dropped.
        connectivity: 4 or 8 neighbours.
        allow_no_lesion: Keep a patient without any lesion as negatives.

    Raises:
        ConversionError: The files cannot be read, do not match, hold no HU, no labels or no
            lesion.
    """
    content = read_labelled_volume(
        pair.image, pair.mask, f"patient {pair.patient}", connectivity=connectivity
    )
    image = content.volume
    hu_range, has_body = _check_intensities(pair, image)
    found = [content.boxes.get(index, ()) for index in range(image.num_slices)]
    kept = [
        tuple(box for box in boxes if box.size_mm(image.spacing) >= min_size_mm) for boxes in found
    ]
    if not allow_no_lesion:
        _check_lesions(pair, found, kept, min_size_mm)
    _check_body(pair, kept, has_body)
    return LesionCase(
        pair=pair,
        pseudonym=pseudonym,
        shape=tuple(image.slice_shape),
        spacing=tuple(image.spacing),
        slice_thickness=image.slice_spacing,
        boxes=tuple(kept),
        has_body=has_body,
        dropped=sum(map(len, found)) - sum(map(len, kept)),
        hu_range=hu_range,
    )


def _read(pair: SourcePair, volume: CTVolume, index: int, kind: str) -> np.ndarray:
    """Read one slice, (H, W) float32."""
    try:
        return volume.read_slice(index)
    except (OSError, EOFError, ValueError) as error:
        raise ConversionError(
            f"patient {pair.patient}, {kind} {volume.path}, slice {index}: {error}"
        ) from error


def _check_intensities(
    pair: SourcePair, image: CTVolume
) -> tuple[tuple[float, float], tuple[bool, ...]]:
    """Return the range of an image known to be HU, and which of its slices hold body."""
    lowest, highest, has_body = np.inf, -np.inf, []
    where = f"patient {pair.patient}, image {pair.image}"
    for index in range(image.num_slices):
        pixels = _read(pair, image, index, "image")
        check_finite(pixels, f"{where}, slice {index}")
        lowest, highest = min(lowest, float(pixels.min())), max(highest, float(pixels.max()))
        has_body.append(bool(in_body(pixels).any()))
    check_hounsfield(lowest, highest, where)
    return (lowest, highest), tuple(has_body)


def _check_lesions(
    pair: SourcePair,
    found: list[Sequence[LesionBox]],
    kept: list[tuple[LesionBox, ...]],
    min_size_mm: float,
) -> None:
    """Refuse a patient without lesion."""
    where = f"patient {pair.patient}, mask {pair.mask}"
    if not any(found):
        raise ConversionError(
            f"{where}: no voxel above 0, so no lesion; give the right mask, or --allow-no-lesion "
            "to keep such patients as negatives"
        )
    if not any(kept):
        raise ConversionError(
            f"{where}: every lesion is smaller than {min_size_mm:g} mm; lower --min-size-mm, or "
            "give --allow-no-lesion to keep such patients as negatives"
        )


def _check_body(
    pair: SourcePair, kept: list[tuple[LesionBox, ...]], has_body: tuple[bool, ...]
) -> None:
    """Refuse lesions in nothing but air, and a patient who is nothing else."""
    where = f"patient {pair.patient}, image {pair.image}"
    if not any(has_body):
        raise ConversionError(
            f"{where}: no voxel above {BODY_HU:g} HU, so no body; give the right image, or leave "
            "the patient out"
        )
    for index, boxes in enumerate(kept):
        if boxes and not has_body[index]:
            raise ConversionError(
                f"{where}, slice {index}: the mask {pair.mask} has a lesion, but no voxel of the "
                f"slice is above {BODY_HU:g} HU; correct the mask, or give the image it was drawn "
                "on"
            )
