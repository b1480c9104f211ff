"""Writers of volumes whose values were changed by some HU, one file type each."""

from lidnet_mm.datasets.writers.dicom import DicomWriter
from lidnet_mm.datasets.writers.nifti import NiftiWriter
from lidnet_mm.datasets.writers.open_writer import FORMATS, open_writer
from lidnet_mm.datasets.writers.png import PngWriter
from lidnet_mm.datasets.writers.raw import MetaImageWriter, NrrdWriter
from lidnet_mm.datasets.writers.volume_writer import Derivation, VolumeWriter, WriteError

__all__ = [
    "FORMATS",
    "Derivation",
    "DicomWriter",
    "MetaImageWriter",
    "NiftiWriter",
    "NrrdWriter",
    "PngWriter",
    "VolumeWriter",
    "WriteError",
    "open_writer",
]
