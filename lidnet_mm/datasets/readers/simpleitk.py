"""MetaImage and NRRD volumes: ``.mhd``, ``.mha``, ``.nrrd``, ``.nhdr``."""

import threading
from itertools import islice
from pathlib import Path

import numpy as np
import SimpleITK
from mmengine.logging import print_log

from lidnet_mm.datasets.readers.claimed_size import check_claimed_size
from lidnet_mm.datasets.readers.volume import NO_VOLUME, CTVolume, VolumeError

BYTES = {
    SimpleITK.sitkInt8: 1,
    SimpleITK.sitkUInt8: 1,
    SimpleITK.sitkInt16: 2,
    SimpleITK.sitkUInt16: 2,
    SimpleITK.sitkInt32: 4,
    SimpleITK.sitkUInt32: 4,
    SimpleITK.sitkInt64: 8,
    SimpleITK.sitkUInt64: 8,
    SimpleITK.sitkFloat32: 4,
    SimpleITK.sitkFloat64: 8,
}
"""Size of a voxel of each type of real numbers."""

META_IMAGE = (".mhd", ".mha")

READ_ERRORS = (RuntimeError, MemoryError, ValueError, ArithmeticError, TypeError, LookupError)
"""What SimpleITK raises on a damaged file."""

MAX_HEADER_LINES = 1000
"""Lines in which the end of a text header is looked for."""


class SimpleITKVolume(CTVolume):
    """A volume that SimpleITK reads, its values in HU as stored.

    Of an uncompressed MetaImage stored slice by slice, only the slice asked for is read. ITK
    cannot do that with compressed files nor with NRRD: these are kept in memory, in their stored
    type, from the first read on.

    Args:
        path: A file that ends in ``.mhd``, ``.mha``, ``.nrrd`` or ``.nhdr``.
        oblique: Accept axes that lean from the patient's, as of a tilted gantry.

    Raises:
        FileNotFoundError: There is no such file.
        VolumeError: It is no 3-D volume of real numbers, is damaged, oblique, or the file with
            its voxels is missing.
    """

    def __init__(self, path: str | Path, *, oblique: bool = False) -> None:
        path = Path(path)
        if not path.is_file():
            raise FileNotFoundError(f"CT volume {path} does not exist")
        fields, header_bytes = _header_fields(path)
        self._data_file = _data_file(path, fields)
        header = _read_information(path)
        super().__init__(path, _affine(header), header.GetSize(), oblique=oblique)
        _warn_without_space(header, path)
        self._lock = threading.Lock()
        self._whole: np.ndarray | None = None
        self._by_slice = self._can_read_by_slice(fields)
        before = header_bytes if self._data_file == path else 0
        self._check_size(fields, before, BYTES[header.GetPixelID()])

    @property
    def files(self) -> tuple[Path, ...]:
        """The header and, where it names one, the file with the voxels."""
        return tuple(dict.fromkeys((self.path, self._data_file or self.path)))

    @property
    def resident_bytes(self) -> int:
        """Memory that the open volume holds, in bytes."""
        return 0 if self._whole is None else self._whole.nbytes

    def _can_read_by_slice(self, fields: dict[str, str]) -> bool:
        """Whether ITK reads a part of this file without the rest."""
        return (
            self.path.suffix.lower() in META_IMAGE
            and self._data_file is not None
            and self.orientation.axes[0] == 2
            and fields.get("compresseddata", "").lower() != "true"
            and fields.get("binarydata", "").lower() != "false"
        )

    def _check_size(self, fields: dict[str, str], before: int, voxel_bytes: int) -> None:
        """Refuse more voxels than the files can hold, also where the first could be read."""
        found = None if self._data_file is None else self._data_file.stat().st_size - before
        packing = _packing(self.path, fields)
        check_claimed_size(
            self.path,
            self.stored_shape,
            voxel_bytes,
            stored=found if packing == "raw" else None,
            deflated=found if packing == "deflate" else None,
            whole=not self._by_slice,
            voxels=self._data_file,
        )

    def _read_plane(self, stored_index: int) -> np.ndarray:
        """Stored values of one plane across the stored slice axis."""
        if self._by_slice:
            return self._read(stored_index)[:, :, 0]
        with self._lock:
            if self._whole is None:
                self._whole = self._read(None)
        return np.take(self._whole, stored_index, axis=self.orientation.axes[0])

    def _read(self, index: int | None) -> np.ndarray:
        """Voxels of one slice or of all, the axes in stored order."""
        reader = SimpleITK.ImageFileReader()
        reader.SetFileName(str(self.path))
        if index is not None:
            columns, rows, _ = self.stored_shape
            reader.SetExtractIndex([0, 0, index])
            reader.SetExtractSize([columns, rows, 1])
        try:
            return SimpleITK.GetArrayFromImage(reader.Execute()).T
        except READ_ERRORS as error:
            raise VolumeError(
                f"Cannot read {'all slices' if index is None else f'stored slice {index}'} of"
                f" {self.path}: its voxels are damaged or incomplete; copy or convert it again"
            ) from error


