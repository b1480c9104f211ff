"""Axial slices in HU with their place in the patient, from the volumes or from a cache of them."""

import functools
import hashlib
import importlib.metadata
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lidnet_mm.ct_bounds import outside_hounsfield
from lidnet_mm.datasets import readers
from lidnet_mm.datasets.readers import CTVolume, VolumeError, open_volume
from lidnet_mm.datasets.slice_cache.image_store import open_store

DECODERS = ("nibabel", "indexed_gzip", "pydicom", "python-gdcm", "SimpleITK")
"""Packages whose version the cache depends on."""

DETACHED_HEADERS = (".mhd", ".nhdr")
"""Endings of files that hold no voxels but name the file that does."""


@dataclass(frozen=True)
class CTSlice:
    """A slice and where it lies.

    Attributes:
        image: (H, W) float32 in HU, rows towards posterior, columns towards left.
        spacing: Distance between rows and between columns in mm; None where the file has none.
        slice_spacing: Distance between slices in mm; None where the file has none.
        corners: Centres of the pixels (0, 0), (0, W - 1) and (H - 1, 0), each (3,) mm in LPS+;
            None where the file has no spacing.
    """

    image: np.ndarray
    spacing: tuple[float, float] | None
    slice_spacing: float | None
    corners: tuple[tuple[float, float, float], ...] | None


class CTSliceReader:
    """Reads slices, and keeps the decoded ones on disk where a folder is given.

    A slice in the cache needs neither its volume opened nor anything decoded. It is found by path,
    time of change and size of its file (for a folder: of all files in it), index, and version of
    the readers, so a changed source is read again. A slice is the same bit by bit with and without
    a cache.

    Args:
        cache_dir: Folder of the cache, shared by processes; None reads the volumes each time.
        cache_gib: Most GiB that the cache may take, > 0; None sets no bound.

    Raises:
        ValueError: ``cache_gib`` is not above 0, or given without ``cache_dir``.
    """

    def __init__(self, cache_dir: str | None = None, cache_gib: float | None = None) -> None:
        self.cache_dir, self.cache_gib = cache_dir, cache_gib
        self._store = open_store(cache_dir, cache_gib)

    def read(self, path: str, index: int, patient: str | None) -> CTSlice:
        """Read a slice whose every pixel is a finite number.

        Args:
            path: File or folder of the volume.
            index: Slice, counted from 0 towards superior.
            patient: Name of the patient for errors.

        Returns:
            The slice.

        Raises:
            FileNotFoundError: The volume is missing.
            VolumeError: It cannot be read, or holds NaN or infinity in this slice.
        """
        if self._store is None:
            return _decode(path, index, patient)
        key = _key(path, index)
        stored = self._store.load(key)
        if stored is not None:
            image, facts = stored
            return CTSlice(image, **{name: _tuples(value) for name, value in facts.items()})
        decoded = _decode(path, index, patient)
        facts = {name: getattr(decoded, name) for name in ("spacing", "slice_spacing", "corners")}
        self._store.save(key, decoded.image, facts)
        return decoded


def same_spacing(one: Sequence[float] | None, other: Sequence[float] | None) -> bool:
    """Whether two spacings agree, as far as both are known; an annotation file may round.

    Args:
        one: (row, column) in mm, or None.
        other: (row, column) in mm, or None.

    Returns:
        Whether they differ by less than one in a thousand.
    """
    if one is None or other is None:
        return True
    return all(abs(a - b) <= 1e-3 * abs(b) for a, b in zip(one, other, strict=True))


def _decode(path: str, index: int, patient: str | None) -> CTSlice:
    """Read a slice from its volume."""
    try:
        volume = open_volume(path)
        image = volume.read_slice(index)
    except (VolumeError, IndexError) as error:
        raise VolumeError(f"Patient {patient}, slice {index}: {error}") from error
    bad = outside_hounsfield(image)
    if bad:
        raise VolumeError(
            f"Patient {patient}, slice {index} of {path} has {bad} pixels that are NaN or"
            " infinite, or beyond the HU that 16 bits hold: replace them (with -1024 HU where there"
            " is no tissue) or leave the slice"
            " out of the annotation file"
        )
    return CTSlice(image, volume.spacing, volume.slice_spacing, _corners(volume, index))


def _corners(volume: CTVolume, index: int) -> tuple[tuple[float, float, float], ...] | None:
    """Places of three corners of a slice."""
    if volume.spacing is None:
        return None
    height, width = volume.slice_shape
    pixels = ((0, 0), (0, width - 1), (height - 1, 0))
    return tuple(tuple(volume.voxel_position(index, *pixel).tolist()) for pixel in pixels)


def _key(path: str, index: int) -> str:
    """Name of a slice in the cache: it changes with anything that its pixels depend on."""
    path = os.path.abspath(path)  # noqa: PTH100 - Path.absolute keeps '..', and this is quicker
    name = f"{path}|{_volume_state(path)}|{index}|{reader_version()}"
    return hashlib.sha256(os.fsencode(name)).hexdigest()


def _volume_state(path: str) -> str:
    """What changes when a volume is written again."""
    found = _stat(path)
    state = f"{found.st_mtime_ns},{found.st_size}"
    if stat.S_ISDIR(found.st_mode):
        return _folder_state(path, state)
    if path.lower().endswith(DETACHED_HEADERS):
        voxels = [_stat(file) for file in _detached_files(path, state)]
        return "|".join(f"{file.st_mtime_ns},{file.st_size}" for file in voxels)
    return state


def _stat(path: str) -> os.stat_result:
    """What the file system says of a file or folder."""
    try:
        return os.stat(path)  # noqa: PTH116 - a warm slice takes 0.1 ms in all
    except FileNotFoundError as error:
        raise FileNotFoundError(f"CT volume {path} does not exist") from error


@functools.lru_cache(maxsize=4096)
def _folder_state(path: str, folder_state: str) -> str:
    """Digest of the names, times and sizes of a folder's files, read once in a process.

    A file that is added, removed or renamed changes the folder's own time, and so is seen at once;
    one that is overwritten in place is seen by the next process.
    """
    digest = hashlib.sha256(os.fsencode(folder_state))
    for entry in sorted(os.scandir(path), key=lambda entry: entry.name):
        state = entry.stat()
        digest.update(os.fsencode(f"{entry.name}|{state.st_mtime_ns},{state.st_size}\n"))
    return digest.hexdigest()


@functools.lru_cache(maxsize=4096)
def _detached_files(path: str, header_state: str) -> tuple[str, ...]:
    """Header and voxels of a volume in two files, its header read once in a process."""
    return tuple(str(file) for file in open_volume(path).files)


@functools.cache
def reader_version() -> str:
    """Digest of the readers' source and their libraries' versions.

    Returns:
        Hexadecimal SHA-256.
    """
    digest = hashlib.sha256()
    for path in sorted(Path(readers.__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    for package in DECODERS:
        digest.update(f"{package} {importlib.metadata.version(package)}\n".encode())
    return digest.hexdigest()


def _tuples(value: object) -> object:
    """Json's lists as the tuples that they were."""
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
