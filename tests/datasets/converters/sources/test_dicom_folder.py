"""DICOM without annotations, for denoisers alone."""

import os

import numpy as np
import pytest

from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.sources.dicom_folder import DicomFolder
from lidnet_mm.datasets.ct_lesion_dataset import CTLesionDataset

ALL_TRAIN = ("--split", "train=1.0")


@pytest.fixture
def source(tmp_path, write_ct):
    """Two patients of four slices each, and a pipe."""
    root = tmp_path / "scans"
    for patient in ("P1", "P2"):
        for index in range(4):
            hu = np.random.default_rng(index).integers(-1000, 200, (20, 30))
            write_ct(root / patient / f"{index}.dcm", hu, patient=patient, height=2 * index)
    os.mkfifo(root / "pipe.dcm")
    return root


def test_all_slices_of_all_series_are_converted_as_not_annotated(source, converted, tmp_path):
    document = converted(DicomFolder(), source, *ALL_TRAIN)["train"]
    assert len(document["images"]) == 8 and document["annotations"] == []
    assert document["info"]["annotated"] is False
    place = {"ann_file": "annotations/train.json", "data_root": str(tmp_path / "converted")}
    with pytest.raises(ValueError, match=r"train\.json.*nobody looked.*unannotated=True"):
        CTLesionDataset(**place)
    assert len(CTLesionDataset(**place, unannotated=True)) == 8


def test_what_leaves_nothing_is_refused(source, find_cases, tmp_path):
    with pytest.raises(ConversionError, match="--only-lesion-slices leaves nothing"):
        find_cases(DicomFolder(), source, "--only-lesion-slices")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConversionError, match="no DICOM file in this folder"):
        find_cases(DicomFolder(), tmp_path / "empty")
    for path in source.glob("*/*.dcm"):
        path.write_text("404 not found")
    with pytest.raises(ConversionError, match=r"8 x file: damaged .*none of its 9 DICOM files"):
        find_cases(DicomFolder(), source)
