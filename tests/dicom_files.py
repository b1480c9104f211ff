"""DICOM series written by PyDICOM with everything known: HU in display order, place, spacing."""

from collections.abc import Callable, Sequence
from pathlib import Path

import gdcm
import numpy as np
import pytest
from pydicom import dcmread, dcmwrite
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import (
    CTImageStorage,
    EnhancedCTImageStorage,
    ExplicitVRLittleEndian,
    RLELossless,
    generate_uid,
)

SYNTAXES = {
    "jpeg_lossless": gdcm.TransferSyntax.JPEGLosslessProcess14_1,
    "jpeg_ls": gdcm.TransferSyntax.JPEGLSLossless,
    "jpeg_2000": gdcm.TransferSyntax.JPEG2000Lossless,
    "rle": None,
}
"""Lossless compression by GDCM; RLE by PyDICOM."""

ORIENTATIONS = {
    "HFS": (1, 0, 0, 0, 1, 0),
    "HFP": (-1, 0, 0, 0, -1, 0),
    "FFS": (-1, 0, 0, 0, 1, 0),
    "FFP": (1, 0, 0, 0, -1, 0),
    "turned": (0, 1, 0, 1, 0, 0),
}
"""Direction of the columns and of the rows, LPS+, of patients lying in the scanner's four ways."""

ORIGIN = (-20.0, 30.0, -400.0)
SPACING = (0.5, 0.8)


def ct_slice(values: np.ndarray, position: Sequence[float], orientation: str) -> Dataset:
    """A CT Image of stored values in display order, turned to an orientation."""
    height, width = values.shape
    directions = np.reshape(ORIENTATIONS[orientation], (2, 3))
    first = np.array(position, dtype=float)
    for axis, size in ((0, (width - 1) * SPACING[1]), (1, (height - 1) * SPACING[0])):
        if directions[:, axis].sum() < 0:
            first[axis] += size
            values = np.flip(values, 1 - axis)
    turned = directions[0, 0] == 0
    stored = np.ascontiguousarray(values.T if turned else values)
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = CTImageStorage, generate_uid()
    dataset.StudyInstanceUID, dataset.PatientID = "1.2.3", "Søren"
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.Modality, dataset.ImageType = "CT", ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.ImageOrientationPatient = list(ORIENTATIONS[orientation])
    dataset.ImagePositionPatient = first.tolist()
    dataset.PixelSpacing = list(SPACING[::-1] if turned else SPACING)
    dataset.SliceThickness = 3.0
    dataset.RescaleSlope, dataset.RescaleIntercept = 1, -1024
    _set_pixels(dataset, stored)
    return dataset


def _set_pixels(dataset: Dataset, stored: np.ndarray) -> None:
    """Give a dataset its pixels: (H, W) or (frames, H, W)."""
    dataset.Rows, dataset.Columns = stored.shape[-2:]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit = 15
    dataset.PixelRepresentation = int(stored.dtype == np.int16)
    dataset.PixelData = stored.tobytes()


def save_dicom(dataset: Dataset, path: Path, syntax: str = ExplicitVRLittleEndian) -> Path:
    """Write a DICOM file."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID", CTImageStorage)
    meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID", generate_uid())
    meta.TransferSyntaxUID = syntax
    path.parent.mkdir(parents=True, exist_ok=True)
    file = FileDataset(str(path), dataset, file_meta=meta, preamble=b"\0" * 128)
    dcmwrite(path, file, enforce_file_format=True)
    return path


def compress(folder: Path, syntax: str) -> None:
    """Compress the files of a folder without loss, in place, to one of ``SYNTAXES``."""
    for path in folder.iterdir():
        if SYNTAXES[syntax] is None:
            dataset = dcmread(path)
            dataset.compress(RLELossless, generate_instance_uid=False)
            dataset.save_as(path)
        else:
            _compress_by_gdcm(path, SYNTAXES[syntax])


def _compress_by_gdcm(path: Path, syntax: int) -> None:
    """Compress a file."""
    reader, change = gdcm.ImageReader(), gdcm.ImageChangeTransferSyntax()
    reader.SetFileName(str(path))
    assert reader.Read()
    change.SetTransferSyntax(gdcm.TransferSyntax(syntax))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(path))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()


@pytest.fixture
def save() -> Callable[..., Path]:
    """Function that writes a dataset as a DICOM file."""
    return save_dicom


@pytest.fixture
def write_series(tmp_path) -> Callable[..., Path]:
    """Function that writes HU in display order as a series, files named in a random order."""

    def write(
        truth: np.ndarray,
        folder: str = "series",
        orientation: str = "HFS",
        heights: Sequence[float] | None = None,
        series: str = "1.2.3.4",
        change: Callable[[int, Dataset], None] = lambda index, dataset: None,
        syntax: str = ExplicitVRLittleEndian,
    ) -> Path:
        heights = ORIGIN[2] + 3.0 * np.arange(len(truth)) if heights is None else heights
        names = np.random.default_rng(3).permutation(len(truth))
        for index, (plane, height, name) in enumerate(zip(truth, heights, names, strict=True)):
            stored = (plane + 1024).astype(np.uint16)
            dataset = ct_slice(stored, (*ORIGIN[:2], height), orientation)
            dataset.SeriesInstanceUID = series
            dataset.InstanceNumber = int(name) + 1
            change(index, dataset)
            save_dicom(dataset, tmp_path / folder / f"{series}_{name}.dcm", syntax)
        return tmp_path / folder

    return write


@pytest.fixture
def enhanced() -> Callable[..., Dataset]:
    """Function that makes an Enhanced CT of HU in display order, its frames in any order."""

    def make(truth: np.ndarray, order: Sequence[int], slopes: Sequence[float]) -> Dataset:
        dataset = ct_slice(np.zeros(truth.shape[1:], np.int16), ORIGIN, "HFS")
        for keyword in (
            *("ImageOrientationPatient", "ImagePositionPatient", "PixelSpacing"),
            *("SliceThickness", "RescaleSlope", "RescaleIntercept"),
        ):
            delattr(dataset, keyword)
        dataset.SOPClassUID, dataset.SeriesInstanceUID = EnhancedCTImageStorage, "1.2.3.5"
        dataset.NumberOfFrames = len(order)
        measures, plane, shared = Dataset(), Dataset(), Dataset()
        measures.PixelSpacing, measures.SliceThickness = list(SPACING), 3.0
        plane.ImageOrientationPatient = list(ORIENTATIONS["HFS"])
        shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [plane]
        dataset.SharedFunctionalGroupsSequence = [shared]
        groups = []
        for index, slope in zip(order, slopes, strict=True):
            place, rescale, group = Dataset(), Dataset(), Dataset()
            place.ImagePositionPatient = [*ORIGIN[:2], ORIGIN[2] + 3.0 * index]
            rescale.RescaleSlope, rescale.RescaleIntercept = slope, -1000
            group.PlanePositionSequence = [place]
            group.PixelValueTransformationSequence = [rescale]
            groups.append(group)
        dataset.PerFrameFunctionalGroupsSequence = groups
        _set_pixels(
            dataset,
            np.stack(
                [(truth[i] + 1000) / slope for i, slope in zip(order, slopes, strict=True)]
            ).astype(np.int16),
        )
        return dataset

    return make
