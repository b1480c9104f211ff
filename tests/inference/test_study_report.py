"""The page beside the files of a series: what it shows, and what it must not tell."""

import base64
import re
import zlib
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from lidnet_mm.datasets.writers import Derivation
from lidnet_mm.inference.series_pipeline import SeriesPipeline
from lidnet_mm.inference.slice_denoiser import SliceBoxes
from lidnet_mm.inference.source_tree import find_volumes
from lidnet_mm.inference.tree_run import TreeRun

SLICES, SHAPE, CHANGE = 4, (24, 32), -7
PLANTED = (
    "planted-id",
    "planted study",
    "planted_folder",
    "1.2.826.99",
    "planted-acc",
    "Planted^Name",
)
"""What tells whose series it is."""


class Brighter:
    """Adds 7 HU less, and finds a box on each slice."""

    def __init__(self, detector=None):
        self.detector = detector

    def __call__(self, slices):
        changes = [np.full(each.shape, CHANGE, np.float32) for each in slices]
        box = SliceBoxes(np.array([[4.0, 5, 12, 11]]), np.array([0.75]), np.array([0]))
        return changes, None if self.detector is None else [box] * len(slices)


def pipeline(detector: bool) -> SeriesPipeline:
    found_by = Derivation("some_detector", "1") if detector else None
    denoise = Brighter("detector" if detector else None)
    return SeriesPipeline(denoise, Derivation("some_denoiser", "1"), found_by, ("nodule",))


def hu_of(index: int) -> np.ndarray:
    return np.random.default_rng(index).integers(-900, 900, SHAPE).astype(np.int16)


def dicom(folder: Path) -> None:
    """Slices towards superior, named against their order."""
    for index in range(SLICES):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = CTImageStorage
        meta.MediaStorageSOPInstanceUID = f"1.2.826.99.{index + 1}"
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        path = folder / f"{9 - index}.dcm"
        image = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
        image.SOPClassUID, image.SOPInstanceUID = CTImageStorage, f"1.2.826.99.{index + 1}"
        image.StudyInstanceUID, image.SeriesInstanceUID = "1.2.826.99.7", "1.2.826.99.8"
        image.FrameOfReferenceUID, image.Modality = "1.2.826.99.9", "CT"
        image.PatientID, image.PatientName = "planted-id", "Planted^Name"
        image.PatientBirthDate, image.PatientSex = "19500102", "M"
        image.AccessionNumber, image.StudyID = "planted-acc", "7"
        image.StudyDescription, image.StudyDate, image.StudyTime = (
            "planted study",
            "20200304",
            "101112",
        )
        image.SeriesNumber, image.InstanceNumber = 3, index + 1
        image.ReferringPhysicianName = image.Manufacturer = ""
        image.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        image.ImagePositionPatient = [-10, -20, 2.5 * index]
        image.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        image.PixelSpacing, image.SliceThickness = [0.7, 0.7], 2.5
        image.Rows, image.Columns = SHAPE
        image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
        image.BitsAllocated = image.BitsStored = 16
        image.HighBit, image.PixelRepresentation = 15, 1
        image.RescaleSlope, image.RescaleIntercept = 1, 0
        image.PixelData = hu_of(index).tobytes()
        image.save_as(path, enforce_file_format=True)


def nifti(folder: Path) -> None:
    """Columns towards left, rows towards posterior, slices towards superior."""
    values = np.stack([hu_of(index).T for index in range(SLICES)], -1)
    image = nibabel.Nifti1Image(values, np.diag([-0.7, -0.7, 2.5, 1]))
    nibabel.save(image, folder / "planted-id.nii.gz")


def png(folder: Path) -> None:
    for index in range(SLICES):
        values = (hu_of(index).astype(np.int32) + 32768).astype(np.uint16)
        Image.fromarray(values).save(folder / f"planted-id_{index}.png")


@pytest.fixture
def source(tmp_path, request) -> Path:
    """A folder with one series."""
    folder = tmp_path / "planted_folder"
    folder.mkdir()
    {"dicom": dicom, "nifti": nifti, "png": png}[request.param](folder)
    return folder


def report_of(source: Path, out: Path, detector: bool = True, **options) -> tuple[str, Path]:
    """Text and path of the page of the only series."""
    (outcome,) = TreeRun(pipeline(detector), out, report=True, **options)(find_volumes(source)[0])
    assert outcome.status == "done", outcome.reason
    (page,) = (path for path in outcome.series.files if path.suffix == ".html")
    return page.read_text(encoding="utf-8"), page


