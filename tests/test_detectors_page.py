"""The configs of the page on detectors and of the README: they load, and mmdet builds them."""

import re
from pathlib import Path

import pytest
from mmengine.registry import init_default_scope

from lidnet_mm.apis.load_config import load_config
from lidnet_mm.registry import MODELS

ROOT = Path(__file__).resolve().parents[1]
CONFIG = re.compile(r"^```python\n(_base_ = \[[^\]]*mmdet::.*?)^```$", re.MULTILINE | re.DOTALL)
FILES = [
    pytest.param(text, id=f"{name}-{re.search('mmdet::([^/]*)', text)[1]}")
    for name in ("README.md", "docs/detectors.md")
    for text in CONFIG.findall((ROOT / name).read_text(encoding="utf-8"))
]


def test_both_pages_have_some():
    assert {param.id.partition("-")[0] for param in FILES} == {"README.md", "docs/detectors.md"}


@pytest.mark.parametrize("text", FILES)
def test_a_config_of_a_page(text, tmp_path):
    (tmp_path / "own.py").write_text(text, encoding="utf-8")
    config = load_config(tmp_path / "own.py")
    assert len(text.splitlines()) <= 6  # the bases, and at most five lines more
    init_default_scope("mmdet")
    detector = MODELS.build(config.model.detector)
    name = type(detector).__name__.lower()
    assert name in re.search("mmdet::([^/]*)", text)[1].replace("_", "")
    classes = config.train_dataloader.dataset.get("metainfo", {}).get("classes", ("lesion",))
    assert detector.bbox_head.num_classes == len(classes)
