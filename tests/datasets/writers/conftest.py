"""Lesions on a DICOM series whose every place is known without code of the package."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread, dcmwrite
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from lidnet_mm.datasets.readers import open_volume
from lidnet_mm.datasets.readers.volume import CTVolume
from lidnet_mm.evaluation.box_joining import join_boxes
from lidnet_mm.evaluation.lesions import Lesion, SliceBox

SHAPE, SPACING, ORIGIN, STEP = (30, 40), (0.5, 0.8), (-20.0, 30.0, -400.0), 2.5
DIRECTIONS = {
    "HFS": (1, 0, 0, 0, 1, 0),
    "HFP": (-1, 0, 0, 0, -1, 0),
    "FFS": (-1, 0, 0, 0, 1, 0),
    "turned": (0, 1, 0, 1, 0, 0),
}
"""Direction of the columns and of the rows, LPS+."""

BOXES = [
    SliceBox(1, "nodule", (3.25, 4.0, 9.5, 12.75), 0.625),
    SliceBox(2, "nodule", (3.0, 3.0, 12.0, 13.0), 0.875),
    SliceBox(3, "nodule", (4.0, 5.0, 8.0, 10.0), 0.25),
    SliceBox(5, "adenocarcinoma of the lung", (20.0, 0.0, 40.0, 30.0), 0.5),  # all of the height
]


def header(index: int, orientation: str) -> Dataset:
    """A CT image at its place."""
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 100"
    dataset.SOPClassUID, dataset.SOPInstanceUID = CTImageStorage, f"1.2.3.4.{index + 1}"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3", "1.2.3.4"
    dataset.FrameOfReferenceUID, dataset.Modality, dataset.SeriesNumber = "1.2.3.9", "CT", 3
    dataset.PatientName, dataset.PatientID = "Søren^Planted", "planted-id"
    dataset.PatientBirthDate, dataset.PatientSex = "19500102", "M"
    dataset.AccessionNumber, dataset.StudyID = "planted-acc", "7"
    dataset.StudyDate, dataset.StudyTime = "20200304", "101112"
    dataset.ContentDate, dataset.ContentTime = "20200304", "111213.25"
    dataset.ReferringPhysicianName, dataset.Manufacturer = "", "maker"
    dataset.PatientIdentityRemoved = "NO"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    across, down = np.reshape(DIRECTIONS[orientation], (2, 3))
    position = np.array([*ORIGIN[:2], ORIGIN[2] + STEP * index])
    for axis, size in ((0, (SHAPE[1] - 1) * SPACING[1]), (1, (SHAPE[0] - 1) * SPACING[0])):
        if (across + down)[axis] < 0:
            position[axis] += size
    turned = across[0] == 0
    dataset.ImagePositionPatient = position.tolist()
    dataset.ImageOrientationPatient = list(DIRECTIONS[orientation])
    dataset.PixelSpacing = list(SPACING[::-1] if turned else SPACING)
    dataset.SliceThickness = STEP
    dataset.Rows, dataset.Columns = SHAPE[::-1] if turned else SHAPE
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation = 15, 1
    dataset.RescaleSlope, dataset.RescaleIntercept = 1, 0
    dataset.KVP, dataset.AcquisitionNumber, dataset.InstanceNumber = 120, 1, 9 - index
    dataset.PixelData = np.zeros(SHAPE, np.int16).tobytes()
    return dataset


@dataclasses.dataclass
class Series:
    """A series, its lesions, and where a place of the display order lies."""

    volume: CTVolume
    headers: list[Dataset]
    lesions: list[Lesion]

    @staticmethod
    def place(index, x, y):
        """mm in LPS+ of a place in pixel edges, by the definition of the series."""
        return (
            ORIGIN[0] + (x - 0.5) * SPACING[1],
            ORIGIN[1] + (y - 0.5) * SPACING[0],
            ORIGIN[2] + STEP * index,
        )


@pytest.fixture
def series(tmp_path, request) -> Series:
    """Six slices with two lesions; a parameter names the orientation."""
    folder: Path = tmp_path / "series"
    folder.mkdir()
    for index in range(6):
        dataset = header(index, getattr(request, "param", "HFS"))
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = dataset.SOPClassUID
        meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        path = folder / f"{(index * 5) % 7}.dcm"
        file = FileDataset(str(path), dataset, file_meta=meta, preamble=b"\0" * 128)
        dcmwrite(path, file, enforce_file_format=True)
    volume = open_volume(folder)
    headers = [dcmread(path, stop_before_pixels=True) for path in volume.slice_files]
    return Series(volume, headers, join_boxes(BOXES, volume))
