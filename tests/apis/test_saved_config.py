"""The config in a checkpoint's meta is read, not run."""

import math

import pytest
from mmengine.config import Config

from lidnet_mm.apis.load_config import load_config
from lidnet_mm.apis.saved_config import saved_config


@pytest.mark.parametrize(
    "name",
    ["lidnet/lidnet_cpce_faster-rcnn_r18_sts_short_limited.py", "baselines/smgan_adv_chest.py"],
)
def test_as_mmengine_writes_it(repository, name):
    config = load_config(repository / "configs" / name)
    assert saved_config({"cfg": config.pretty_text}).to_dict() == config.to_dict()


def test_all_kinds_of_values():
    values = {"a": {"b-c": [1, -2.5, None, True, (3,)]}, "d": {"e": -math.inf, "f": "x" * 200}}
    assert saved_config({"cfg": Config(values).pretty_text}).to_dict() == values


@pytest.mark.parametrize(
    "text", ["x = __import__('os').getcwd()", "import os", "x = dict(**y)", "x = (", None, b"x = 1"]
)
def test_anything_else_is_none(text):
    assert saved_config({"cfg": text}) is None
