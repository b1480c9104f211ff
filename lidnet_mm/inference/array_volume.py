"""A volume that is in memory already: a NumPy array or a SimpleITK image."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import SimpleITK

from lidnet_mm.datasets.readers import CTVolume

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


class ArrayVolume(CTVolume):
    """HU in memory.

    Args:
        hu: (Z, Y, X) or (Y, X) in HU.
        affine: (4, 4), (slice, row, column) to mm in LPS+; None where nobody knows. Without it
            rows run towards posterior, columns towards left, slices towards superior.

    Raises:
        ValueError: The array has another number of axes or no values.
    """

    def __init__(self, hu: np.ndarray, affine: np.ndarray | None = None) -> None:
        hu = np.asarray(hu)
        self.values = hu[None] if hu.ndim == 2 else hu
        if self.values.ndim != 3 or not self.values.size or self.values.dtype.kind not in "iuf":
            raise ValueError(
                f"an array of shape {hu.shape} and type {hu.dtype}: give (Z, Y, X) or (Y, X) in HU"
            )
        ras = None if affine is None else LPS_TO_RAS @ affine
        super().__init__(Path("array"), ras, self.values.shape, oblique=True)

    @classmethod
    def with_spacing(cls, hu: np.ndarray, spacing: Sequence[float] | None) -> "ArrayVolume":
        """A volume of an array.

        Args:
            hu: (Z, Y, X) or (Y, X) in HU.
            spacing: mm between slices, rows and columns; of two values those of rows and columns.

        Raises:
            ValueError: The spacing is not two or three lengths above 0.
        """
        if spacing is None:
            return cls(hu)
        steps = [float(step) for step in spacing]
        if len(steps) not in (2, 3) or not all(0 < step < 1e3 for step in steps):
            raise ValueError(f"spacing is {spacing}: give mm between slices, rows and columns")
        affine = np.eye(4)
        slice_step, row_step, column_step = steps if len(steps) == 3 else [1.0, *steps]
        affine[:3, :3] = [[0, 0, column_step], [0, row_step, 0], [slice_step, 0, 0]]
        return cls(hu, affine)

    @classmethod
    def of_image(cls, image: SimpleITK.Image) -> "ArrayVolume":
        """A volume of a SimpleITK image in HU, of three dimensions."""
        affine = np.eye(4)
        directions = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
        affine[:3, :3] = directions[:, ::-1]
        affine[:3, 3] = image.GetOrigin()
        return cls(SimpleITK.GetArrayFromImage(image), affine)

    def _read_plane(self, stored_index: int) -> np.ndarray:
        """One plane of the array."""
        return np.take(self.values, stored_index, axis=self.orientation.axes[0])
