"""NIfTI volumes: ``.nii.gz`` by random access, ``.nii`` memory-mapped."""

import struct
import threading
import zlib
from pathlib import Path

import indexed_gzip
import nibabel
import numpy as np
from nibabel.filebasedimages import ImageFileError
from nibabel.spatialimages import HeaderDataError, ImageDataError

from lidnet_mm.datasets.readers.claimed_size import check_claimed_size
from lidnet_mm.datasets.readers.nifti_space import affine_in_mm
from lidnet_mm.datasets.readers.volume import NO_VOLUME, CTVolume, VolumeError

SEEK_POINT_SPACING = 1 << 20
"""Decompressed bytes between two seek points. One costs 32 KiB of memory."""

SEEK_POINT_BYTES = 32 << 10

READ_BUFFER = 64 << 10
"""Bytes read ahead; small, since what is read ahead of a random slice is thrown away."""

MOST_BEHIND = 16 << 20
"""Decompressed bytes that may follow the last voxel."""

READ_ERRORS = (
    OSError,
    EOFError,
    ValueError,
    ArithmeticError,
    LookupError,
    MemoryError,
    TypeError,
    struct.error,
    zlib.error,
    indexed_gzip.ZranError,
    ImageFileError,
    HeaderDataError,
    ImageDataError,
)


class NiftiVolume(CTVolume):
    """A NIfTI-1 or NIfTI-2 volume, gzip-compressed or not.

    The first read of a compressed volume decompresses it once, which checks its CRC (damage
    often decompresses without an error, into wrong HU) and collects seek points that are kept
    while the volume is open: later reads decompress at most ``SEEK_POINT_SPACING`` bytes before
    their slice. That works where a slice is contiguous in the file, as in any volume stored
    slice by slice. A compressed volume stored by coronal or sagittal planes has a part of each
    slice everywhere in the file: it is kept in memory, decompressed, in its stored type.

    Args:
        path: A file that ends in ``.nii`` or ``.nii.gz``.
        oblique: Accept axes that lean from the patient's, as of a tilted gantry.

    Raises:
        FileNotFoundError: There is no such file.
        VolumeError: It is no 3-D NIfTI volume of real numbers, is damaged or oblique.
    """

    def __init__(self, path: str | Path, *, oblique: bool = False) -> None:
        path = Path(path)
        if not path.is_file():
            raise FileNotFoundError(f"CT volume {path} does not exist")
        image = _load_header(path)
        shape = _volume_shape(path, image)
        affine = affine_in_mm(path, image)
        slope, intercept = image.dataobj.slope, image.dataobj.inter
        super().__init__(path, affine, shape, slope, intercept, oblique)
        self._dtype = image.dataobj.dtype
        self._offset = int(image.dataobj.offset)
        self._lock = threading.Lock()
        self._compressed = path.name.lower().endswith(".gz")
        self._whole: np.ndarray | None = None
        self._checked = False
        self._check_size(path.stat().st_size)
        if self._compressed:
            self._file = _open_indexed(path)
        else:
            self._whole = self._memory_map()

    @property
    def resident_bytes(self) -> int:
        """Memory that the open volume holds, in bytes: seek points or the decompressed array."""
        if not self._compressed:
            return 0
        if self._whole is not None:
            return self._whole.nbytes
        return self._volume_bytes // SEEK_POINT_SPACING * SEEK_POINT_BYTES

    @property
    def _volume_bytes(self) -> int:
        """Size of the decompressed voxels."""
        return int(np.prod(self.stored_shape, dtype=np.int64)) * self._dtype.itemsize

    def _check_size(self, file_bytes: int) -> None:
        """Refuse more voxels than the file can hold."""
        check_claimed_size(
            self.path,
            self.stored_shape,
            self._dtype.itemsize,
            stored=None if self._compressed else file_bytes - self._offset,
            deflated=file_bytes if self._compressed else None,
            whole=self._compressed and self.orientation.axes[0] != 2,
        )

    def _read_plane(self, stored_index: int) -> np.ndarray:
        """Stored values of one plane across the stored slice axis."""
        if self._whole is None and self.orientation.axes[0] == 2:
            plane_bytes = self._volume_bytes // self.stored_shape[2]
            start = self._offset + stored_index * plane_bytes
            place = f"slice {self.orientation.stored_slice(stored_index, self.num_slices)}"
            raw = self._decompress(start, plane_bytes, place)
            return np.frombuffer(raw, self._dtype).reshape(self.stored_shape[:2], order="F")
        if self._whole is None:
            raw = self._decompress(self._offset, self._volume_bytes, "all slices at once")
            self._whole = np.frombuffer(raw, self._dtype).reshape(self.stored_shape, order="F")
        return np.take(self._whole, stored_index, axis=self.orientation.axes[0])

    def _decompress(self, start: int, size: int, place: str) -> bytes:
        """Decompressed bytes ``start`` to ``start + size`` of the file."""
        try:
            with self._lock:
                self._check_once()
                self._file.seek(start)
                raw = self._file.read(size)
        except READ_ERRORS as error:
            raise self._damaged(place, str(error)) from error
        if len(raw) != size:
            raise self._damaged(place, f"{size} bytes expected, {len(raw)} found")
        return raw

    def _check_once(self) -> None:
        """Decompress the file for its CRC and seek points, before the first read only."""
        if self._checked:
            return
        self._file.seek(self._offset + self._volume_bytes - 1)
        if len(self._file.read(1)) != 1:  # a file cut short has no CRC to fail
            raise EOFError("it ends before the last voxel")
        if len(self._file.read(MOST_BEHIND)) == MOST_BEHIND:  # never decompress without end
            raise EOFError("it goes on behind the last voxel")
        self._file.build_full_index()
        self._checked = True

    def _damaged(self, place: str, reason: str) -> VolumeError:
        """The error for voxels that cannot be read."""
        return VolumeError(
            f"Cannot read {place} of {self.path}: the file is damaged or incomplete ({reason});"
            " copy or convert it again"
        )

    def _memory_map(self) -> np.ndarray:
        """The voxels of an uncompressed file, mapped and not read."""
        try:
            return np.memmap(
                self.path, self._dtype, "r", self._offset, self.stored_shape, order="F"
            )
        except READ_ERRORS as error:
            raise self._damaged("the voxels", str(error)) from error


