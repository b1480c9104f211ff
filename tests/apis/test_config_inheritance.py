"""A detector's own config beside a LIDnet, and everything else as MMEngine reads it."""

import re
from pathlib import Path
from types import SimpleNamespace

import mmdet
import pytest
from mmengine.config import Config

from lidnet_mm.apis import config_inheritance
from lidnet_mm.apis.config_inheritance import read_config

MMDET = Path(mmdet.__file__).parent / ".mim" / "configs"
ATSS = "atss/atss_r50_fpn_1x_coco.py"
LIDNET = """
model = dict(type='lidnet_mm.LIDDetector', denoiser=dict(type='D'), detection_loss_weight=0.5)
train_dataloader = dict(dataset=dict(type='CTLesionDataset'))
judge = 'judge.py'
"""
DETECTOR = """
model = dict(type='Mine', bbox_head=dict(num_classes=80), strides=(8, 16))
train_dataloader = dict(dataset=dict(type='CocoDataset'))
custom_hooks = [dict(type='EMAHook'), dict(type='PipelineSwitchHook')]
"""
PATHS = sorted((Path(__file__).resolve().parents[2] / "configs").rglob("*.py"))


@pytest.fixture
def lidnet(write):
    return write(LIDNET, "bases/lidnet.py")


@pytest.fixture
def detector(write):
    return write(DETECTOR, "bases/detector.py")


def scoped(model: dict) -> dict:
    """A model as MMEngine inherits it from another package."""
    return {"_scope_": "mmdet", **model}


class TestDetectorBesideALIDnet:
    def test_its_model_becomes_the_detector(self, write, lidnet):
        read = read_config(write(f"_base_ = ['bases/lidnet.py', 'mmdet::{ATSS}']")).to_dict()
        expected = Config.fromfile(lidnet).to_dict()
        expected["model"]["detector"] = scoped(Config.fromfile(MMDET / ATSS).model.to_dict())
        assert read == expected

    @pytest.mark.parametrize("order", [("lidnet", "detector"), ("detector", "lidnet")])
    def test_files_of_the_user_in_any_order(self, write, lidnet, detector, order):
        bases = [f"bases/{name}.py" for name in order]
        model = read_config(write(f"_base_ = {bases}")).model
        assert model.detector == Config.fromfile(detector).model
        assert isinstance(model.detector.strides, tuple)

    def test_the_file_may_override_and_refer_to_it(self, write, lidnet, detector):
        text = (
            "_base_ = ['bases/lidnet.py', 'bases/detector.py']\n"
            "heads = {{_base_.model.detector.bbox_head}}\n"
            "weight = _base_.model.detection_loss_weight * 2\n"
            "model = dict(detector=dict(bbox_head=dict(num_classes=4), neck=None))\n"
        )
        config = read_config(write(text))
        assert config.model.detector.bbox_head == {"num_classes": 4}
        assert config.model.detector.neck is None
        assert config.model.detector.type == "Mine"
        assert (config.heads, config.weight) == ({"num_classes": 80}, 1.0)

    def test_inherited_by_others(self, write, lidnet, detector):
        write("_base_ = ['lidnet.py', 'detector.py']", "bases/both.py")
        write("_base_ = './both.py'\nmodel = dict(denoiser=dict(type='E'))", "bases/child.py")
        config = read_config(write("_base_ = ['bases/child.py']\nseed = 1"))
        assert (config.model.denoiser.type, config.model.detector.type) == ("E", "Mine")
        assert (config.judge, config.seed) == ("judge.py", 1)

    def test_it_replaces_the_detector_that_the_lidnet_has(self, write, lidnet, detector):
        write("_base_ = ['lidnet.py', 'detector.py']", "bases/both.py")
        config = read_config(write(f"_base_ = ['bases/both.py', 'mmdet::{ATSS}']"))
        assert config.model.detector.to_dict() == scoped(
            Config.fromfile(MMDET / ATSS).model.to_dict()
        )

    def test_config_of_this_package(self, write, repository):
        bases = ["lidnet_mm::_base_/lidnet_sts.py", f"mmdet::{ATSS}"]
        config = read_config(write(f"_base_ = {bases}", "study/own.py"))
        base = Config.fromfile(repository / "configs" / "_base_" / "lidnet_sts.py")
        assert config.train_dataloader == base.train_dataloader
        assert config.model.detector.type == "ATSS"

    def test_config_of_the_installed_package(self, write, tmp_path, monkeypatch):
        """A wheel carries the configs in the package, and no checkout is beside it."""
        installed = tmp_path / "site-packages" / "lidnet_mm"
        write("x = 3", "site-packages/lidnet_mm/.mim/configs/_base_/shipped.py")
        package = SimpleNamespace(__file__=str(installed / "__init__.py"))
        monkeypatch.setattr(config_inheritance, "lidnet_mm", package)
        assert read_config(write("_base_ = 'lidnet_mm::_base_/shipped.py'")).x == 3

    def test_predefined_variables_are_those_of_the_file(self, write, lidnet, detector, tmp_path):
        text = "_base_ = ['bases/lidnet.py', 'bases/detector.py']\n"
        path = write(text + "here = '{{ fileDirname }}'\nname = '{{fileBasenameNoExtension}}'")
        config = read_config(path)
        assert (config.here, config.name) == (str(tmp_path), "config")

    def test_text_and_filename_name_the_users_files(self, write, lidnet, detector, tmp_path):
        path = write("_base_ = ['bases/lidnet.py', 'bases/detector.py']")
        config = read_config(path)
        assert config.filename == str(path)
        named = re.findall(r"^/.*\.py$", config.text, flags=re.MULTILINE)
        assert named
        assert all(Path(name).is_file() for name in named)

    def test_a_log_line_says_what_is_left_out(self, write, lidnet, detector, logged):
        read_config(write("_base_ = ['bases/lidnet.py', 'bases/detector.py']"))
        assert logged == [
            "model.detector is the model of detector.py; left out of that config: "
            "train_dataloader, custom_hooks (EMAHook, PipelineSwitchHook)"
        ]


