"""Scores on the boxes that the data set shows, where mmdet's own reads the file otherwise."""

import copy
import json

import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator

from lidnet_mm.registry import METRICS

BOXES = {1: [[10, 10, 20, 20], [40, 30, 8, 9]], 2: [[5, 30, 12, 16], [33, 4, 15, 10]]}


@pytest.fixture
def score(tmp_path):
    """Function that scores detections of all boxes in a json, changed by a function."""

    def run(change, kind="lidnet_mm.CocoMetric"):
        content = {
            "images": [
                {
                    "id": number,
                    "file_name": "a.nii.gz",
                    "slice_index": number,
                    "height": 64,
                    "width": 64,
                    "spacing": [1, 1],
                    "patient_id": "a",
                }
                for number in BOXES
            ],
            "annotations": [
                {"image_id": number, "category_id": 1, "bbox": [*box]}
                for number, boxes in BOXES.items()
                for box in boxes
            ],
            "categories": [{"id": 1, "name": "lesion"}],
        }
        change(content)
        path = tmp_path / "test.json"
        path.write_text(json.dumps(content))
        metric = METRICS.build({"type": kind, "ann_file": str(path), "metric": "bbox"})
        evaluator = Evaluator(metric)
        evaluator.dataset_meta = {"classes": ("lesion",)}
        for number, boxes in BOXES.items():
            edges = np.array([[x, y, x + w, y + h] for x, y, w, h in boxes], np.float32)
            found = {
                "bboxes": torch.from_numpy(edges),
                "scores": torch.ones(len(boxes)),
                "labels": torch.zeros(len(boxes), dtype=torch.long),
            }
            sample = {"img_id": number, "ori_shape": (64, 64), "pred_instances": found}
            evaluator.process([copy.deepcopy(sample)])
        return evaluator.evaluate(len(BOXES))["coco/bbox_mAP_50"]

    return run


def complete(content, ids):
    for record, number in zip(content["annotations"], ids, strict=True):
        record.update(id=number, iscrowd=0, area=record["bbox"][2] * record["bbox"][3])


CHANGES = {
    "nothing but boxes": lambda content: None,
    "ids on each image": lambda content: complete(content, [1, 2, 1, 2]),
    "ids from 0": lambda content: complete(content, [0, 1, 2, 3]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_all_boxes_of_the_data_set_are_scored(score, change):
    assert score(CHANGES[change]) == 1


def test_a_complete_file_is_scored_as_mmdet_does(score):
    def change(content):
        complete(content, [1, 2, 3, 4])
        content["annotations"][1]["bbox"][2] -= 5  # so far from the detection that it is missed

    assert score(change) == score(change, "mmdet.CocoMetric") < 1


def test_a_file_that_is_not_right_is_refused_before_a_test_begins(score):
    with pytest.raises(ValueError, match=r"annotations\[0\] .* in .*test\.json is of no image"):
        score(lambda content: content["images"].pop(0))
