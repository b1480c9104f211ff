"""The data set's classes in every head, and nowhere else."""

import mmdet
import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope

from lidnet_mm.apis.detector_classes import count_classes, set_detector_classes
from lidnet_mm.apis.load_config import load_config
from lidnet_mm.registry import MODELS

THREE = "metainfo=dict(classes=('solid', 'subsolid', 'calcified'))"
STS = "lidnet_mm::_base_/lidnet_sts.py"


def values(node, key="num_classes"):
    """Path and value of every entry of a name in a nested config."""
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for name, value in items:
        if name == key:
            yield "", value
        if isinstance(value, dict | list | tuple):
            yield from ((f"{name}.{path}".rstrip("."), found) for path, found in values(value))


def loader(**dataset):
    return {"dataset": {"type": "lidnet_mm.CTLesionDataset", **dataset}}


@pytest.fixture
def load(write):
    """Reads a config of an mmdet detector under the STS base, with more lines."""

    def load(name, lines=""):
        return load_config(write(f"_base_ = ['{STS}', 'mmdet::{name}']\n{lines}"))

    return load


@pytest.mark.parametrize(
    ("name", "places"),
    [
        ("atss/atss_r50_fpn_1x_coco.py", {"bbox_head"}),
        (
            "cascade_rcnn/cascade-rcnn_r50_fpn_1x_coco.py",
            {f"roi_head.bbox_head.{i}" for i in "012"},
        ),
        ("mask_rcnn/mask-rcnn_r50_fpn_1x_coco.py", {"roi_head.bbox_head", "roi_head.mask_head"}),
        ("lad/lad_r101-paa-r50_fpn_2xb8_coco_1x.py", {"bbox_head", "teacher_bbox_head"}),
        ("dino/dino-4scale_r50_8xb2-12e_coco.py", {"bbox_head"}),
        (  # 1203 classes, in the loss, too
            "seesaw_loss/mask-rcnn_r50_fpn_seesaw-loss_random-ms-2x_lvis-v1.py",
            {"roi_head.bbox_head", "roi_head.bbox_head.loss_cls", "roi_head.mask_head"},
        ),
        ("openimages/faster-rcnn_r50_fpn_32xb2-1x_openimages-challenge.py", {"roi_head.bbox_head"}),
    ],
)
def test_everywhere_in_the_detector(load, name, places):
    config = load(name, f"train_dataloader = dict(dataset=dict({THREE}))")
    assert dict(values(config.model.detector)) == dict.fromkeys(places, 3)


def test_the_rpns_single_class_stays(load):
    """A FCOS head that proposes has a class of its own: foreground."""
    name = "faster_rcnn/faster-rcnn_r50_fpn_fcos-rpn_1x_coco.py"
    config = load(name, f"train_dataloader = dict(dataset=dict({THREE}))")
    found = dict(values(config.model.detector))
    assert found == {"rpn_head": 1, "roi_head.bbox_head": 3}
    one_class = Config({"model": config.model, "train_dataloader": loader()})
    one_class.model.detector.roi_head.bbox_head.num_classes = 1
    one_class.train_dataloader.dataset.metainfo = {"classes": ("a", "b")}
    set_detector_classes(one_class, "model.detector")
    assert dict(values(one_class.model.detector)) == {"rpn_head": 1, "roi_head.bbox_head": 2}


def test_other_numbers_of_classes_stay():
    """DetectoRS' semantic head knows 183 kinds of stuff, which are not the data set's classes."""
    name = f"{mmdet.__path__[0]}/.mim/configs/detectors/detectors_htc-r50_1x_coco.py"
    model = Config.fromfile(name).model
    config = Config({"model": {"detector": model}, "train_dataloader": loader()})
    set_detector_classes(config, "model.detector")
    found = dict(values(config.model.detector))
    assert found.pop("roi_head.semantic_head") == 183
    assert set(found.values()) == {1}


def test_our_own_detector_on_three_classes(write, repository):
    own = repository / "configs" / "lidnet" / "lidnet_cpce_faster-rcnn_r18_sts.py"
    text = f"_base_ = '{own}'\ntrain_dataloader = dict(dataset=dict({THREE}))"
    head = load_config(write(text)).model.detector.roi_head.bbox_head
    init_default_scope("mmdet")
    assert MODELS.build(head).fc_cls.out_features == 3 + 1


def test_a_judge_on_three_classes(write, repository):
    own = repository / "configs" / "judges" / "judge_faster-rcnn_r50.py"
    text = f"_base_ = '{own}'\ntrain_dataloader = dict(dataset=dict({THREE}))"
    assert dict(values(load_config(write(text)).model)) == {"roi_head.bbox_head": 3}


def test_options_set_the_classes_too(write):
    path = write(f"_base_ = ['{STS}', 'mmdet::atss/atss_r50_fpn_1x_coco.py']")
    config = load_config(path, {"train_dataloader.dataset.metainfo.classes": ["a", "b"]})
    assert config.model.detector.bbox_head.num_classes == 2


def test_a_log_line_names_the_places(load, logged):
    load("cascade_rcnn/cascade-rcnn_r50_fpn_1x_coco.py")
    head = "model.detector.roi_head.bbox_head"
    expected = f"num_classes 80 -> 1, the data set's, in {head}.0, {head}.1, {head}.2"
    assert expected in logged


def test_mmdets_own_configs_keep_their_classes():
    path = f"{mmdet.__path__[0]}/.mim/configs/faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py"
    assert dict(values(load_config(path).model)) == {"roi_head.bbox_head": 80}


class TestCountClasses:
    def test_of_the_data_set_itself(self):
        assert count_classes(loader()) == 1
        assert count_classes({"dataset": {"type": "mmdet.CocoDataset"}}) == 80
        assert count_classes({"dataset": {"type": "mmdet.LVISV1Dataset"}}) == 1203

    def test_given(self):
        assert count_classes(loader(metainfo={"classes": ["a", "b"]})) == 2

    def test_wrapped(self):
        inside = loader(metainfo={"classes": ["a", "b"]})["dataset"]
        repeated = {"type": "RepeatDataset", "dataset": inside}
        assert count_classes({"dataset": repeated}) == 2
        assert count_classes({"dataset": {"type": "ConcatDataset", "datasets": [repeated]}}) == 2

    @pytest.mark.parametrize("dataloader", [None, {}, {"dataset": {"type": "no_such"}}])
    def test_unknown(self, dataloader):
        assert count_classes(dataloader) is None
