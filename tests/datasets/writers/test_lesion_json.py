"""The COCO file of lesions, read by pycocotools."""

import json

import numpy as np
import pytest
from PIL import Image
from pycocotools.coco import COCO

from lidnet_mm.datasets.readers import open_volume
from lidnet_mm.datasets.writers.lesion_json import write_lesions_json
from lidnet_mm.evaluation.box_joining import join_boxes
from lidnet_mm.evaluation.lesions import SliceBox

CLASSES = ("mass", "nodule", "adenocarcinoma of the lung")


def test_pycocotools_finds_every_box_on_its_slice(series, tmp_path):
    path = tmp_path / "lesions.json"
    write_lesions_json(path, series.lesions, series.volume, CLASSES)
    coco = COCO(str(path))
    assert len(coco.imgs) == 6
    found = {
        (
            coco.imgs[each["image_id"]]["slice_index"],
            coco.cats[each["category_id"]]["name"],
            tuple(each["bbox"]),
            each["score"],
        )
        for each in coco.loadAnns(coco.getAnnIds())
    }
    assert found == {
        (each.slice_index, each.label, (*each.box[:2], *each.size[::-1]), each.score)
        for lesion in series.lesions
        for each in lesion.boxes
    }
    nodule = coco.getAnnIds(catIds=coco.getCatIds(catNms=["nodule"]))
    assert nodule == coco.dataset["lesions"][0]["annotation_ids"]


def test_places_in_the_patient_stand_beside_it(series, tmp_path):
    path = tmp_path / "lesions.json"
    write_lesions_json(path, series.lesions, series.volume, CLASSES)
    content = json.loads(path.read_text())
    lesion = content["lesions"][1]
    np.testing.assert_allclose(lesion["centre_mm"], series.place(5, 30, 15), atol=1e-3)
    assert (lesion["number"], lesion["key_slice"], lesion["diameter_mm"]) == (2, 5, 16.0)
    # The file alone leads from a box to the patient.
    image = content["images"][5]
    (x, y, width, height) = content["annotations"][-1]["bbox"]
    row_mm, column_mm = image["spacing"]
    left, top, z = image["first_pixel_mm"]
    middle = (left + (x + width / 2 - 0.5) * column_mm, top + (y + height / 2 - 0.5) * row_mm, z)
    np.testing.assert_allclose(middle, lesion["centre_mm"], atol=1e-3)
    text = path.read_text().lower()
    assert not [word for word in ("planted", "1.2.3", str(tmp_path).lower()) if word in text]


def test_picture_without_a_place_has_no_mm(tmp_path):
    Image.fromarray(np.full((8, 9), 32768, np.uint16)).save(tmp_path / "slice.png")
    volume = open_volume(tmp_path / "slice.png")
    lesions = join_boxes([SliceBox(0, "mass", (1, 2, 4, 8), 0.5)], volume)
    write_lesions_json(tmp_path / "lesions.json", lesions, volume, CLASSES)
    content = json.loads((tmp_path / "lesions.json").read_text())
    assert content["images"] == [{"id": 1, "slice_index": 0, "height": 8, "width": 9}]
    assert content["lesions"][0]["diameter_mm"] is None
    assert content["annotations"][0]["bbox"] == [1, 2, 3, 6]


def test_class_without_a_category_is_refused_and_nothing_written(series, tmp_path):
    with pytest.raises(ValueError, match="no category for nodule"):
        write_lesions_json(tmp_path / "x" / "a.json", series.lesions, series.volume, CLASSES[2:])
    assert not (tmp_path / "x").exists()
