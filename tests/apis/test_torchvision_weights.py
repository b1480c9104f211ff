"""Weights of torchvision without torchvision."""

import argparse
import re
import sys
import types

import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope

from lidnet_mm.apis.config_options import ConfigOptions
from lidnet_mm.apis.load_config import load_config
from lidnet_mm.apis.torchvision_weights import replace_torchvision_weights
from lidnet_mm.downloaded_weights import MissingDownloadError
from lidnet_mm.registry import MODELS

RESNET50 = "https://download.pytorch.org/models/resnet50-0676ba61.pth"


@pytest.fixture
def absent(monkeypatch):
    """No torchvision, whatever is installed."""
    monkeypatch.setitem(sys.modules, "torchvision", None)


def config(**checkpoints):
    parts = {name: {"init_cfg": {"checkpoint": value}} for name, value in checkpoints.items()}
    return Config({"model": {"detector": parts, "heads": [{"pretrained": "torchvision://vgg16"}]}})


def test_every_place_gets_the_address(absent, logged):
    changed = config(backbone="torchvision://resnet50", neck="open-mmlab://detectron2/resnet50")
    replace_torchvision_weights(changed)
    assert changed.model.detector.backbone.init_cfg.checkpoint == RESNET50
    assert changed.model.detector.neck.init_cfg.checkpoint == "open-mmlab://detectron2/resnet50"
    assert (
        changed.model.heads[0].pretrained
        == "https://download.pytorch.org/models/vgg16-397923af.pth"
    )
    assert f"torchvision://resnet50 -> {RESNET50}, as torchvision is not installed" in logged


def test_nothing_changes_where_torchvision_is_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchvision", types.ModuleType("torchvision"))
    same = config(backbone="torchvision://resnet50")
    replace_torchvision_weights(same)
    assert same.to_dict() == config(backbone="torchvision://resnet50").to_dict()


def test_unknown_network(absent):
    with pytest.raises(ValueError, match=r"torchvision://none need the package torchvision.*file"):
        replace_torchvision_weights(config(backbone="torchvision://none"))


def test_no_shipped_config_needs_torchvision(repository, absent):
    for path in (repository / "configs").glob("[bjl]*/*.py"):
        if path.parent.name != "benchmark":
            assert "torchvision://" not in load_config(path).pretty_text, path


def test_without_a_network_the_message_has_an_option_that_does_without(
    repository, tmp_path, monkeypatch
):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    path = repository / "configs" / "lidnet" / "lidnet_cpce_faster-rcnn_r50.py"
    address = "http://127.0.0.1:1/models/resnet50-0676ba61.pth"
    init_default_scope("mmdet")

    def begin(options):
        backbone = load_config(path, options).model.detector.backbone
        MODELS.build({**backbone, "base_channels": 2}).init_weights()

    with pytest.raises(MissingDownloadError) as caught:
        begin({"model.detector.backbone.init_cfg.checkpoint": address})
    for part in ("resnet50-0676ba61.pth", str(tmp_path / "hub" / "checkpoints"), address):
        assert part in str(caught.value)
    option = re.search(r"--cfg-options (\S+)", str(caught.value))[1]
    parser = argparse.ArgumentParser()
    parser.add_argument("--cfg-options", nargs="+", action=ConfigOptions)
    begin(parser.parse_args(["--cfg-options", option]).cfg_options)
