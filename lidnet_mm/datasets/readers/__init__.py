"""Readers of CT volumes by file type, behind one interface."""

from lidnet_mm.datasets.readers.dicom import DicomVolume
from lidnet_mm.datasets.readers.nifti import NiftiVolume
from lidnet_mm.datasets.readers.open_volumes import READERS, OpenVolumes, open_volume
from lidnet_mm.datasets.readers.png import PngFolder, PngVolume
from lidnet_mm.datasets.readers.simpleitk import SimpleITKVolume
from lidnet_mm.datasets.readers.volume import CTVolume, Orientation, VolumeError

__all__ = [
    "READERS",
    "CTVolume",
    "DicomVolume",
    "NiftiVolume",
    "OpenVolumes",
    "Orientation",
    "PngFolder",
    "PngVolume",
    "SimpleITKVolume",
    "VolumeError",
    "open_volume",
]