class TestRefusals:
    def test_two_detectors(self, write, detector):
        path = write(f"_base_ = ['bases/detector.py', 'mmdet::{ATSS}']")
        message = r"config\.py inherits several models: .*detector\.py \(Mine\).*\(ATSS\)"
        with pytest.raises(ValueError, match=message):
            read_config(path)

    def test_two_lidnets(self, write, lidnet):
        write(LIDNET, "bases/other.py")
        with pytest.raises(ValueError, match=r"lidnet\.py \(lidnet_mm\.LIDDetector\).*other\.py"):
            read_config(write("_base_ = ['bases/lidnet.py', 'bases/other.py']"))

    def test_a_detector_beside_data_alone(self, write, repository):
        data = repository / "configs" / "_base_" / "datasets" / "sts_ldct.py"
        path = write(f"_base_ = ['{data}', 'mmdet::{ATSS}']")
        message = r"train_dataloader.*from both .*sts_ldct\.py and .*atss_r50.*lidnet_paper\.py"
        with pytest.raises(ValueError, match=message):
            read_config(path)

    def test_a_schedule_beside_a_lidnet_that_has_one(self, write, lidnet, detector):
        write("judge = 'other.py'", "bases/more.py")
        bases = ["bases/lidnet.py", "bases/more.py", "bases/detector.py"]
        with pytest.raises(ValueError, match=r"inherits judge from both .*lidnet\.py and .*more"):
            read_config(write(f"_base_ = {bases}"))

    @pytest.mark.parametrize(
        ("name", "reason"),
        [
            ("solo/solo_r50_fpn_1x_coco.py", "SOLO, cannot .* neither bbox_head nor roi_head"),
            ("rpn/rpn_r50_fpn_1x_coco.py", "RPN, cannot stand behind a denoiser"),
            (
                "glip/glip_atss_swin-t_a_fpn_dyhead_pretrain_obj365.py",
                r"it needs text \(language_model\)",
            ),
            ("panoptic_fpn/panoptic-fpn_r50_fpn_1x_coco.py", "it predicts segments"),
            ("fast_rcnn/fast-rcnn_r50_fpn_1x_coco.py", "it needs proposals that were stored"),
            ("yolact/yolact_r50_1xb8-55e_coco.py", "YOLACT, .* it learns from masks"),
            ("rtmdet/rtmdet-ins_tiny_8xb32-300e_coco.py", "RTMDet, .* it learns from masks"),
            ("htc/htc_r50_fpn_1x_coco.py", r"masks \(HybridTaskCascadeRoIHead\)"),
        ],
    )
    def test_models_that_do_not_learn_boxes_from_images_with_boxes(
        self, write, lidnet, name, reason
    ):
        with pytest.raises(ValueError, match=rf"{Path(name).stem}.*{reason}"):
            read_config(write(f"_base_ = ['bases/lidnet.py', 'mmdet::{name}']"))

    @pytest.mark.parametrize(
        "bases", ["['bases/lidnet.py']", "['bases/lidnet.py', 'bases/detector.py']"]
    )
    def test_error_in_the_users_code(self, write, lidnet, detector, bases):
        """The file is named, and no copy of it in a temporary folder."""
        path = write(f"_base_ = {bases}\nlr = rate * 2\n")
        with pytest.raises(ValueError, match=rf"^NameError: .*'rate'.*, in config {path}$"):
            read_config(path)

    def test_missing_config_of_this_package(self, write):
        with pytest.raises(FileNotFoundError, match=r"no config _base_/none\.py of lidnet_mm"):
            read_config(write("_base_ = 'lidnet_mm::_base_/none.py'"))


class TestAsMMEngineReads:
    @pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
    def test_shipped_configs(self, path):
        """Those that MMEngine reads by itself."""
        try:
            expected = Config.fromfile(path)
        except KeyError as error:
            assert "Duplicate key" in str(error)
            assert read_config(path).model.detector.type
        else:
            read = read_config(path)
            assert read.to_dict() == expected.to_dict()
            assert (read.text, read.filename) == (expected.text, expected.filename)

    def test_pure_python_style(self, write):
        write("x = dict(type='A')", "base.py")
        text = (
            "from mmengine.config import read_base\n\nwith read_base():\n    from .base import x\n"
        )
        assert read_config(write(text)).x.type == "A"

    def test_yaml(self, write):
        write("x = 1", "base.py")
        path = write("_base_: ./base.py\ny: 2\n", "config.yaml")
        assert read_config(path).to_dict() == {"x": 1, "y": 2}

    def test_environment_variables(self, write, monkeypatch):
        monkeypatch.setenv("LIDNET_TEST_BASE", "other.py")
        write("x = 1", "other.py")
        config = read_config(write("_base_ = '{{$LIDNET_TEST_BASE:base.py}}'"))
        assert (config.x, dict(config.env_variables)) == (1, {"LIDNET_TEST_BASE": "other.py"})
