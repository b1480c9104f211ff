"""NIfTI volumes."""

import io
from pathlib import Path

import nibabel
import numpy as np

from lidnet_mm.datasets.converters.output.header_text import header_without_text
from lidnet_mm.datasets.readers import CTVolume, NiftiVolume
from lidnet_mm.datasets.writers.display_grid import LPS_TO_RAS, display_affine, display_shape
from lidnet_mm.datasets.writers.volume_writer import (
    Derivation,
    VolumeWriter,
    changed,
    whole_hu,
)
from lidnet_mm.datasets.writers.voxel_file import VoxelFile


class NiftiWriter(VolumeWriter):
    """Writes ``.nii`` or ``.nii.gz``.

    A NIfTI source keeps its stored type, axes, scale and both forms; texts and extensions of its
    header, where tools write names, are left out. Any other source is written in display order, in
    whole HU of 16 bits.

    Args:
        volume: The source.
        folder: An empty folder for the file.
        derivation: What was done.
        name: Name of the file.
    """

    def __init__(
        self, volume: CTVolume, folder: Path, derivation: Derivation, name: str = "ct.nii.gz"
    ) -> None:
        super().__init__(volume, folder, derivation)
        self._target = self.folder / name
        self._same = isinstance(volume, NiftiVolume)
        header = (
            header_without_text(nibabel.load(volume.path)) if self._same else self._empty().header
        )
        axes = volume.orientation.axes
        self._voxels = VoxelFile(
            self._target.with_name(f"{name}.voxels") if self._compressed else self._target,
            header.get_data_dtype(),
            tuple(header.get_data_shape()[:3]),
            axes[0] if self._same else 2,
            _bytes_before_voxels(header),
        )

    @property
    def _compressed(self) -> bool:
        """Whether the file is to be compressed."""
        return self._target.name.lower().endswith(".gz")

    @property
    def outputs(self) -> tuple[Path, ...]:
        """The file, see :attr:`VolumeWriter.outputs`."""
        return (Path(self._target.name),)

    def write(self, index: int, hu: np.ndarray, change: np.ndarray) -> None:
        """Write one slice, see :meth:`VolumeWriter.write`."""
        if not self._same:
            self._voxels.write(index, whole_hu(hu, change).T)
            return
        volume = self.volume
        plane = changed(volume.read_stored(index), volume.orientation.stored(change), volume.slope)
        self._voxels.write(volume.orientation.stored_slice(index, volume.num_slices), plane)

    def finish(self) -> None:
        """Complete the file, see :meth:`VolumeWriter.finish`."""
        if self._compressed:
            self._voxels.compress(self._target)

    def _empty(self) -> nibabel.Nifti1Image:
        """An image in display order, all 0."""
        empty = np.broadcast_to(np.int16(0), display_shape(self.volume))
        image = nibabel.Nifti1Image(empty, LPS_TO_RAS @ display_affine(self.volume), dtype=np.int16)
        image.header.set_xyzt_units("mm")
        return image


def _bytes_before_voxels(header: nibabel.Nifti1Header) -> bytes:
    """The header as a single file begins."""
    stream = io.BytesIO()
    header.write_to(stream)
    return stream.getvalue().ljust(int(header["vox_offset"]), b"\0")
