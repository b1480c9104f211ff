"""FUMPE's layout, written by PyDICOM and SciPy."""

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid
from scipy.io import savemat

from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.source_case import UnusableCaseError
from lidnet_mm.datasets.converters.sources.masks.fumpe import Fumpe
from lidnet_mm.datasets.readers import open_volume

ROWS, COLUMNS = 20, 30
SUPINE, PRONE = (1, 0, 0, 0, 1, 0), (-1, 0, 0, 0, -1, 0)
BRIGHT = 700


def write_slice(path, pixels, series, height, orientation=SUPINE):
    """Write one CT slice; pixels are HU."""
    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.file_meta.MediaStorageSOPClassUID = image.SOPClassUID = CTImageStorage
    image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID = generate_uid()
    image.SeriesInstanceUID, image.Modality, image.PatientName = series, "CT", "Somebody"
    image.ImagePositionPatient, image.ImageOrientationPatient = [0, 0, height], list(orientation)
    image.PixelSpacing, image.SliceThickness = [0.7, 0.7], 2.0
    image.Rows, image.Columns, image.SamplesPerPixel = *pixels.shape, 1
    image.PhotometricInterpretation = "MONOCHROME2"
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 16, 15, 0
    image.RescaleSlope, image.RescaleIntercept = 1, -1024
    image.PixelData = (pixels + 1024).astype(np.uint16).tobytes()
    image.save_as(path, enforce_file_format=True)


@pytest.fixture
def write_patient(tmp_path):
    """Function that writes slices at given heights (mm) as D0001, D0002 ... and their mask.

    A slice has the marked voxels of its mask plane at ``BRIGHT`` HU, so that they can be found
    again in the volume.
    """

    def write(name="PAT001", heights=(0, 2, 4, 6), folder="FUMPE", mask=None, orientation=SUPINE):
        root = tmp_path / folder
        (root / "CT_scans" / name).mkdir(parents=True)
        (root / "GroundTruth").mkdir(exist_ok=True)
        rng = np.random.default_rng(len(heights))
        if mask is None:
            mask = np.zeros((ROWS, COLUMNS, len(heights)), np.uint8)
            for plane in range(1, len(heights)):  # a different one on each but the first
                mask[plane : 2 * plane + 2, 3 : 5 + plane, plane] = 1
        series = generate_uid()
        for number, height in enumerate(heights):
            pixels = rng.integers(-1000, 200, (ROWS, COLUMNS))
            pixels[mask[:, :, min(number, mask.shape[2] - 1)] > 0] = BRIGHT
            path = root / "CT_scans" / name / f"D{number + 1:04d}.dcm"
            write_slice(path, pixels, series, height, orientation)
        savemat(root / "GroundTruth" / f"{name}.mat", {"Mask": mask})
        return root

    return write


def check_boxes(document, boxes_by_slice, root):
    """Every box is the extent of the bright voxels of its slice."""
    files = {image["slice_index"]: image["file_name"] for image in document["images"]}
    lesions = 0
    for (_, index), boxes in boxes_by_slice(document).items():
        rows, columns = np.nonzero(open_volume(root / files[index]).read_slice(index) == BRIGHT)
        expected = []
        if len(rows):
            size = [np.ptp(columns) + 1, np.ptp(rows) + 1]
            expected = [[columns.min(), rows.min(), *size]]
            lesions += 1
        assert [box["bbox"] for box in boxes] == expected
    return lesions


@pytest.mark.parametrize("heights", [(0, 2, 4, 6), (6, 4, 2, 0), (4, 0, 6, 2)])
@pytest.mark.parametrize("orientation", [SUPINE, PRONE])
def test_mask_planes_follow_the_file_names(
    write_patient, converted, boxes_by_slice, tmp_path, heights, orientation
):
    root = write_patient(heights=heights, orientation=orientation)
    document = converted(Fumpe(), root, "--split", "train=1.0")["train"]
    assert len(document["images"]) == 4
    assert check_boxes(document, boxes_by_slice, tmp_path / "converted") == 3
    assert "Somebody" not in str(document)


