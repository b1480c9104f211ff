"""Running a converter as its command line does, and DICOM slices written by PyDICOM."""

import json
from collections.abc import Callable
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from lidnet_mm.datasets.converters.command_line import parse, run


@pytest.fixture
def find_cases(tmp_path) -> Callable:
    """Function that lists the cases of a source, with options as on the command line."""

    def find(converter, source, *arguments: str):
        options = parse(converter, arguments=[str(source), str(tmp_path / "out"), *arguments])
        return converter.find_cases(source, options)

    return find


@pytest.fixture
def converted(tmp_path) -> Callable:
    """Function that converts a source and returns its json documents by part."""

    def convert(converter, source, *arguments: str, status: int = 0) -> dict[str, dict]:
        out = tmp_path / "converted"
        assert run(converter, "a tool", [str(source), str(out), *arguments]) == status
        folder = out / "annotations"
        return {path.stem: json.loads(path.read_text()) for path in folder.glob("*.json")}

    return convert


@pytest.fixture
def boxes_by_slice() -> Callable:
    """Function that lists the boxes of a document by (patient, slice)."""

    def collect(document: dict) -> dict[tuple[str, int], list[dict]]:
        places = {
            image["id"]: (image["patient_id"], image["slice_index"]) for image in document["images"]
        }
        found: dict[tuple[str, int], list[dict]] = {place: [] for place in places.values()}
        for annotation in document["annotations"]:
            found[places[annotation["image_id"]]].append(annotation)
        return found

    return collect


@pytest.fixture
def write_ct() -> Callable[..., str]:
    """Function that writes HU, in the order of the stored picture, as one CT slice."""

    def write(
        path: Path,
        hu: np.ndarray,
        *,
        height: float = 0.0,
        patient: str = "P1",
        series: str = "",
        uid: str = "",
        orientation: tuple[int, ...] = (1, 0, 0, 0, 1, 0),
        **changes,
    ) -> str:
        image = Dataset()
        image.SOPInstanceUID = uid or generate_uid()
        image.SOPClassUID, image.Modality = CTImageStorage, "CT"
        image.file_meta = FileMetaDataset()
        image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        image.file_meta.MediaStorageSOPClassUID = image.SOPClassUID
        image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
        image.SpecificCharacterSet = "ISO_IR 192"
        image.PatientID, image.PatientName = patient, "Some^Body"
        study = "1.2.3" if patient in ("", "P1") else f"1.2.3.9{crc32(patient.encode())}"
        image.StudyInstanceUID, image.SeriesInstanceUID = study, series or f"{study}.1"
        image.ImagePositionPatient, image.ImageOrientationPatient = [0, 0, height], [*orientation]
        image.PixelSpacing, image.SliceThickness = [0.7, 0.7], 2.0
        image.Rows, image.Columns = hu.shape
        image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
        image.BitsAllocated, image.BitsStored, image.HighBit = 16, 16, 15
        image.PixelRepresentation = 0
        image.RescaleSlope, image.RescaleIntercept = 1, -1024
        image.PixelData = (hu + 1024).astype(np.uint16).tobytes()
        for keyword, value in changes.items():
            if value is None:
                delattr(image, keyword)
            else:
                setattr(image, keyword, value)
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save_as(path, enforce_file_format=True)
        return str(image.SOPInstanceUID)

    return write
