"""What nothing reads is refused, and what was meant is named."""

from pathlib import Path

import mmdet
import pytest

from lidnet_mm.apis.load_config import load_config

MMDET = Path(mmdet.__file__).parent / ".mim" / "configs"
BASE = """
data_root = 'data/x'
max_epochs = 3
loader = dict(batch_size=2, dataset=dict(type='A', data_root=data_root, ann_file='a.json'))
train_dataloader = loader
train_cfg = dict(max_epochs=max_epochs)
"""


class TestFiles:
    @pytest.mark.parametrize(
        ("line", "meant"),
        [
            ("data_rot = 'data/mine'", "do you mean data_root?"),
            ("lowdose = dict(noise_hu=30)", "do you mean low_dose?"),
            ("window = (-160, 240)", "do you mean model.data_preprocessor.window"),
            ("batch_size = 8", "do you mean train_dataloader.batch_size?"),
            ("max_epochs = 9", "do you mean train_cfg.max_epochs? A variable"),
            ("train_pipeline = []", "set train_dataloader.dataset.pipeline instead"),
            ("for number in (1, 2):\n    last = number", "'last', which nothing reads"),
        ],
    )
    def test_what_nothing_reads(self, write, line, meant):
        """The bases use ``max_epochs``, but what a child says comes too late for them."""
        write(BASE, "base.py")
        path = write(f"_base_ = './base.py'\n{line}")
        with pytest.raises(ValueError, match=r"config .*config\.py sets '") as refused:
            load_config(path)
        assert meant in str(refused.value)

    @pytest.mark.parametrize(
        "lines",
        [
            "size = 4\ntrain_dataloader = dict(batch_size=size)",
            "_note = 'of mine'",
            "train_dataloader = dict(batch_size={{_base_.max_epochs}})",
            "work_dir = 'there'\nrandomness = dict(seed=3)\nsync_bn = 'torch'",
            "sizes = [number for number in range(3)]\ntrain_dataloader = dict(batch_size=sizes[2])",
            "import os\n\n\ndef size():\n    found = 3\n    return found\n\n\nrandomness = "
            "dict(seed=size())",
        ],
    )
    def test_variables_of_ones_own(self, write, lines):
        write(BASE, "base.py")
        load_config(write(f"_base_ = './base.py'\n{lines}"))

    def test_used_by_a_file_that_inherits_it(self, write):
        write(f"{BASE}rate = 0.1", "base.py")
        load_config(write("_base_ = './base.py'\nrandomness = dict(seed=_base_.rate)"))
        with pytest.raises(ValueError, match=r"base\.py sets 'rate'"):
            load_config(write("_base_ = './base.py'"))

    @pytest.mark.parametrize("suffix", ["yaml", "json"])
    def test_other_languages(self, write, suffix):
        write("data_root: x" if suffix == "yaml" else '{"data_root": "x"}', f"base.{suffix}")
        text = {"yaml": "_base_: ./base.yaml\ndata_rot: y", "json": '{"data_rot": "y"}'}[suffix]
        with pytest.raises(ValueError, match=rf"{suffix} sets 'data_rot'.*data_root\?"):
            load_config(write(text, f"config.{suffix}"))

    def test_pure_python_style(self, write):
        write("data_root = 'x'", "base.py")
        text = (
            "from mmengine.config import read_base\n\nwith read_base():\n    from .base import *\n"
        )
        load_config(write(text))
        with pytest.raises(ValueError, match="sets 'data_rot'"):
            load_config(write(f"{text}data_rot = 'y'"))

    def test_saved_copies_hold_what_was_inherited(self, write):
        assert load_config(write("max_epochs = 3", "resolved_mine.py")).max_epochs == 3

    @pytest.mark.parametrize(
        "name",
        [
            "yolo/yolov3_mobilenetv2_8xb24-ms-416-300e_coco.py",
            "fpg/faster-rcnn_r50_fpg-chn128_crop640-50e_coco.py",
            "guided_anchoring/ga-fast-rcnn_r50-caffe_fpn_1x_coco.py",
        ],
    )
    def test_mmdetections_own_unused_variables(self, write, name):
        """They set ``find_unused_parameters``, ``norm_cfg`` and ``data`` for nothing."""
        load_config(MMDET / name)
        load_config(write(f"_base_ = 'mmdet::{name}'"))


class TestOptions:
    @pytest.mark.parametrize(
        ("option", "message"),
        [
            ("lowdose.noise_hu", "no such variable.*do you mean low_dose.noise_hu"),
            ("data_rot", "no such variable.*do you mean data_root"),
            ("window", "no such variable.*do you mean model.data_preprocessor.window"),
            ("optimizer.lr", r"do you mean optim_wrapper\.optimizer\.lr"),
            ("max_epochs", r"has built others from it: do you mean train_cfg\.max_epochs"),
            ("seed", "do you mean randomness.seed"),
            ("loader.batch_size", "built others from it: do you mean train_dataloader.batch_size"),
        ],
    )
    def test_refused(self, write, option, message):
        with pytest.raises(ValueError, match=f"option {option} has no effect, .*{message}"):
            load_config(write(BASE), {option: 3})

    def test_imports_are_done(self, write, monkeypatch):
        write("import builtins\nbuiltins.lidnet_imported = True\n", "module_of_mine.py")
        monkeypatch.syspath_prepend(Path(write(BASE)).parent)
        monkeypatch.setattr("builtins.lidnet_imported", False, raising=False)
        load_config(write(BASE), {"custom_imports.imports": ["module_of_mine"]})
        import builtins

        assert builtins.lidnet_imported
