"""Detectors of all families, small, and what they see."""

import re

import pytest
import torch
from mmdet.models.dense_heads import CenterNetHead, RTMDetSepBNHead
from mmengine.logging import MessageHub
from mmengine.runner import set_random_seed
from shrunk_detectors import shrunk_mmdet_config
from torch import nn

from lidnet_mm.models.detector_building import build_detector
from lidnet_mm.models.resting_detector import rest_in_training_mode

SHAPES = [(96, 96), (70, 61)]


def _resting_detector(name, change=None, **backbone):
    """An untrained detector of mmdet's own config, at rest in training mode."""
    config = shrunk_mmdet_config(name, **backbone)
    if change:
        change(config)
    set_random_seed(0)
    detector = build_detector({**config, "_scope_": "mmdet"})
    MessageHub.get_current_instance().update_info("epoch", 0)  # as a runner does, for TOOD
    detector.init_weights()
    # Before training, the boxes of these have no extent.
    head = getattr(detector, "bbox_head", None)
    if isinstance(head, CenterNetHead):
        nn.init.constant_(head.wh_head[-1].bias, 4.0)
    elif isinstance(head, RTMDetSepBNHead):
        for layer in head.rtm_reg:
            nn.init.constant_(layer.bias, 1.0)
    for layer_name, layer in detector.named_modules():
        if re.search("cls|heatmap", layer_name) and getattr(layer, "out_channels", 99) < 16:
            layer.weight.data.mul_(20)  # nearly equal scores would change places by rounding
    rest_in_training_mode(detector)
    return detector


@pytest.fixture
def resting_detector():
    """Builds a detector: ``resting_detector('atss/....py', change, **backbone)``."""
    return _resting_detector


@pytest.fixture
def images():
    """What detectors see: (2, 3, 96, 96)."""
    return 0.5 * torch.randn(2, 3, 96, 96, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def samples(sample):
    """Two samples, the second of which is smaller than the batch."""
    padded = {"batch_input_shape": SHAPES[0], "pad_shape": SHAPES[0]}
    boxes = [[[20, 24, 52, 60]], [[8, 8, 40, 30], [30, 30, 60, 60]]]
    return [
        sample(shape, box, img_id=i, border=(0, shape[0], 0, shape[1]), **padded)
        for i, (shape, box) in enumerate(zip(SHAPES, boxes, strict=True))
    ]


def _clipped(predictions):
    """Boxes by falling score, within their images; those without extent are left out."""
    out = []
    for one, (height, width) in zip(predictions, SHAPES, strict=True):
        order = one.scores.sort(descending=True, stable=True).indices
        boxes = one.bboxes[order].clone()
        boxes[:, 0::2] = boxes[:, 0::2].clamp(0, width)
        boxes[:, 1::2] = boxes[:, 1::2].clamp(0, height)
        wide, tall = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
        out.append(boxes[(wide > 0) & (tall > 0)])
    return out


@pytest.fixture
def clipped():
    """Predictions as regions: ``clipped(predictions)``."""
    return _clipped
