"""COCO documents and their files."""

import json

import pytest
from pycocotools.coco import COCO

from lidnet_mm.datasets.converters.output.coco_writer import (
    coco_annotation,
    coco_document,
    coco_image,
    write_json,
)


def document():
    image = coco_image(
        1,
        file_name="volumes/case_0001.nii.gz",
        slice_index=4,
        shape=(20, 30),
        patient_id="case_0001",
        spacing=(0.7, 0.8),
        slice_thickness=3.0,
    )
    return coco_document(
        [image], [coco_annotation(1, 1, (2, 3, 4, 5), 17)], {"seed": 0}, ["nodule"]
    )


def test_a_document_is_read_by_pycocotools(tmp_path):
    write_json(tmp_path / "annotations" / "train.json", document())
    coco = COCO(tmp_path / "annotations" / "train.json")
    assert coco.loadCats(1)[0]["name"] == "nodule"
    assert coco.imgToAnns[1][0]["bbox"] == [2, 3, 4, 5]
    assert coco.loadImgs(1)[0]["spacing"] == [0.7, 0.8]
    assert (coco.loadImgs(1)[0]["height"], coco.loadImgs(1)[0]["width"]) == (20, 30)


@pytest.mark.parametrize("bad", [float("nan"), object()])
def test_a_document_that_cannot_be_written_leaves_the_old_file(tmp_path, bad):
    path = tmp_path / "train.json"
    write_json(path, {"old": 1})
    with pytest.raises((ValueError, TypeError)):
        write_json(path, {"long": list(range(100_000)), "bad": bad})
    assert json.loads(path.read_text()) == {"old": 1}
    assert [entry.name for entry in tmp_path.iterdir()] == ["train.json"]
