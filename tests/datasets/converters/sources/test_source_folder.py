"""Names in source folders."""

import os

import pytest

from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.source_case import LeftOut
from lidnet_mm.datasets.converters.sources.source_folder import (
    files_by_name,
    layout_error,
    unusable_error,
)

NUMBERED = r"([a-z]?\d+)Ref\.txt"


def touch(folder, *names):
    for name in names:
        (folder / name).touch()


def test_common_parts_have_no_leading_zeros_and_one_case(tmp_path):
    touch(tmp_path, "0010Ref.txt", "E0032Ref.txt", "000Ref.txt", "._011Ref.txt", "12Ref.text")
    found = files_by_name(tmp_path, NUMBERED)
    assert {name: path.name for name, path in found.items()} == {
        "0": "000Ref.txt",
        "10": "0010Ref.txt",
        "e32": "E0032Ref.txt",
    }
    assert files_by_name(tmp_path / "absent", NUMBERED) == {}


def test_hidden_files_are_never_found(tmp_path):
    touch(tmp_path, "a.nii", "._a.nii", ".b.nii")
    assert list(files_by_name(tmp_path, r"(.*)\.nii")) == ["a"]


def test_two_files_of_one_patient_are_refused(tmp_path):
    touch(tmp_path, "001Ref.txt", "0001Ref.txt")
    with pytest.raises(ConversionError, match=r"0001Ref.* and .*001Ref.*one patient; move"):
        files_by_name(tmp_path, NUMBERED)


def test_pipes_are_never_found(tmp_path):
    os.mkfifo(tmp_path / "a.nii")
    (tmp_path / "b.nii").mkdir()
    assert list(files_by_name(tmp_path, r"(.*)\.nii")) == ["b"]


def test_reasons_come_first_where_nothing_is_usable(tmp_path):
    left_out = [LeftOut("file", "rare", "a.dcm"), LeftOut("file", "frequent", "b.dcm", count=3)]
    message = str(unusable_error(tmp_path, "4 DICOM files", left_out))
    assert message == (
        f"{tmp_path}: 3 x file: frequent: b.dcm and 2 more; 1 x file: rare: a.dcm; so none of its 4"
        " DICOM files can be used"
    )
    assert "(not used: 3 x file" in str(layout_error(tmp_path, "images", left_out))


def test_a_wrong_folder_is_described(tmp_path):
    assert "no such folder" in str(layout_error(tmp_path / "absent", "images"))
    assert "no images in this folder, which holds nothing" in str(layout_error(tmp_path, "images"))
    touch(tmp_path, *"abcdefg", ".hidden")
    assert "holds a, b, c, d, e and 2 more" in str(layout_error(tmp_path, "images"))
