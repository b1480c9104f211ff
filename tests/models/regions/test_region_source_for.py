"""Which source a detector gets, and which are refused."""

import pytest
from mmengine.config import ConfigDict
from shrunk_detectors import shrunk_mmdet_config

from lidnet_mm.models.detector_building import build_detector
from lidnet_mm.models.regions import (
    AnnotatedRegions,
    DenseHeadRegions,
    QueryRegions,
    RefinedRegions,
    RPNRegions,
    region_source_for,
)

FASTER = "faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py"
CHOICES = {
    FASTER: RPNRegions,
    "guided_anchoring/ga-faster-rcnn_r50_fpn_1x_coco.py": RPNRegions,
    "sparse_rcnn/sparse-rcnn_r50_fpn_1x_coco.py": RefinedRegions,
    "retinanet/retinanet_r50_fpn_1x_coco.py": DenseHeadRegions,
    "centernet/centernet_r18_8xb16-crop512-140e_coco.py": DenseHeadRegions,
    "detr/detr_r50_8xb2-150e_coco.py": QueryRegions,
    "dino/dino-4scale_r50_8xb2-12e_coco.py": QueryRegions,
}
WITHOUT_BOXES = [
    "ddq/ddq-detr-4scale_r50_8xb2-12e_coco.py",  # its queries change their number on the way
    "mask2former/mask2former_r50_8xb2-lsj-50e_coco.py",
    "solo/solo_r50_fpn_1x_coco.py",
]


def _detector(name):
    return build_detector({**shrunk_mmdet_config(name), "_scope_": "mmdet"})


@pytest.mark.parametrize("name", CHOICES, ids=lambda name: name.split("/")[0])
def test_each_family_has_its_source(name):
    assert type(region_source_for(_detector(name))) is CHOICES[name]


@pytest.mark.parametrize("name", WITHOUT_BOXES, ids=lambda name: name.split("/")[0])
def test_detectors_whose_regions_cannot_be_read_are_refused_with_two_ways_out(name):
    detector = _detector(name)
    with pytest.raises(ValueError, match=f"{type(detector).__name__} has neither") as error:
        region_source_for(detector)
    assert "region_source=dict(type='lidnet_mm.AnnotatedRegions')" in str(error.value)
    assert "loss_weight=0" in str(error.value)
    annotated = {"type": "lidnet_mm.AnnotatedRegions"}
    assert isinstance(region_source_for(detector, annotated), AnnotatedRegions)


def test_a_config_overrides_the_choice():
    detector = _detector("retinanet/retinanet_r50_fpn_1x_coco.py")
    config = {"type": "lidnet_mm.DenseHeadRegions", "score_thr": 0.3}
    source = region_source_for(detector, config)
    assert isinstance(source, DenseHeadRegions)
    assert source.score_thr == 0.3
    assert config == {"type": "lidnet_mm.DenseHeadRegions", "score_thr": 0.3}
    annotated = region_source_for(detector, ConfigDict(type="lidnet_mm.AnnotatedRegions"))
    assert isinstance(annotated, AnnotatedRegions)


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        (FASTER, ["DenseHeadRegions", "QueryRegions", "RefinedRegions"]),
        ("detr/detr_r50_8xb2-150e_coco.py", ["RPNRegions", "DenseHeadRegions"]),
        ("retinanet/retinanet_r50_fpn_1x_coco.py", ["RPNRegions", "QueryRegions"]),
    ],
    ids=["faster", "detr", "retinanet"],
)
def test_a_source_that_does_not_fit_is_refused(name, kinds):
    detector = _detector(name)
    for kind in kinds:
        message = f"region_source lidnet_mm.{kind} does not fit {type(detector).__name__}"
        with pytest.raises(ValueError, match=message):
            region_source_for(detector, {"type": f"lidnet_mm.{kind}"})


def test_lidnet_passes_its_region_source_on(mmdet_config, build_lid):
    config = mmdet_config("retinanet/retinanet_r50_fpn_1x_coco.py")
    assert isinstance(build_lid(config).region_source, DenseHeadRegions)
    annotated = build_lid(config, region_source={"type": "lidnet_mm.AnnotatedRegions"})
    assert isinstance(annotated.region_source, AnnotatedRegions)
    with pytest.raises(ValueError, match=r"lidnet_mm.RPNRegions does not fit RetinaNet"):
        build_lid(config, region_source={"type": "lidnet_mm.RPNRegions"})


def test_without_the_perceptual_term_no_source_is_needed(mmdet_config, build_lid):
    off = {"type": "lidnet_mm.ROIPerceptualLoss", "loss_weight": 0}
    config = mmdet_config("ddq/ddq-detr-4scale_r50_8xb2-12e_coco.py")
    model = build_lid(config, roi_perceptual_loss=off)
    assert model.region_source is None
    assert model.features is None
