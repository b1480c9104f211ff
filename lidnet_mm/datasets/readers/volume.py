"""CT volumes as axial slices in one orientation, whatever the order of the axes in the file."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np
from nibabel.affines import obliquity, voxel_sizes

from lidnet_mm.ct_bounds import slice_distance_problem, spacing_problem

MAX_OBLIQUITY = 0.02
"""Largest angle (rad) between a volume's axes and the patient's that is read as axial."""


class VolumeError(ValueError):
    """A CT volume cannot be read; the message names the file, the reason and a remedy."""


NO_VOLUME = "give a volume of columns, rows and slices"
"""What to do where a file holds less than a volume."""


@dataclass(frozen=True)
class Orientation:
    """Which stored axis runs along each axis of the patient, and which way.

    Slices are delivered in the display order of axial DICOM: rows run towards the patient's
    posterior (P), columns towards the left (L), slices towards superior (S).

    Attributes:
        axes: Stored axes that hold the slices, the rows and the columns.
        flips: Whether each of them runs against S, P and L.
    """

    axes: tuple[int, int, int]
    flips: tuple[bool, bool, bool]

    @classmethod
    def from_affine(cls, affine: np.ndarray, oblique: bool = False) -> "Orientation":
        """Read the orientation off an affine.

        Args:
            affine: (4, 4), stored voxel indices to millimetres in RAS+ (NIfTI's convention).
            oblique: Take axes that lean from the patient's for the nearest of these.

        Returns:
            The orientation.

        Raises:
            ValueError: The affine is singular or not finite, or its axes lean more than
                ``MAX_OBLIQUITY`` rad from the patient's and ``oblique`` is not set.
        """
        if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-18:
            raise ValueError(
                "its affine is singular or not finite, so the orientation of the slices is"
                " unknown; write the volume again from its source with a valid sform or qform"
            )
        angle = float(np.max(obliquity(affine)))
        if angle > MAX_OBLIQUITY and not oblique:
            raise ValueError(
                f"its axes are oblique: {np.degrees(angle):.1f} degrees from the patient's axes"
                f" (at most {np.degrees(MAX_OBLIQUITY):.1f}), so its slices are not axial;"
                " resample it to an axial grid first"
            )
        world = nibabel.io_orientation(affine)
        stored = {int(axis): (index, direction) for index, (axis, direction) in enumerate(world)}
        (column, right), (row, anterior), (slice_, superior) = stored[0], stored[1], stored[2]
        return cls(
            axes=(slice_, row, column),
            flips=(bool(superior < 0), bool(anterior > 0), bool(right > 0)),
        )

    def display(self, plane: np.ndarray) -> np.ndarray:
        """Turn a stored plane into display order.

        Args:
            plane: 2-D, its two axes in their stored order.

        Returns:
            (H, W), rows towards posterior, columns towards left. A view, possibly with
            negative strides.
        """
        _, row, column = self.axes
        plane = plane if row < column else plane.T
        return plane[:: -1 if self.flips[1] else 1, :: -1 if self.flips[2] else 1]

    def stored(self, plane: np.ndarray) -> np.ndarray:
        """Turn a plane in display order back into the stored one; the inverse of ``display``.

        Args:
            plane: (H, W), rows towards posterior, columns towards left.

        Returns:
            2-D, its axes in their stored order. A view.
        """
        _, row, column = self.axes
        plane = plane[:: -1 if self.flips[1] else 1, :: -1 if self.flips[2] else 1]
        return plane if row < column else plane.T

    def stored_slice(self, index: int, num_slices: int) -> int:
        """Index along the stored slice axis of slice ``index`` (counted towards superior)."""
        return num_slices - 1 - index if self.flips[0] else index


class CTVolume(ABC):
    """A CT volume read slice by slice.

    Sub-classes read one file format: they call ``__init__`` with what the header says and
    implement ``_read_plane``.

    Args:
        path: The file (or folder) of the volume.
        affine: (4, 4), stored voxel indices to millimetres in RAS+; None where the file does not
            tell, then its axes are those of the display order: slice, row, column.
        stored_shape: Number of voxels along the three stored axes.
        slope: Rescale slope: HU = slope · stored + intercept.
        intercept: Rescale intercept in HU.
        oblique: Accept axes that lean from the patient's, as of a tilted gantry.

    Raises:
        VolumeError: The volume is oblique and must not be, its orientation is unknown or its
            spacing none of a CT.
    """

    def __init__(
        self,
        path: Path,
        affine: np.ndarray | None,
        stored_shape: tuple[int, int, int],
        slope: float = 1.0,
        intercept: float = 0.0,
        oblique: bool = False,
    ) -> None:
        self.path = Path(path)
        self.affine = None if affine is None else np.asarray(affine, dtype=np.float64)
        self.stored_shape = tuple(int(size) for size in stored_shape)
        self.slope, self.intercept = float(slope), float(intercept)
        if self.affine is None:
            self.orientation = Orientation(axes=(0, 1, 2), flips=(False, False, False))
            return
        try:
            self.orientation = Orientation.from_affine(self.affine, oblique)
        except ValueError as error:
            raise VolumeError(f"Cannot read {self.path}: {error}") from error
        slice_mm, row_mm, column_mm = voxel_sizes(self.affine)[list(self.orientation.axes)].tolist()
        problem = spacing_problem((row_mm, column_mm)) or slice_distance_problem(slice_mm)
        if problem:
            raise VolumeError(
                f"Cannot read {self.path}: it has {problem}; correct the spacing or its unit in"
                " the header"
            )

    @abstractmethod
    def _read_plane(self, stored_index: int) -> np.ndarray:
        """Stored values of one plane across the stored slice axis, other axes in stored order."""

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that the volume was opened from: when one changes, it is another volume."""
        return (self.path,)

    @property
    def resident_bytes(self) -> int:
        """Memory that the open volume holds, in bytes."""
        return 0

    @property
    def num_slices(self) -> int:
        """Number of axial slices."""
        return self.stored_shape[self.orientation.axes[0]]

    @property
    def slice_shape(self) -> tuple[int, int]:
        """(H, W) of a slice in pixels."""
        _, row, column = self.orientation.axes
        return self.stored_shape[row], self.stored_shape[column]

    @property
    def spacing(self) -> tuple[float, float] | None:
        """Distance between rows and between columns in mm; None where the file does not tell."""
        if self.affine is None:
            return None
        sizes = voxel_sizes(self.affine)
        _, row, column = self.orientation.axes
        return float(sizes[row]), float(sizes[column])

    @property
    def slice_spacing(self) -> float | None:
        """Distance between slices in mm; None where the file does not tell."""
        if self.affine is None:
            return None
        return float(voxel_sizes(self.affine)[self.orientation.axes[0]])

    @property
    def uniform(self) -> bool:
        """Whether all slices are the same distance apart."""
        return True

    def voxel_position(self, index: int, row: float, column: float) -> np.ndarray:
        """Centre of a voxel in the patient, or a place between centres.

        Args:
            index: Slice, counted from 0 towards superior.
            row: Row, counted from 0 towards posterior; its first edge is at ``row - 0.5``.
            column: Column, counted from 0 towards left; its first edge is at ``column - 0.5``.

        Returns:
            (3,) float64, mm in LPS+ (DICOM's convention).

        Raises:
            VolumeError: The file does not tell where its voxels lie.
        """
        if self.affine is None:
            raise VolumeError(
                f"{self.path} does not tell where its voxels lie in the patient; use a file type"
                " that does, such as .nii.gz"
            )
        stored = self._stored_voxel(index, row, column)
        return (self.affine @ (*stored, 1.0))[:3] * (-1.0, -1.0, 1.0)

    def stored_pixel(self, row: float, column: float) -> tuple[float, float]:
        """Where a pixel of the display order lies in the picture that the file stores.

        Args:
            row: Row, counted from 0 towards posterior; places between centres are fine.
            column: Column, counted from 0 towards left.

        Returns:
            Row and column of the stored picture, counted from 0, that is along the two stored axes
            other than that of the slices.
        """
        stored = self._stored_voxel(0, row, column)
        first, second = (axis for axis in range(3) if axis != self.orientation.axes[0])
        return stored[first], stored[second]

    def _stored_voxel(self, index: int, row: float, column: float) -> tuple[float, ...]:
        """Indices along the three stored axes of a voxel in display order."""
        stored: list[float] = [0, 0, 0]
        for value, axis, flip in zip(
            (index, row, column), self.orientation.axes, self.orientation.flips, strict=True
        ):
            stored[axis] = self.stored_shape[axis] - 1 - value if flip else value
        return tuple(stored)

    def slice_position(self, index: int) -> np.ndarray:
        """Centre of a slice's first voxel in the patient: DICOM's ImagePositionPatient.

        Args:
            index: Slice, counted from 0 towards superior.

        Returns:
            (3,) float64, mm in LPS+.

        Raises:
            VolumeError: The file does not tell where its voxels lie.
        """
        return self.voxel_position(index, 0, 0)

    def read_stored(self, index: int) -> np.ndarray:
        """Read the stored values of one slice, without rescale.

        Args:
            index: Slice, counted from 0 towards superior.

        Returns:
            2-D, in the type of the file and its axes in their stored order
            (``orientation.display`` turns it into display order).

        Raises:
            VolumeError: The file's content cannot be read.
        """
        return self._read_plane(self.orientation.stored_slice(index, self.num_slices))

    def read_slice(self, index: int) -> np.ndarray:
        """Read one axial slice.

        Args:
            index: Slice, counted from 0 towards superior.

        Returns:
            (H, W) float32 in HU (rescale slope and intercept applied), rows towards posterior,
            columns towards left, C-contiguous.

        Raises:
            IndexError: There is no such slice.
            VolumeError: The file's content cannot be read.
        """
        if not 0 <= index < self.num_slices:
            raise IndexError(
                f"{self.path} has slices 0 to {self.num_slices - 1}, not {index};"
                " rebuild the annotation file from this volume"
            )
        plane = self._read_plane(self.orientation.stored_slice(index, self.num_slices))
        plane = self.orientation.display(plane)
        if (self.slope, self.intercept) != (1.0, 0.0):
            plane = plane.astype(np.float64) * self.slope + self.intercept
        return np.array(plane, dtype=np.float32, order="C")
