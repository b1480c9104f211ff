"""Cases whose pixels are not square, resampled to square ones: no low dose fits the others."""

import dataclasses

import numpy as np

from lidnet_mm.datasets.converters.lesion_boxes import LesionBox
from lidnet_mm.datasets.converters.source_case import CaseContent
from lidnet_mm.datasets.readers import CTVolume

SAME = 1e-3
"""Relative difference of the sides below which a pixel is square, as in the simulation."""


def is_square(spacing: tuple[float, float]) -> bool:
    """Tell whether pixels are square, from their spacing (row, column) in mm."""
    return max(spacing) - min(spacing) <= SAME * min(spacing)


class SquarePixelVolume(CTVolume):
    """A volume with square pixels of the smaller side, linear between rows or columns.

    The image begins at the same outer edge, so a place at ``x`` pixels from it lies at ``x``
    times the ratio of the spacings. A last pixel that the image does not fill to half is dropped.

    Args:
        source: The volume, whose place in the patient is known.
    """

    def __init__(self, source: CTVolume) -> None:
        self._source = source
        side = min(source.spacing)
        self.scale = tuple(size / side for size in source.spacing)
        shape = [
            max(1, round(size * scale))
            for size, scale in zip(source.slice_shape, self.scale, strict=True)
        ]
        first = [(1 / scale - 1) / 2 for scale in self.scale]
        super().__init__(source.path, _affine(source, first, side), (source.num_slices, *shape))
        self._places = [
            np.clip((np.arange(size) + 0.5) / scale - 0.5, 0, stored - 1)
            for size, scale, stored in zip(shape, self.scale, source.slice_shape, strict=True)
        ]

    @property
    def files(self) -> tuple:
        """Those of the volume that it was resampled from."""
        return self._source.files

    @property
    def uniform(self) -> bool:
        """As of the volume that it was resampled from."""
        return self._source.uniform

    @property
    def slice_spacing(self) -> float | None:
        """As of the volume that it was resampled from."""
        return self._source.slice_spacing

    def nearest(self, planes: np.ndarray) -> np.ndarray:
        """Resample labels.

        Args:
            planes: (S, H, W) on the pixels of the source.

        Returns:
            (S, H', W') on the pixels of this volume, of the same values.
        """
        rows, columns = (np.rint(place).astype(int) for place in self._places)
        return planes[:, rows[:, None], columns]

    def _read_plane(self, stored_index: int) -> np.ndarray:
        """One slice, in display order."""
        plane = self._source.read_slice(stored_index).astype(np.float64)
        for axis, place in enumerate(self._places):
            below = np.floor(place).astype(int)
            above = np.minimum(below + 1, plane.shape[axis] - 1)
            part = (place - below)[:, None] if axis == 0 else place - below
            plane = plane.take(below, axis) * (1 - part) + plane.take(above, axis) * part
        return plane


def with_square_pixels(content: CaseContent) -> CaseContent:
    """Resample a case, its boxes, LDCT and masks.

    Args:
        content: The case; its volume states its spacing.

    Returns:
        The case itself where its pixels are square, else with square ones.
    """
    if content.volume.spacing is None or is_square(content.volume.spacing):
        return content
    volume = SquarePixelVolume(content.volume)
    mask = content.lesion_mask
    return dataclasses.replace(
        content,
        volume=volume,
        boxes={
            index: tuple(_scaled(box, *volume.scale) for box in boxes)
            for index, boxes in content.boxes.items()
        },
        ldct=None if content.ldct is None else SquarePixelVolume(content.ldct),
        lesion_mask=None if mask is None else volume.nearest(mask),
    )


def _scaled(box: LesionBox, rows: float, columns: float) -> LesionBox:
    """A box in pixels of which there are more."""
    return dataclasses.replace(
        box,
        x=box.x * columns,
        width=box.width * columns,
        y=box.y * rows,
        height=box.height * rows,
        area=box.area * rows * columns,
    )


def _affine(source: CTVolume, first: list[float], side: float) -> np.ndarray:
    """(4, 4) from slice, row and column of the new pixels to mm in RAS+."""
    to_ras = np.array([-1.0, -1.0, 1.0])
    corner = source.voxel_position(0, 0, 0)
    affine = np.eye(4)
    for axis, step in enumerate(np.eye(3, dtype=int)):
        affine[:3, axis] = (source.voxel_position(*step) - corner) * to_ras
    for axis, place in enumerate(first, start=1):
        corner = corner + place * affine[:3, axis] * to_ras
        affine[:3, axis] *= side / source.spacing[axis - 1]
    affine[:3, 3] = corner * to_ras
    return affine
