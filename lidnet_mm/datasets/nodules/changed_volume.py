"""A CT volume whose voxels were changed in memory."""

import numpy as np

from lidnet_mm.datasets.readers import CTVolume


class ChangedVolume(CTVolume):
    """New voxels on the grid of another volume.

    Its ``path`` is the other's with a remark, which is no file: nothing can take the unchanged
    file for this volume.

    Args:
        source: The volume that was changed; it tells where its voxels lie.
        voxels: (S, H, W) in HU, in the order of ``source.read_slice``.
        remark: What was done, such as ``'with nodules'``.

    Raises:
        ValueError: The shapes differ.
    """

    def __init__(self, source: CTVolume, voxels: np.ndarray, remark: str) -> None:
        shape = (source.num_slices, *source.slice_shape)
        if voxels.shape != shape:
            raise ValueError(f"voxels of shape {voxels.shape} for a volume of shape {shape}")
        path = source.path.with_name(f"{source.path.name} {remark}")
        super().__init__(path, _display_affine(source), shape)
        self._voxels = voxels
        self._uniform = source.uniform

    @property
    def files(self) -> tuple[()]:
        """None: it is in memory only."""
        return ()

    @property
    def resident_bytes(self) -> int:
        """Size of the voxels in bytes."""
        return self._voxels.nbytes

    @property
    def uniform(self) -> bool:
        """As of the volume that was changed."""
        return self._uniform

    def _read_plane(self, stored_index: int) -> np.ndarray:
        """One slice."""
        return self._voxels[stored_index]


def _display_affine(source: CTVolume) -> np.ndarray | None:
    """(4, 4) from slice, row and column of the display order to mm in RAS+."""
    if source.affine is None:
        return None
    to_ras = np.array([-1.0, -1.0, 1.0])
    corner = source.voxel_position(0, 0, 0)
    affine = np.eye(4)
    for axis, step in enumerate(np.eye(3, dtype=int)):
        affine[:3, axis] = (source.voxel_position(*step) - corner) * to_ras
    affine[:3, 3] = corner * to_ras
    return affine
