"""Config files written for a test, what is logged, and a small LIDnet of a shipped config."""

import logging
from pathlib import Path

import pytest
import torch
from mmengine.config import Config, ConfigDict
from mmengine.logging import MMLogger

from lidnet_mm.apis.load_config import load_config
from lidnet_mm.models.lid_detector import LIDDetector
from lidnet_mm.registry import MODELS


@pytest.fixture
def write(tmp_path):
    """Function that writes a config file."""

    def write_config(text: str, name: str = "config.py") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write_config


@pytest.fixture
def logged():
    """Messages of MMEngine's logger."""
    messages: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: messages.append(record.getMessage())
    logger = MMLogger.get_current_instance()
    logger.addHandler(handler)
    yield messages
    logger.removeHandler(handler)


@pytest.fixture
def lidnet_config(repository):
    """Function that reads the config of the STS table, narrowed, with options."""

    def read(options: dict | None = None) -> Config:
        path = repository / "configs" / "lidnet" / "lidnet_cpce_faster-rcnn_r18_sts.py"
        config = load_config(path, options)
        detector = config.model.detector
        detector.backbone.base_channels = 8
        detector.neck.update(in_channels=[8, 16, 32, 64], out_channels=16)
        detector.rpn_head.update(in_channels=16, feat_channels=16)
        detector.roi_head.bbox_roi_extractor.out_channels = 16
        detector.roi_head.bbox_head.update(in_channels=16, fc_out_channels=32)
        return config

    return read


@pytest.fixture
def build_lidnet():
    """Function that builds a LIDnet of fixed weights, in eval mode."""

    def build(config: Config, seed: int = 0) -> LIDDetector:
        torch.manual_seed(seed)
        return MODELS.build(ConfigDict({**config.model, "_scope_": "mmdet"})).eval()

    return build