def test_numbers_in_names_count_as_numbers(write_patient, find_cases):
    root = write_patient()
    folder = root / "CT_scans" / "PAT001"
    for old, new in {"D0001": "D9", "D0002": "D10", "D0003": "D11", "D0004": "D100"}.items():
        (folder / f"{old}.dcm").rename(folder / f"{new}.DCM")
    content = find_cases(Fumpe(), root).cases[0].read()
    assert [(index, box.height) for index, (box,) in content.boxes.items()] == [
        (1, 3),
        (2, 4),
        (3, 5),
    ]


def test_an_empty_mask_is_a_negative(write_patient, converted):
    root = write_patient(folder="FUMPE größer", mask=np.zeros((ROWS, COLUMNS, 4)))
    document = converted(Fumpe(), root, "--split", "train=1.0")["train"]
    assert (len(document["images"]), document["annotations"]) == (4, [])


def test_halves_and_companions_are_left_out(write_patient, find_cases):
    root = write_patient()
    (root / "CT_scans" / "PAT001" / "._D0001.dcm").write_bytes(b"companion")
    write_patient("PAT010")
    (root / "GroundTruth" / "PAT010.mat").unlink()
    savemat(root / "GroundTruth" / "PAT011.mat", {"Mask": 1})
    found = find_cases(Fumpe(), root)
    assert [case.patient for case in found.cases] == ["pat1"]
    assert len(found.cases[0].read().boxes) == 3
    assert [left.what for left in found.left_out] == ["volume", "annotation"]


@pytest.mark.parametrize("shape", [(ROWS, COLUMNS, 3), (ROWS, COLUMNS, 5), (COLUMNS, ROWS, 4)])
def test_a_mask_of_another_shape_is_unusable(write_patient, find_cases, shape):
    root = write_patient()
    savemat(root / "GroundTruth" / "PAT001.mat", {"Mask": np.zeros(shape, np.uint8)})
    message = rf"\(rows, columns, slices\) \({', '.join(map(str, shape))}\).*\(20, 30, 4\); copy"
    with pytest.raises(UnusableCaseError, match=message) as caught:
        find_cases(Fumpe(), root).cases[0].read()
    assert "PAT001" not in caught.value.reason


def no_pixels(folder):
    image = pydicom.dcmread(folder / "D0002.dcm")
    del image.PixelData
    image.save_as(folder / "D0002.dcm")


def two_spacings(folder):
    image = pydicom.dcmread(folder / "D0002.dcm")
    image.PixelSpacing = [0.8, 0.8]
    image.save_as(folder / "D0002.dcm")


def one_object_twice(folder):
    (folder / "D0005.dcm").write_bytes((folder / "D0002.dcm").read_bytes())


def nothing(folder):
    for path in folder.iterdir():
        path.unlink()


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (no_pixels, "without pixel data"),
        (two_spacings, "PixelSpacing"),
        (one_object_twice, "same SOPInstanceUID"),
        (nothing, "at least one file"),
    ],
)
def test_damaged_slices_are_unusable(write_patient, find_cases, damage, reason):
    root = write_patient()
    damage(root / "CT_scans" / "PAT001")
    with pytest.raises(UnusableCaseError, match=reason) as caught:
        find_cases(Fumpe(), root).cases[0].read()
    assert "copy them again" in caught.value.reason and "PAT001" not in caught.value.reason


def test_a_bad_patient_does_not_stop_the_others(write_patient, converted, tmp_path):
    root = write_patient("PAT001")
    write_patient("PAT002")
    no_pixels(root / "CT_scans" / "PAT001")
    document = converted(Fumpe(), root, "--split", "train=1.0")["train"]
    assert {image["patient_id"] for image in document["images"]} == {"case_0002"}
    log = (tmp_path / "converted" / "conversion.json").read_text()
    assert "not one volume" in log and "PAT00" not in log


def test_another_folder_is_refused_with_what_it_holds(write_patient, find_cases, tmp_path):
    with pytest.raises(ConversionError, match=r"no CT_scans/PAT001.*holds nothing"):
        find_cases(Fumpe(), tmp_path)
    root = write_patient()
    (root / "GroundTruth" / "PAT001.mat").unlink()
    with pytest.raises(ConversionError, match=r"no GroundTruth/PAT001\.mat.*holds CT_scans"):
        find_cases(Fumpe(), root)
