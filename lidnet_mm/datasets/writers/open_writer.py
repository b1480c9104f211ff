"""The writer for a volume and the format that was asked for."""

from pathlib import Path

from lidnet_mm.datasets.readers import CTVolume, DicomVolume, PngFolder, PngVolume
from lidnet_mm.datasets.readers.open_volumes import READERS
from lidnet_mm.datasets.writers.dicom import DicomWriter, slice_names
from lidnet_mm.datasets.writers.nifti import NiftiWriter
from lidnet_mm.datasets.writers.png import PngWriter
from lidnet_mm.datasets.writers.raw import MetaImageWriter, NrrdWriter
from lidnet_mm.datasets.writers.volume_writer import Derivation, VolumeWriter

FORMATS = {"dicom": ".dcm", "nifti": ".nii.gz", "nrrd": ".nrrd", "mha": ".mha", "png": ".png"}
"""Formats that can be asked for, and how their files end."""

OWN_FORMAT = {
    **{suffix: name for name, suffix in FORMATS.items()},
    ".nii": "nifti",
    ".mhd": "mha",
    ".nhdr": "nrrd",
}
"""The format that a suffix stands for."""

WRITERS = {
    ".nii": NiftiWriter,
    ".nii.gz": NiftiWriter,
    ".mha": MetaImageWriter,
    ".mhd": MetaImageWriter,
    ".nrrd": NrrdWriter,
    ".nhdr": NrrdWriter,
}
"""Writers of files that hold a whole volume."""


def open_writer(
    volume: CTVolume, folder: Path, derivation: Derivation, name: str, suffix: str | None = None
) -> VolumeWriter:
    """Open the writer of a volume.

    Args:
        volume: The source.
        folder: An empty folder for the files.
        derivation: What was done.
        name: Name of the output without suffix; a series of files goes into a folder of that name
            where the source was one file.
        suffix: How the output ends, one of those of :data:`FORMATS` and :data:`WRITERS`. Defaults
            to the source's own.

    Returns:
        The writer.

    Raises:
        WriteError: The volume cannot be written in that format.
    """
    suffix = suffix or suffix_of(volume)
    if suffix in WRITERS:
        return WRITERS[suffix](volume, folder, derivation, f"{name}{suffix}")
    if suffix == ".png":
        return PngWriter(volume, folder, derivation, _picture_names(volume, name))
    below = Path() if isinstance(volume, DicomVolume | PngFolder) else Path(name)
    names = tuple(below / each for each in slice_names(volume))
    if isinstance(volume, DicomVolume) and len(set(volume.files)) == 1 < volume.num_slices:
        names = tuple(Path(name) / each for each in slice_names(volume))
    return DicomWriter(volume, folder, derivation, names)


def open_written(writer: VolumeWriter) -> CTVolume:
    """Open what a writer wrote.

    Args:
        writer: Finished.

    Returns:
        The volume, its slices in the order of the source's.

    Raises:
        VolumeError: It cannot be read.
    """
    files = tuple(writer.folder / name for name in writer.outputs)
    if isinstance(writer, DicomWriter):
        return DicomVolume(files, oblique=True)
    if isinstance(writer, PngWriter):
        return PngFolder(writer.folder, files)
    headers = [path for path in files if split_suffix(path.name)[1] in WRITERS]
    return READERS[split_suffix(headers[0].name)[1]](headers[0], oblique=True)


def suffix_of(volume: CTVolume) -> str:
    """How files of the source's own format end."""
    if isinstance(volume, DicomVolume):
        return ".dcm"
    if isinstance(volume, PngVolume | PngFolder):
        return ".png"
    return split_suffix(volume.path.name)[1]


def split_suffix(name: str) -> tuple[str, str]:
    """A file name without the suffix of its type, and that suffix in lower case."""
    for suffix in sorted(READERS, key=len, reverse=True):
        if name.lower().endswith(suffix):
            return name[: -len(suffix)], suffix
    return name, ""


def _picture_names(volume: CTVolume, name: str) -> tuple[str, ...]:
    """Name of each picture."""
    if isinstance(volume, PngVolume | PngFolder):
        return tuple(path.name for path in volume.files)
    return tuple(f"{name}_{index + 1:04d}.png" for index in range(volume.num_slices))
