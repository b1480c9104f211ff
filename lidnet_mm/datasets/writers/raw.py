"""MetaImage and NRRD volumes: a text header and raw voxels."""

from abc import abstractmethod
from pathlib import Path

import numpy as np

from lidnet_mm.datasets.readers import CTVolume, SimpleITKVolume
from lidnet_mm.datasets.writers.display_grid import LPS_TO_RAS, display_affine, display_shape
from lidnet_mm.datasets.writers.volume_writer import (
    Derivation,
    VolumeWriter,
    changed,
    whole_hu,
)
from lidnet_mm.datasets.writers.voxel_file import VoxelFile

META_TYPES = {
    "int8": "MET_CHAR",
    "uint8": "MET_UCHAR",
    "int16": "MET_SHORT",
    "uint16": "MET_USHORT",
    "int32": "MET_INT",
    "uint32": "MET_UINT",
    "int64": "MET_LONG_LONG",
    "uint64": "MET_ULONG_LONG",
    "float32": "MET_FLOAT",
    "float64": "MET_DOUBLE",
}

NRRD_TYPES = {"float32": "float", "float64": "double"}
"""Types whose name in NRRD is not that in NumPy."""


class _RawWriter(VolumeWriter):
    """Voxels behind a text header; a source of either type keeps its stored type and axes.

    Args:
        volume: The source.
        folder: An empty folder for the file.
        derivation: What was done.
        name: Name of the file. A header of its own (``.mhd``, ``.nhdr``) gets its voxels beside it.
    """

    detached: str

    def __init__(self, volume: CTVolume, folder: Path, derivation: Derivation, name: str) -> None:
        super().__init__(volume, folder, derivation)
        self._name = name
        self._same = isinstance(volume, SimpleITKVolume)
        self._is_detached = name.lower().endswith(self.detached)
        self._shape = volume.stored_shape if self._same else display_shape(volume)
        self._dtype = volume.read_stored(0).dtype if self._same else np.dtype(np.int16)
        self._lps = LPS_TO_RAS @ volume.affine if self._same else display_affine(volume)
        self._voxels = VoxelFile(
            self.folder / self._voxel_name(),
            self._dtype.newbyteorder("<"),
            self._shape,
            volume.orientation.axes[0] if self._same else 2,
            b"" if self._is_detached else self._attached_header(),
        )

    @property
    def outputs(self) -> tuple[Path, ...]:
        """The file, or header and voxels, see :attr:`VolumeWriter.outputs`."""
        names = (self._name, self._voxel_name()) if self._is_detached else (self._name,)
        return tuple(map(Path, names))

    def write(self, index: int, hu: np.ndarray, change: np.ndarray) -> None:
        """Write one slice, see :meth:`VolumeWriter.write`."""
        if not self._same:
            self._voxels.write(index, whole_hu(hu, change).T)
            return
        volume = self.volume
        plane = changed(volume.read_stored(index), volume.orientation.stored(change), 1.0)
        self._voxels.write(volume.orientation.stored_slice(index, volume.num_slices), plane)

    def _voxel_name(self) -> str:
        """Name of the file that the voxels go to first."""
        return f"{Path(self._name).stem}.raw" if self._is_detached else self._name

    @abstractmethod
    def _attached_header(self) -> bytes:
        """Bytes in front of the voxels."""


class MetaImageWriter(_RawWriter):
    """Writes ``.mha``, or ``.mhd`` with its ``.raw``."""

    __doc__ += _RawWriter.__doc__.partition("\n")[2]
    detached = ".mhd"

    def finish(self) -> None:
        """Complete the file, see :meth:`VolumeWriter.finish`."""
        if self._is_detached:
            (self.folder / self._name).write_bytes(self._header(self._voxel_name()))

    def _attached_header(self) -> bytes:
        """Bytes in front of the voxels."""
        return self._header("LOCAL")

    def _header(self, data_file: str) -> bytes:
        """The text header."""
        spacing = np.linalg.norm(self._lps[:3, :3], axis=0)
        fields = {
            "ObjectType": "Image",
            "NDims": "3",
            "BinaryData": "True",
            "BinaryDataByteOrderMSB": "False",
            "CompressedData": "False",
            "TransformMatrix": _numbers((self._lps[:3, :3] / spacing).T.ravel()),
            "Offset": _numbers(self._lps[:3, 3]),
            "CenterOfRotation": "0 0 0",
            "ElementSpacing": _numbers(spacing),
            "DimSize": " ".join(map(str, self._shape)),
            "ElementType": META_TYPES[self._dtype.newbyteorder("=").name],
            "ElementDataFile": data_file,
        }
        return "".join(f"{key} = {value}\n" for key, value in fields.items()).encode()


class NrrdWriter(_RawWriter):
    """Writes ``.nrrd`` in gzip, or ``.nhdr`` with its ``.raw``."""

    __doc__ += _RawWriter.__doc__.partition("\n")[2]
    detached = ".nhdr"

    def finish(self) -> None:
        """Complete the file, see :meth:`VolumeWriter.finish`."""
        if self._is_detached:
            (self.folder / self._name).write_bytes(self._header("raw", self._voxel_name()))
        else:
            self._voxels.compress(self.folder / self._name, self._header("gzip"))

    def _voxel_name(self) -> str:
        """Name of the file that the voxels go to first."""
        name = super()._voxel_name()
        return name if self._is_detached else f"{name}.voxels"

    def _attached_header(self) -> bytes:
        """Nothing: the voxels are compressed behind the header at the end."""
        return b""

    def _header(self, encoding: str, data_file: str | None = None) -> bytes:
        """The text header."""
        name = self._dtype.newbyteorder("=").name
        fields = {
            "type": NRRD_TYPES.get(name, name),
            "dimension": "3",
            "space": "left-posterior-superior",
            "sizes": " ".join(map(str, self._shape)),
            "space directions": " ".join(f"({_numbers(d, ',')})" for d in self._lps[:3, :3].T),
            "kinds": "domain domain domain",
            "endian": "little",
            "encoding": encoding,
            "space origin": f"({_numbers(self._lps[:3, 3], ',')})",
        }
        if data_file:
            fields["data file"] = data_file
        lines = ["NRRD0004", *(f"{key}: {value}" for key, value in fields.items()), "", ""]
        return "\n".join(lines).encode()


def _numbers(values: np.ndarray, separator: str = " ") -> str:
    """Numbers with all their digits."""
    return separator.join(repr(float(value)) for value in values)
