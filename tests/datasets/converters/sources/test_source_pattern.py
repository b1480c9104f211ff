"""Patients found by pattern."""

import os

import pytest

from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.sources.source_pattern import find_pairs


def touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"")


def found(root, image, mask):
    return [
        (
            pair.patient,
            pair.image.relative_to(root).as_posix(),
            pair.mask.relative_to(root).as_posix(),
        )
        for pair in find_pairs(root, image, mask)
    ]


def test_one_folder_a_patient_in_natural_order(tmp_path):
    touch(tmp_path, *(f"p{n}/{kind}.nii.gz" for n in (10, 9, 1) for kind in ("ct", "seg")))
    pairs = found(tmp_path, "{patient}/ct.nii.gz", "{patient}/seg.nii.gz")
    assert [pair[0] for pair in pairs] == ["p1", "p9", "p10"]
    assert pairs[1] == ("p9", "p9/ct.nii.gz", "p9/seg.nii.gz")


def test_flat_folders_and_a_piece_of_a_name(tmp_path):
    touch(tmp_path, "imagesTr/lung_053_0000.nii.gz", "imagesTr/._lung_053_0000.nii.gz")
    touch(tmp_path, "labelsTr/lung_053.nii.gz", "labelsTr/readme.txt")
    pairs = found(tmp_path, "imagesTr/lung_{patient}_0000.nii.gz", "labelsTr/lung_{patient}.nii.gz")
    assert pairs == [("053", "imagesTr/lung_053_0000.nii.gz", "labelsTr/lung_053.nii.gz")]


def test_a_name_that_comes_twice_must_agree(tmp_path):
    touch(tmp_path, "a/a_ct.nii", "a/a_seg.nii", "b/c_ct.nii")
    pairs = found(tmp_path, "{patient}/{patient}_ct.nii", "{patient}/{patient}_seg.nii")
    assert [pair[0] for pair in pairs] == ["a"]


def test_star_matches_within_one_path_part(tmp_path):
    touch(tmp_path, "a/2001-01-01/ct.nii", "a/2001-01-01/deep/ct.nii", "a/seg[1].nii")
    pairs = found(tmp_path, "{patient}/*/ct.nii", "{patient}/seg[1].nii")
    assert pairs == [("a", "a/2001-01-01/ct.nii", "a/seg[1].nii")]


def test_two_files_of_one_patient_are_refused(tmp_path):
    touch(tmp_path, "a/1/ct.nii", "a/2/ct.nii", "a/seg.nii")
    with pytest.raises(ConversionError, match=r"patient a: .*two files.*1/ct\.nii.*2/ct\.nii"):
        find_pairs(tmp_path, "{patient}/*/ct.nii", "{patient}/seg.nii")


def test_a_pattern_that_matches_nothing_shows_how_files_are_named(tmp_path):
    touch(tmp_path, "a/CT_image.nii.gz")
    with pytest.raises(ConversionError, match=r"--image.*no file.*a/CT_image\.nii\.gz"):
        find_pairs(tmp_path, "{patient}/image.nii.gz", "{patient}/mask.nii.gz")


def test_an_image_without_mask_is_refused(tmp_path):
    touch(tmp_path, "a/ct.nii", "a/seg.nii", "b/ct.nii", "c/ct.nii")
    with pytest.raises(ConversionError, match=r"patient b: .*no mask.*1 more"):
        find_pairs(tmp_path, "{patient}/ct.nii", "{patient}/seg.nii")


def test_a_pipe_is_named_and_not_opened(tmp_path):
    touch(tmp_path, "a/ct.nii", "a/seg.nii", "b/ct.nii")
    os.mkfifo(tmp_path / "b/seg.nii")
    with pytest.raises(ConversionError, match=r"patient b: .*b/seg\.nii.*--mask.*a pipe"):
        find_pairs(tmp_path, "{patient}/ct.nii", "{patient}/seg.nii")


def test_a_mask_without_image_is_refused(tmp_path):
    touch(tmp_path, "a/ct.nii", "a/seg.nii", "b/seg.nii")
    with pytest.raises(ConversionError, match=r"patient b: .*no image"):
        find_pairs(tmp_path, "{patient}/ct.nii", "{patient}/seg.nii")


def test_a_pattern_without_placeholder_is_refused(tmp_path):
    with pytest.raises(ConversionError, match=r"--image 'ct\.nii' lacks \{patient\}"):
        find_pairs(tmp_path, "ct.nii", "{patient}.nii")


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(ConversionError, match="no such folder"):
        find_pairs(tmp_path / "x", "{patient}.nii", "{patient}.nii")
