"""CAD-PE's layout, written by SimpleITK."""

import numpy as np
import pytest

from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.source_case import UnusableCaseError
from lidnet_mm.datasets.converters.sources.masks.cad_pe import CadPe

SHAPE = (4, 24, 32)


@pytest.fixture
def write_patient(write_volume, hu_volume, tmp_path):
    """Function that writes two clots that touch in slice 1, the second also elsewhere in it."""

    def write(image: str, labels: str, clots: bool = True, folder: str = "CAD-PE"):
        mask = np.zeros(SHAPE, np.int16)
        if clots:
            mask[1, 3:7, 5:10], mask[1, 3:7, 10:12], mask[1, 20:22, 1:4] = 1, 2, 2
        write_volume(hu_volume(*SHAPE), f"{folder}/images/{image}.nrrd")
        write_volume(mask, f"{folder}/rs/{labels}.nrrd")
        return tmp_path / folder

    return write


def test_each_piece_of_each_clot_has_a_box(write_patient, converted, boxes_by_slice):
    root = write_patient("001", "0001RefStd")
    document = converted(CadPe(), root, "--split", "train=1.0")["train"]
    found = boxes_by_slice(document)["case_0001", 1]
    assert sorted((*box["bbox"], box["clot"], box["area"]) for box in found) == [
        (1, 20, 3, 2, 2, 6),
        (5, 3, 5, 4, 1, 20),
        (10, 3, 2, 4, 2, 8),
    ]
    assert len(document["images"]) == SHAPE[0]


def test_both_spellings_of_the_reference_and_lettered_numbers(write_patient, find_cases):
    root = write_patient("001", "0001RefStd", folder="CAD PE größer")
    write_patient("010", "010RefStd", folder="CAD PE größer")
    write_patient("e0032", "e0032RefStd", folder="CAD PE größer")
    write_patient("004", "0005RefStd", folder="CAD PE größer")
    found = find_cases(CadPe(), root)
    assert [case.patient for case in found.cases] == ["1", "10", "e32"]
    assert all(1 in case.read().boxes for case in found.cases)
    assert [(left.what, left.source.rpartition("/")[2]) for left in found.left_out] == [
        ("volume", "004.nrrd"),
        ("annotation", "0005RefStd.nrrd"),
    ]


def test_a_patient_without_clot_is_unusable(write_patient, find_cases):
    root = write_patient("001", "0001RefStd", clots=False)
    with pytest.raises(UnusableCaseError, match="no voxel above 0"):
        find_cases(CadPe(), root).cases[0].read()


def test_two_references_of_a_patient_are_refused(write_patient, find_cases):
    root = write_patient("001", "0001RefStd")
    write_patient("001", "001RefStd")
    with pytest.raises(ConversionError, match=r"0001RefStd.*001RefStd.*one patient"):
        find_cases(CadPe(), root)


def test_another_folder_is_refused_with_what_it_holds(write_patient, find_cases, tmp_path):
    with pytest.raises(ConversionError, match=r"no images/001\.nrrd.*holds nothing"):
        find_cases(CadPe(), tmp_path)
    root = write_patient("001", "0001Labels")
    with pytest.raises(ConversionError, match=r"no rs/0001RefStd\.nrrd.*holds images, rs"):
        find_cases(CadPe(), root)
