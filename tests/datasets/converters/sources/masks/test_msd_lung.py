"""The Decathlon's layout, written by SimpleITK."""

import numpy as np
import pytest

from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.source_case import UnusableCaseError
from lidnet_mm.datasets.converters.sources.masks.msd_lung import MsdLung

SHAPE = (4, 24, 32)


@pytest.fixture
def write_patient(write_volume, hu_volume, tmp_path):
    """Function that writes a patient, whose tumour is in slice 1, in the Decathlon's axes."""

    def write(number: int, folder: str = "Task06_Lung", tumour: int = 1, **geometry):
        mask = np.zeros(SHAPE, np.uint8)
        mask[1, 3:7, 5:15] = tumour
        name = f"lung_{number:03d}.nii.gz"
        write_volume(hu_volume(*SHAPE), f"{folder}/imagesTr/{name}", "RAS")
        write_volume(mask, f"{folder}/labelsTr/{name}", **{"stored": "RAS", **geometry})
        return tmp_path / folder

    return write


def test_tumours_become_boxes(write_patient, converted, boxes_by_slice):
    root = write_patient(1)
    write_patient(10)
    write_patient(2, stored="LAS")
    document = converted(MsdLung(), root, "--split", "train=1.0")["train"]
    found = boxes_by_slice(document)
    assert len(found) == 3 * SHAPE[0]
    for (_, index), boxes in found.items():
        assert [box["bbox"] for box in boxes] == ([[5, 3, 10, 4]] if index == 1 else [])
    assert "lung_" not in str(document["images"])
    assert document["categories"] == [{"id": 1, "name": "lung tumour"}]


def test_companions_tests_and_halves_are_no_patients(write_patient, find_cases):
    root = write_patient(1)
    for name in ("imagesTr/._lung_001", "labelsTr/._lung_001", "labelsTr/lung_077"):
        (root / f"{name}.nii.gz").touch()
    (root / "imagesTs").mkdir()
    for number in (2, 3):
        (root / "imagesTs" / f"lung_{number:03d}.nii.gz").touch()
    (root / "imagesTs" / "._lung_002.nii.gz").touch()
    found = find_cases(MsdLung(), root)
    assert [case.patient for case in found.cases] == ["lung_1"]
    assert [(left.what, left.count) for left in found.left_out] == [
        ("annotation", 1),
        ("volume", 2),
    ]


def test_a_patient_without_tumour_is_left_out(write_patient, find_cases, converted):
    root = write_patient(1)
    write_patient(2, tumour=0)
    with pytest.raises(UnusableCaseError, match="no voxel above 0"):
        find_cases(MsdLung(), root).cases[1].read()
    document = converted(MsdLung(), root, "--split", "train=1.0")["train"]
    assert {image["patient_id"] for image in document["images"]} == {"case_0001"}


def test_another_task_is_refused_with_what_it_holds(tmp_path, find_cases, write_patient):
    root = write_patient(1, "größer als eins")
    for folder in ("imagesTr", "labelsTr"):
        (root / folder / "lung_001.nii.gz").rename(root / folder / "liver_1.nii.gz")
    with pytest.raises(ConversionError, match=r"no imagesTr/lung_001.*holds imagesTr, labelsTr"):
        find_cases(MsdLung(), root)
    (root / "imagesTr" / "liver_1.nii.gz").rename(root / "imagesTr" / "lung_1.nii.gz")
    with pytest.raises(ConversionError, match="no labelsTr/lung_001"):
        find_cases(MsdLung(), root)
