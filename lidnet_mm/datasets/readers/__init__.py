"""Readers of CT volumes by file type, behind one interface."""

from lidnet_mm.datasets.readers.dicom import DicomVolume
from lidnet_mm.datasets.readers.nifti import NiftiVolume
from lidnet_mm.datasets.readers.open_volumes import READERS, OpenVolumes, open_volume
from lidnet_mm.datasets.readers.png import PngVolume
from lidnet_mm.datasets.readers.simpleitk import SimpleITKVolume
from lidnet_mm.datasets.readers.volume import CTVolume, Orientation, VolumeError

__all__ = [
    "READERS",
    "CTVolume",
    "DicomVolume",
    "NiftiVolume",
    "OpenVolumes",
    "Orientation",
    "PngVolume",
    "SimpleITKVolume",
    "VolumeError",
    "open_volume",
]
