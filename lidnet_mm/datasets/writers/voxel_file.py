"""The voxels of a volume in one file, written slice by slice in any order."""

import gzip
import shutil
import threading
from pathlib import Path

import numpy as np

COMPRESSION = 3
"""Of gzip: a few per cent larger than at 9, many times as fast."""

BLOCK = 1 << 20


class VoxelFile:
    """A file of all voxels, first axis fastest, as NIfTI, MetaImage and NRRD store them.

    Only the slice at hand is in memory where slices are contiguous (``slice_axis`` 2).

    Args:
        path: The file; created.
        dtype: Type of a voxel.
        shape: Voxels along the three axes.
        slice_axis: The axis across the slices.
        header: Bytes in front of the voxels.
    """

    def __init__(
        self,
        path: Path,
        dtype: np.dtype,
        shape: tuple[int, int, int],
        slice_axis: int = 2,
        header: bytes = b"",
    ) -> None:
        self.path, self._dtype, self._shape = path, np.dtype(dtype), shape
        self._axis, self._offset, self._lock = slice_axis, len(header), threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        size = int(np.prod(shape, dtype=np.int64)) * self._dtype.itemsize
        with path.open("wb") as stream:
            stream.write(header)
            stream.truncate(self._offset + size)

    def write(self, stored_index: int, plane: np.ndarray) -> None:
        """Write one slice.

        Args:
            stored_index: Its position along the slice axis.
            plane: 2-D, the other two axes in their stored order.

        Raises:
            OSError: It cannot be written.
        """
        plane = plane.astype(self._dtype, copy=False)
        if self._axis == 2:
            content = plane.tobytes(order="F")
            with self._lock, self.path.open("r+b") as stream:
                stream.seek(self._offset + stored_index * len(content))
                stream.write(content)
            return
        with self._lock:
            voxels = np.memmap(self.path, self._dtype, "r+", self._offset, self._shape, order="F")
            voxels[(slice(None),) * self._axis + (stored_index,)] = plane
            voxels.flush()

    def compress(self, target: Path, header: bytes = b"") -> None:
        """Put the file into gzip and remove it.

        Args:
            target: The compressed file.
            header: Bytes in front of it that are not compressed, as NRRD has them.

        Raises:
            OSError: It cannot be written.
        """
        with target.open("wb") as stream:
            stream.write(header)
            with (
                gzip.GzipFile("", "wb", COMPRESSION, stream, mtime=0) as compressed,
                self.path.open("rb") as voxels,
            ):
                shutil.copyfileobj(voxels, compressed, BLOCK)
        self.path.unlink()
