"""What is left out of a detector's config, and said to be."""

import copy
import logging

import pytest
import torch
from mmdet.models.dense_heads import SSDHead
from mmengine.config import ConfigDict

from lidnet_mm.models import detector_building
from lidnet_mm.models.detector_building import build_detector
from lidnet_mm.registry import MODELS

MASK = "mask_rcnn/mask-rcnn_r50_fpn_1x_coco.py"
SCORING = "ms_rcnn/ms-rcnn_r50-caffe_fpn_1x_coco.py"
CASCADE = "cascade_rcnn/cascade-mask-rcnn_r50_fpn_1x_coco.py"
FASTER = "faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py"
YOLOX = "yolox/yolox_tiny_8xb8-300e_coco.py"
SSD = "ssd/ssdlite_mobilenetv2-scratch_8xb24-600e_coco.py"


@pytest.fixture
def lines(monkeypatch):
    """What is written to the log."""
    lines = []
    monkeypatch.setattr(
        detector_building,
        "print_log",
        lambda message, logger, level=logging.INFO: lines.append((logger, message)),
    )
    return lines


def _build(config):
    torch.manual_seed(0)
    return build_detector(ConfigDict({**config, "_scope_": "mmdet"}))


@pytest.mark.parametrize("name", [MASK, SCORING, CASCADE], ids=lambda name: name.split("/")[1][:12])
def test_mask_branches_are_left_out_and_logged(name, mmdet_config, lines, sample):
    config = mmdet_config(name)
    before = copy.deepcopy(config.to_dict())
    detector = _build(config)
    assert config.to_dict() == before
    assert not detector.roi_head.with_mask
    assert not any("mask" in key for key in detector.state_dict())
    ((logger, line),) = lines
    assert logger == "current"
    assert line.startswith(f"{config.type}: left out ")
    parts = [key for key in before["roi_head"] if key.startswith("mask_")]
    assert len(parts) >= 2
    assert all(f"roi_head.{part} (the data have boxes only)" in line for part in parts)
    losses = detector.loss(torch.rand(2, 3, 96, 96), [sample(), sample()])
    assert not any("mask" in key for key in losses)


@pytest.mark.parametrize("name", [MASK, SCORING], ids=["mask", "mask scoring"])
def test_without_masks_it_is_the_detector_of_boxes(name, mmdet_config, lines):
    """mmdet's configs differ from Faster R-CNN's in the mask branch alone."""
    boxes = MODELS.build({**mmdet_config(FASTER), "_scope_": "mmdet"}).state_dict()
    state = _build(mmdet_config(name)).state_dict()
    assert {k: v.shape for k, v in state.items()} == {k: v.shape for k, v in boxes.items()}


def test_augmentations_of_batches_are_left_out_and_logged(mmdet_config, lines):
    config = mmdet_config(YOLOX)
    before = copy.deepcopy(config.to_dict())
    assert len(before["data_preprocessor"]["batch_augments"]) == 1
    detector = _build(config)
    assert config.to_dict() == before
    assert not detector.data_preprocessor.batch_augments
    assert detector.data_preprocessor.pad_size_divisor == 32
    assert lines == [
        ("current", "YOLOX: left out BatchSyncRandomResize (slices are not augmented in batches)")
    ]


def test_nothing_is_left_out_of_a_detector_of_boxes(mmdet_config, lines):
    config = mmdet_config(FASTER)
    ours = _build(config).state_dict()
    torch.manual_seed(0)
    plain = MODELS.build({**config, "_scope_": "mmdet"}).state_dict()
    assert lines == []
    assert ours.keys() == plain.keys()
    assert all(torch.equal(ours[key], plain[key]) for key in plain)


def test_a_detector_without_preprocessor_or_second_stage_builds(mmdet_config, lines):
    config = mmdet_config("retinanet/retinanet_r50_fpn_1x_coco.py")
    config.pop("data_preprocessor")
    assert _build(config).bbox_head.num_classes == 1
    assert lines == []


def test_ssd_predicts(mmdet_config, sample):
    config = mmdet_config(SSD)
    plain = MODELS.build({**config, "_scope_": "mmdet"}).eval()
    assert isinstance(plain.bbox_head, SSDHead)
    if hasattr(plain.bbox_head, "loss_cls"):
        pytest.fail("mmdet's SSDHead has its loss_cls again: build_detector need not give it one")
    detector = _build(config).eval()
    images, samples = torch.rand(1, 3, 320, 320), [sample((320, 320))]
    with torch.no_grad():
        with pytest.raises(AttributeError, match="loss_cls"):
            plain.predict(images, copy.deepcopy(samples))
        (predicted,) = detector.predict(images, samples)
    assert predicted.pred_instances.bboxes.shape[1] == 4
