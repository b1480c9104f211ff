"""Single slices of one scan in PNG files, as a volume."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lidnet_mm.datasets.readers import CTVolume, VolumeError
from lidnet_mm.datasets.readers.png import PngVolume


class PngStack(CTVolume):
    """Slices of a scan that need not be neighbours.

    Slices are counted within the stack; ``slice_spacing`` is that of the scan, while the slices
    lie anywhere in it. The pictures are in display order.

    Args:
        path: Folder, for messages.
        files: PNG of each slice, towards superior.
        spacing: mm between rows and between columns.
        slice_spacing: mm between neighbouring slices of the scan.

    Raises:
        FileNotFoundError: A file does not exist.
        VolumeError: There is no file, one is no 16-bit grey PNG, or their sizes differ.
    """

    def __init__(
        self,
        path: Path,
        files: Sequence[Path],
        spacing: tuple[float, float],
        slice_spacing: float,
    ) -> None:
        self._slices = [PngVolume(file) for file in files]
        shapes = {each.slice_shape: each.path for each in self._slices}
        if len(shapes) != 1:
            raise VolumeError(
                f"Cannot read {path} as slices of one scan: their sizes are {shapes or 'none'};"
                " give each size a volume of its own"
            )
        ((height, width),) = shapes
        affine = np.diag([-spacing[1], -spacing[0], slice_spacing, 1.0])
        super().__init__(path, affine, (width, height, len(self._slices)))

    @property
    def uniform(self) -> bool:
        """Whether all slices are the same distance apart: known of a single one only."""
        return len(self._slices) == 1

    def _read_plane(self, stored_index: int) -> np.ndarray:
        """HU of one picture, columns first."""
        return self._slices[stored_index].read_slice(0).T