def _load_header(path: Path) -> nibabel.Nifti1Image:
    """The image without its voxels."""
    try:
        image = nibabel.load(path)
    except READ_ERRORS as error:
        raise VolumeError(
            f"Cannot read the header of {path}: {error}; the file is damaged or no NIfTI file,"
            " copy or convert it again"
        ) from error
    if not isinstance(image, nibabel.Nifti1Image):
        raise VolumeError(f"Cannot read {path}: it is {type(image).__name__}, not NIfTI")
    return image


def _volume_shape(path: Path, image: nibabel.Nifti1Image) -> tuple[int, int, int]:
    """The shape of a 3-D volume of real numbers (trailing axes of length 1 dropped)."""
    shape = image.shape
    if len(shape) < 3 or any(size != 1 for size in shape[3:]) or min(shape) < 1:
        remedy = NO_VOLUME if len(shape) < 3 or min(shape) < 1 else "split it into 3-D volumes"
        raise VolumeError(
            f"Cannot read {path}: its shape is {shape}, not that of one 3-D volume; {remedy}"
        )
    if image.get_data_dtype().kind not in "iuf":
        raise VolumeError(
            f"Cannot read {path}: its voxels are {image.get_data_dtype()}, not real numbers in HU"
        )
    return shape[:3]


def _open_indexed(path: Path) -> indexed_gzip.IndexedGzipFile:
    """The decompressed file, with seek points kept while it is open."""
    return indexed_gzip.IndexedGzipFile(
        filename=str(path),
        spacing=SEEK_POINT_SPACING,
        readbuf_size=READ_BUFFER,
        buffer_size=READ_BUFFER,
        drop_handles=False,
    )
