"""What can be denoised below a path: DICOM series, volume files and folders of pictures."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from lidnet_mm.datasets.converters.natural_order import natural_key
from lidnet_mm.datasets.converters.source_case import LeftOut
from lidnet_mm.datasets.converters.sources.dicom_series import dicom_files, find_series
from lidnet_mm.datasets.readers import (
    CTVolume,
    DicomVolume,
    NiftiVolume,
    PngFolder,
    SimpleITKVolume,
)
from lidnet_mm.datasets.readers.dicom_slice import DicomSlice
from lidnet_mm.datasets.writers.open_writer import split_suffix

VOLUME_READERS = {
    ".nii": NiftiVolume,
    ".nii.gz": NiftiVolume,
    ".mha": SimpleITKVolume,
    ".mhd": SimpleITKVolume,
    ".nrrd": SimpleITKVolume,
    ".nhdr": SimpleITKVolume,
}
"""Readers of files that hold a whole volume."""


@dataclass(frozen=True)
class FoundVolume:
    """A volume that can be opened.

    Attributes:
        folder: Its folder relative to the source.
        name: Name of its output without suffix, unique in the folder.
        files: Its files, of a series and of pictures all of them.
        kind: ``'dicom'``, ``'file'`` or ``'png'``.
        label: What messages call it.
        key: What tells it from all others of the source.
        slices: Headers of a DICOM series.
    """

    folder: PurePath
    name: str
    files: tuple[Path, ...]
    kind: str
    label: str
    key: str = field(compare=False)
    slices: tuple[DicomSlice, ...] = field(default=(), repr=False, compare=False)

    @property
    def identity(self) -> str:
        """Hexadecimal name of its work files; says nothing about the patient."""
        return hashlib.sha256(self.key.encode("utf-8", "surrogateescape")).hexdigest()[:16]

    def open(self) -> CTVolume:
        """Open it.

        Raises:
            FileNotFoundError: A file is gone.
            VolumeError: It cannot be read.
        """
        if self.kind == "dicom":
            return DicomVolume.of_slices(self.slices, oblique=True)
        if self.kind == "png":
            return PngFolder(self.files[0].parent, self.files)
        return VOLUME_READERS[split_suffix(self.files[0].name)[1]](self.files[0], oblique=True)

    def state(self) -> str:
        """Digest of sizes and times of its files: another one where a file has changed."""
        digest = hashlib.sha256(self.key.encode("utf-8", "surrogateescape"))
        for path in self.files:
            found = path.stat()
            digest.update(f"{found.st_size} {found.st_mtime_ns};".encode())
        return digest.hexdigest()


def find_volumes(source: Path) -> tuple[list[FoundVolume], list[LeftOut]]:
    """Find what can be denoised.

    Args:
        source: A file, or a folder of any depth.

    Returns:
        The volumes in natural order of folder and name, and what was left out, with reasons.

    Raises:
        FileNotFoundError: There is no such path.
    """
    if not source.exists():
        raise FileNotFoundError(f"{source} does not exist: give a file or a folder of CT")
    root = source if source.is_dir() else source.parent
    files, pictures = _volume_files(source)
    found = [*_single_files(root, files), *_picture_folders(root, pictures)]
    series, left_out = _series(source, root)
    found += series
    return sorted(found, key=lambda each: natural_key(f"{each.folder}/{each.name}")), left_out


def _volume_files(source: Path) -> tuple[list[Path], dict[Path, list[Path]]]:
    """Files of whole volumes, and the pictures of each folder."""
    files: list[Path] = []
    pictures: dict[Path, list[Path]] = {}
    for path in [source] if source.is_file() else _walk(source):
        suffix = split_suffix(path.name)[1]
        if suffix in VOLUME_READERS:
            files.append(path)
        elif suffix == ".png":
            pictures.setdefault(path.parent, []).append(path)
    return files, pictures


def _walk(folder: Path) -> Iterator[Path]:
    """Regular files below a folder, without hidden ones."""
    for place, below, names in os.walk(folder):
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in sorted(names):
            path = Path(place, name)
            if not name.startswith(".") and path.is_file():
                yield path


def _single_files(root: Path, files: list[Path]) -> Iterator[FoundVolume]:
    """Volumes of one file; of two that would share a name each keeps its suffix in it."""
    stems = [(path.parent, split_suffix(path.name)[0]) for path in files]
    for path, stem in zip(files, stems, strict=True):
        name = stem[1] if stems.count(stem) == 1 else path.name.replace(".", "_")
        place = path.relative_to(root)
        yield FoundVolume(place.parent, name, (path,), "file", str(place), f"file {place}")


def _picture_folders(root: Path, pictures: dict[Path, list[Path]]) -> Iterator[FoundVolume]:
    """Folders of pictures."""
    for folder, files in pictures.items():
        files.sort(key=lambda path: natural_key(path.name))
        place = folder.relative_to(root)
        label = f"{place} ({len(files)} pictures)"
        yield FoundVolume(place, folder.name, tuple(files), "png", label, f"png {place}")


def _series(source: Path, root: Path) -> tuple[list[FoundVolume], list[LeftOut]]:
    """DICOM series."""
    if source.is_file() and split_suffix(source.name)[1] in {*VOLUME_READERS, ".png"}:
        return [], []
    files = [source] if source.is_file() else dicom_files([source])
    images = find_series(files)
    found = []
    for each in images.series:
        place = Path(os.path.commonpath([path.parent for path in each.files])).relative_to(root)
        name = f"series_{hashlib.sha256(each.name.encode()).hexdigest()[:8]}"
        label = f"{place} ({len(each.slices)} DICOM slices)"
        key = f"dicom {place} {each.name}"
        found.append(FoundVolume(place, name, each.files, "dicom", label, key, each.slices))
    return found, images.left_out
