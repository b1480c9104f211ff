"""Masks with several values, from the files to the labels that a detector learns."""

import json

import numpy as np
import pytest
from skimage.measure import label, regionprops

from lidnet_mm.apis.detector_classes import count_classes
from lidnet_mm.apis.load_config import load_config
from lidnet_mm.datasets.converters.command_line import convert_as_told, parse
from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.sources.masks.nifti_masks import NiftiMasks
from lidnet_mm.datasets.ct_lesion_dataset import CTLesionDataset

ORGAN, TUMOUR, CYST = 1, 2, 3
MASK = np.zeros((4, 24, 32), np.uint8)
MASK[1:3, 3:20, 4:24] = ORGAN
MASK[1, 5:9, 6:11] = TUMOUR
MASK[1, 9:12, 6:11] = CYST  # touches the tumour
MASK[2, 12:15, 18:23] = CYST


def convert(source, out, *switches):
    arguments = [str(source), str(out), "--split", "train=1.0", *switches]
    return convert_as_told(NiftiMasks(), parse(NiftiMasks(), arguments=arguments))


def boxes_in(out):
    """(slice, category, box) of all annotations, and the categories."""
    content = json.loads((out / "annotations" / "train.json").read_text())
    slices = {image["id"]: image["slice_index"] for image in content["images"]}
    names = {category["id"]: category["name"] for category in content["categories"]}
    found = [
        (slices[box["image_id"]], names[box["category_id"]], tuple(box["bbox"]))
        for box in content["annotations"]
    ]
    return sorted(found), list(names.values())


def regions(**classes):
    """The same by scikit-image, each class a mask of its own."""
    return sorted(
        (index, name, (left, top, right - left, bottom - top))
        for name, values in classes.items()
        for index in range(len(MASK))
        for region in regionprops(label(np.isin(MASK[index], values), connectivity=2))
        for top, left, bottom, right in [region.bbox]
    )


CHOICES = {
    "2": {"lesion": [TUMOUR]},
    "2,3": {"lesion": [TUMOUR, CYST]},
    "all": {"lesion": [ORGAN, TUMOUR, CYST]},
    "cyst=3,tumour=2": {"cyst": [CYST], "tumour": [TUMOUR]},
}


@pytest.mark.parametrize("choice", CHOICES)
def test_boxes_are_those_of_the_chosen_labels(source, tmp_path, write_patient, choice,
                                              warnings_logged):  # fmt: skip
    write_patient("p1", mask=MASK)
    convert(source, tmp_path / "out", "--labels", choice)
    assert boxes_in(tmp_path / "out") == (regions(**CHOICES[choice]), list(CHOICES[choice]))
    assert warnings_logged() == ""
    written = json.loads((tmp_path / "out" / "conversion.json").read_text())
    assert written["info"]["converter"]["labels"] == choice


def test_several_values_without_a_choice_are_a_warning_that_lists_them(
    source, tmp_path, write_patient, warnings_logged
):
    for number in range(8):
        image = np.random.default_rng(number).integers(-1000, 400, MASK.shape, dtype=np.int16)
        write_patient(f"p{number}", image=image, mask=MASK)
    convert(source, tmp_path / "out")
    first, *others = warnings_logged().splitlines()
    for value in (ORGAN, TUMOUR, CYST):
        assert f"{value} ({(value == MASK).sum()} voxels)" in first
    assert "patient p0, mask " in first and "--labels tumour=2,cyst=3" in first
    assert len(others) == 5 and "further masks" in others[-1]


def test_one_value_is_no_warning(source, tmp_path, write_patient, warnings_logged):
    write_patient("p1", mask=np.where(MASK == TUMOUR, 7, 0).astype(np.uint8))
    convert(source, tmp_path / "out")
    assert warnings_logged() == ""


def test_a_mask_without_the_chosen_labels_is_an_error_that_lists_what_it_has(
    source, tmp_path, write_patient
):
    write_patient("p1", mask=MASK)
    with pytest.raises(ConversionError, match=r"patient p1.*values \(1, 2, 3\).*--labels 9"):
        convert(source, tmp_path / "out", "--labels", "9")


def test_a_class_that_nobody_has_is_told(source, tmp_path, write_patient, warnings_logged):
    write_patient("p1", mask=MASK)
    convert(source, tmp_path / "out", "--labels", "tumour=2,node=9")
    assert "no lesion of class 'node'" in warnings_logged()
    assert boxes_in(tmp_path / "out")[1] == ["tumour", "node"]


def test_an_organ_larger_than_half_of_the_scan_is_no_lesion_that_was_chosen(
    source, tmp_path, write_patient
):
    body = np.where(MASK > 0, MASK, ORGAN).astype(np.uint8)
    write_patient("p1", image=np.full(MASK.shape, 40, np.int16) - 1000 * (MASK == 0), mask=body)
    convert(source, tmp_path / "out", "--labels", "2")
    assert boxes_in(tmp_path / "out")[0] == regions(lesion=[TUMOUR])


def test_a_class_name_beside_classes_of_labels_is_refused(source, tmp_path, write_patient):
    write_patient("p1", mask=MASK)
    with pytest.raises(ConversionError, match="--class-name nodule and the classes tumour"):
        convert(source, tmp_path / "out", "--labels", "tumour=2", "--class-name", "nodule")


CLASSES = ("solid", "subsolid", "calcified")
CONFIG = """
_base_ = ['lidnet_mm::_base_/lidnet_paper.py', 'mmdet::tood/tood_r50_fpn_1x_coco.py']
kinds = dict(classes=('solid', 'subsolid', 'calcified'))
train_dataloader = dict(dataset=dict(metainfo=kinds))
val_dataloader = dict(dataset=dict(metainfo=kinds))
test_dataloader = dict(dataset=dict(metainfo=kinds))
"""


def test_three_classes_reach_the_detector(source, tmp_path, write_patient):
    write_patient("p1", mask=MASK)
    convert(source, tmp_path / "out", "--labels", "solid=2,subsolid=3,calcified=1")
    (tmp_path / "own.py").write_text(CONFIG)
    config = load_config(tmp_path / "own.py", {"data_root": str(tmp_path / "out")})
    assert count_classes(config.train_dataloader) == 3
    assert config.model.detector.bbox_head.num_classes == 3
    dataset = CTLesionDataset(
        ann_file="annotations/train.json",
        data_root=str(tmp_path / "out"),
        metainfo=config.train_dataloader.dataset.metainfo,
    )
    found = sorted(
        (info["slice_index"], CLASSES[box["bbox_label"]], (x, y, right - x, bottom - y))
        for info in map(dataset.get_data_info, range(len(dataset)))
        for box in info["instances"]
        for x, y, right, bottom in [box["bbox"]]
    )
    assert found == regions(solid=[TUMOUR], subsolid=[CYST], calcified=[ORGAN])
