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
        self._is_plane = hu.ndim == 2
        self.values = hu[None] if self._is_plane else hu
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

    def in_own_order(self, display: np.ndarray) -> dict[str, np.ndarray | None]:
        """Bring a volume in display order back into the order of the array.

        Args:
            display: (Z, Y, X), slices towards superior, rows towards posterior, columns towards
                left.

        Returns:
            ``volume``, in the order and with the number of axes of the array, and ``affine``,
            (4, 4), its (slice, row, column) to mm in LPS+, or None.
        """
        axes, flips = self.orientation.axes, self.orientation.flips
        turned = display[tuple(slice(None, None, -1 if flip else 1) for flip in flips)]
        own = np.ascontiguousarray(turned.transpose(np.argsort(axes)))
        affine = None if self.affine is None else LPS_TO_RAS @ self.affine
        return {"volume": own[0] if self._is_plane else own, "affine": affine}