def images_of(page: str) -> list[np.ndarray]:
    """HU of the images, unpacked by code of its own."""
    found = []
    for text in re.findall(r'class="pixels"[^>]*data-step="1">([^<]*)<', page):
        planes = np.frombuffer(zlib.decompress(base64.b64decode(text)), np.uint8)
        high, low = planes.astype(int).reshape(2, *SHAPE)
        folded = high << 8 | low
        levels = np.zeros((SHAPE[0] + 1, SHAPE[1] + 1), int)
        for y, x in np.ndindex(SHAPE):
            residual = folded[y, x] >> 1 ^ -(folded[y, x] & 1)
            levels[y + 1, x + 1] = (levels[y + 1, x] + levels[y, x + 1] >> 1) + residual
        found.append(levels[1:, 1:])
    return found


@pytest.mark.parametrize(
    ("source", "format"),
    [
        ("dicom", None),
        ("dicom", "nifti"),
        ("dicom", "mha"),
        ("nifti", None),
        ("nifti", "dicom"),
        ("nifti", "png"),
        ("png", None),
        ("png", "nrrd"),
    ],
    indirect=["source"],
)
def test_page_shows_source_and_output_of_each_slice_and_tells_no_name(tmp_path, source, format):
    text, page = report_of(source, tmp_path / "out", detector=format != "dicom", format=format)
    hu = np.array([hu_of(index) for index in range(SLICES)])
    found = images_of(text)
    np.testing.assert_array_equal(found[0::2], hu)
    np.testing.assert_array_equal(found[1::2], hu + CHANGE)
    assert page.name == "report.html"
    assert not [word for word in (*PLANTED, str(tmp_path), tmp_path.name) if word in text]


@pytest.mark.parametrize("source", ["dicom"], indirect=True)
def test_names_are_shown_where_asked_for(tmp_path, source):
    text, _ = report_of(source, tmp_path / "out", keep_names=True)
    for name in ("planted-id", "planted study", str(source)):
        assert name in text
    for name in ("Planted^Name", "planted-acc", "1.2.826.99"):
        assert name not in text


@pytest.mark.parametrize("source", ["dicom", "png"], indirect=True)
def test_page_without_detector(tmp_path, source):
    text, page = report_of(source, tmp_path / "out", detector=False)
    assert "No detector looked at this series" in text
    assert not list(page.parent.glob("*lesions*"))


@pytest.mark.parametrize("source", ["nifti"], indirect=True)
def test_pages_of_a_folder_have_the_names_of_their_series(tmp_path, source):
    nibabel.save(nibabel.load(source / "planted-id.nii.gz"), source / "other.nii.gz")
    outcomes = list(TreeRun(pipeline(True), tmp_path / "out", report=True)(find_volumes(source)[0]))
    names = {path.name for each in outcomes for path in each.series.files}
    assert {"other_report.html", "planted-id_report.html", "other_lesions.csv"} <= names


@pytest.mark.parametrize("source", ["nifti"], indirect=True)
def test_same_run_gives_the_same_page_and_is_skipped_the_second_time(tmp_path, source):
    first, _ = report_of(source, tmp_path / "one")
    second, page = report_of(source, tmp_path / "two")
    assert first == second
    (again,) = TreeRun(pipeline(True), tmp_path / "two", report=True)(find_volumes(source)[0])
    assert again.status == "skipped"
    page.unlink()
    (again,) = TreeRun(pipeline(True), tmp_path / "two", report=True, overwrite=True)(
        find_volumes(source)[0]
    )
    assert (again.status, page.read_text(encoding="utf-8")) == ("done", first)


@pytest.mark.parametrize("source", ["nifti"], indirect=True)
def test_a_page_is_not_written_over_unasked(tmp_path, source):
    page = tmp_path / "out" / "report.html"
    page.parent.mkdir()
    page.write_text("mine")
    (outcome,) = TreeRun(pipeline(True), page.parent, report=True)(find_volumes(source)[0])
    assert outcome.status == "failed"
    assert "report.html exists" in outcome.reason
    assert page.read_text() == "mine"


def test_names_without_a_report_are_refused(tmp_path):
    with pytest.raises(ValueError, match="give --report"):
        TreeRun(pipeline(False), tmp_path, keep_names=True)