def _header_fields(path: Path) -> tuple[dict[str, str], int]:
    """The fields of a text header, keys in lower case and without spaces, and its bytes.

    MetaImage writes ``Key = value`` up to ``ElementDataFile``, NRRD ``key: value`` up to an empty
    line.
    """
    fields: dict[str, str] = {}
    size = 0
    separator = b"=" if path.suffix.lower() in META_IMAGE else b":"
    with path.open("rb") as stream:
        for line in islice(stream, MAX_HEADER_LINES):
            key, found, value = line.partition(separator)
            if not line.strip() or "elementdatafile" in fields:
                break
            size += len(line)
            if found:
                name = key.decode("latin-1").replace(" ", "").lower()
                fields[name] = value.strip().decode("utf-8", "surrogateescape")
    return fields, size


def _packing(path: Path, fields: dict[str, str]) -> str:
    """How the voxels are stored: ``'raw'``, ``'deflate'`` or another way."""
    if path.suffix.lower() in META_IMAGE:
        if fields.get("compresseddata", "").lower() == "true":
            return "deflate"
        return "raw" if fields.get("binarydata", "").lower() != "false" else "text"
    encoding = fields.get("encoding", "").lower()
    return {"raw": "raw", "gz": "deflate", "gzip": "deflate"}.get(encoding, "other")


def _data_file(path: Path, fields: dict[str, str]) -> Path | None:
    """The file with the voxels; None where there are several or the header names none."""
    if path.suffix.lower() in META_IMAGE:
        name = fields.get("elementdatafile", "")
    else:
        name = fields.get("datafile", "LOCAL")
    if name == "LOCAL":
        return path
    if not name or name.startswith("LIST") or "%" in name:
        return None
    data_file = path.parent / name
    if not data_file.is_file():
        raise VolumeError(
            f"Cannot read {path}: the file with its voxels, {data_file}, does not exist; copy it"
            " beside the header under that name"
        )
    return data_file


def _read_information(path: Path) -> SimpleITK.ImageFileReader:
    """A reader that knows size, place and type of a 3-D volume of real numbers."""
    reader = SimpleITK.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
    except READ_ERRORS as error:
        raise VolumeError(
            f"Cannot read the header of {path}: SimpleITK does not understand it; the file is"
            " damaged or of another type, copy or convert it again"
        ) from error
    if reader.GetDimension() != 3 or min(reader.GetSize()) < 1:
        remedy = "split it into 3-D volumes" if reader.GetDimension() > 3 else NO_VOLUME
        raise VolumeError(
            f"Cannot read {path}: its shape is {reader.GetSize()}, not that of one 3-D volume;"
            f" {remedy}"
        )
    if reader.GetPixelID() not in BYTES:
        kind = SimpleITK.GetPixelIDValueAsString(reader.GetPixelID())
        raise VolumeError(f"Cannot read {path}: its voxels are {kind}, not real numbers in HU")
    return reader


def _affine(header: SimpleITK.ImageFileReader) -> np.ndarray:
    """(4, 4), (column, row, slice) to mm in RAS+; ITK counts in LPS+."""
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(header.GetDirection(), (3, 3)) * header.GetSpacing()
    affine[:3, 3] = header.GetOrigin()
    return np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine


def _warn_without_space(header: SimpleITK.ImageFileReader, path: Path) -> None:
    """Tell of an NRRD file that does not say how its axes lie in the patient."""
    if path.suffix.lower() in META_IMAGE or header.HasMetaDataKey("NRRD_space"):
        return
    print_log(
        f"{path} states no space: its axes are taken as left, posterior, superior",
        logger="current",
        level=30,
    )
