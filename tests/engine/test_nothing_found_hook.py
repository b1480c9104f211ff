"""Validations without a detection, by mmdet's own metric."""

import json
from types import SimpleNamespace

import pytest
import torch
from mmdet.evaluation import CocoMetric
from mmengine.evaluator import Evaluator

from lidnet_mm.engine import NothingFoundHook

LESION = [8.0, 8.0, 24.0, 24.0]


@pytest.fixture
def evaluator(tmp_path):
    """CocoMetric for one slice with one lesion."""
    x, y, right, bottom = LESION
    box = [x, y, right - x, bottom - y]
    annotations = {
        "info": {},
        "images": [{"id": 1, "file_name": "a.nii.gz", "height": 64, "width": 64}],
        "categories": [{"id": 1, "name": "lesion"}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 1, "bbox": box, "area": 256.0, "iscrowd": 0}
        ],
    }
    (tmp_path / "test.json").write_text(json.dumps(annotations), encoding="utf-8")
    evaluator = Evaluator(CocoMetric(ann_file=str(tmp_path / "test.json"), metric="bbox"))
    evaluator.dataset_meta = {"classes": ("lesion",)}
    return evaluator


def evaluate(evaluator, boxes):
    """Values for a slice on which these boxes (x1, y1, x2, y2) were found."""
    found = {
        "bboxes": torch.tensor(boxes).reshape(-1, 4),
        "scores": torch.full((len(boxes),), 0.9),
        "labels": torch.zeros(len(boxes), dtype=torch.long),
    }
    sample = {"img_id": 1, "ori_shape": (64, 64), "pred_instances": found}
    evaluator.metrics[0].process({}, [sample])
    return evaluator.evaluate(1)


def complete(values, evaluator, stage):
    loop = SimpleNamespace(evaluator=evaluator)
    runner = SimpleNamespace(val_loop=loop, test_loop=loop)
    getattr(NothingFoundHook(), f"after_{stage}_epoch")(runner, values)


@pytest.mark.parametrize("stage", ["val", "test"])
def test_nothing_found_is_an_ap_of_zero(evaluator, stage):
    values = evaluate(evaluator, [])
    assert "coco/bbox_mAP_50" not in values  # what the hook is for
    complete(values, evaluator, stage)
    assert values == {"coco/bbox_mAP": 0.0, "coco/bbox_mAP_50": 0.0, "coco/bbox_mAP_75": 0.0}


@pytest.mark.parametrize("stage", ["val", "test"])
def test_values_that_are_there_stay(evaluator, stage):
    values = evaluate(evaluator, [LESION])
    before = dict(values)
    complete(values, evaluator, stage)
    assert values == before
    assert values["coco/bbox_mAP_50"] == pytest.approx(1.0)


def test_other_metrics_get_nothing():
    values = {"image/PSNR": 30.0}
    complete(values, SimpleNamespace(metrics=[object()]), "val")
    assert values == {"image/PSNR": 30.0}
