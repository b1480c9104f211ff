"""Regions of one-stage detectors, against what their head predicts in eval mode."""

import copy

import pytest
import torch

from lidnet_mm.models.regions import DenseHeadRegions

RETINANET = "retinanet/retinanet_r50_fpn_1x_coco.py"
CENTERNET = "centernet/centernet_r18_8xb16-crop512-140e_coco.py"
ONE_STAGE = [
    RETINANET,
    "atss/atss_r50_fpn_1x_coco.py",
    "vfnet/vfnet_r50_fpn_1x_coco.py",
    "fcos/fcos_r50-caffe_fpn_gn-head_1x_coco.py",
    "fcos/fcos_r50-caffe_fpn_gn-head-center-normbbox-centeronreg-giou_1x_coco.py",
    "reppoints/reppoints-moment_r50_fpn-gn_head-gn_1x_coco.py",
    "reppoints/reppoints-bbox_r50_fpn-gn_head-gn-grid_1x_coco.py",
    "centernet/centernet-update_r50-caffe_fpn_ms-1x_coco.py",
    CENTERNET,
    "yolox/yolox_tiny_8xb8-300e_coco.py",
    "rtmdet/rtmdet_tiny_8xb32-300e_coco.py",
    "tood/tood_r50_fpn_1x_coco.py",
    "gfl/gfl_r50_fpn_1x_coco.py",
    "sabl/sabl-retinanet_r50_fpn_1x_coco.py",
    "yolof/yolof_r50-c5_8xb8-1x_coco.py",
    "foveabox/fovea_r50_fpn_4xb4-1x_coco.py",
    "ssd/ssdlite_mobilenetv2-scratch_8xb24-600e_coco.py",
]


def _regions(detector, images, samples, **options):
    source = DenseHeadRegions(**options)
    with source.watch(detector) as kept:
        detector.loss(images, samples)
    return source.regions(detector, kept, samples)


def _predicted(detector, images, samples):
    """The head's own predictions, in eval mode, whatever their score."""
    other = copy.deepcopy(detector).eval()
    other.bbox_head.test_cfg = type(other.bbox_head.test_cfg)(
        {**other.bbox_head.test_cfg, "score_thr": 0.0}
    )
    with torch.no_grad():
        return other.bbox_head.predict(other.extract_feat(images), samples, rescale=False)


@pytest.mark.parametrize("name", ONE_STAGE, ids=lambda name: name.split("/")[1][:-8])
def test_regions_are_what_the_head_predicts_in_eval_mode(
    name, resting_detector, images, samples, clipped
):
    detector = resting_detector(name)
    calls = []
    detector.bbox_head.register_forward_pre_hook(lambda *_: calls.append(1))
    expected = clipped(_predicted(detector, images, samples))
    calls.clear()
    regions = _regions(detector, images.requires_grad_(), samples)
    assert len(calls) == 1
    for ours, theirs in zip(regions, expected, strict=True):
        assert len(ours) == len(theirs) > 0
        assert not ours.requires_grad
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("name", [RETINANET, CENTERNET, "atss/atss_r50_fpn_1x_coco.py"])
def test_boxes_below_the_threshold_are_no_regions(name, resting_detector, images, samples, clipped):
    detector = resting_detector(name)
    predicted = _predicted(detector, images, samples)
    scores = torch.cat([one.scores for one in predicted]).unique()
    threshold = scores[len(scores) // 2 :][:2].mean().item()  # between two of them
    expected = clipped([one[one.scores >= threshold] for one in predicted])
    regions = _regions(detector, images, samples, score_thr=threshold)
    assert sum(map(len, regions)) < sum(map(len, _regions(detector, images, samples)))
    for ours, theirs in zip(regions, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-3)
    assert [len(one) for one in _regions(detector, images, samples, score_thr=1.1)] == [0, 0]


def test_losses_settings_and_methods_stay(resting_detector, images, samples):
    detector = resting_detector(RETINANET)
    head = detector.bbox_head
    settings, threshold = head.test_cfg, head.test_cfg.score_thr
    plain = detector.loss(images, samples)
    source = DenseHeadRegions()
    with source.watch(detector) as kept:
        watched = detector.loss(images, samples)
    source.regions(detector, kept, samples)
    for name, value in plain.items():
        torch.testing.assert_close(watched[name], value)
    assert head.test_cfg is settings
    assert head.test_cfg.score_thr == threshold > 0
    assert not head._forward_hooks
    assert not {"loss", "forward", "predict_by_feat"} & set(vars(head))


def test_settings_and_methods_stay_after_an_error(resting_detector, images, samples):
    detector = resting_detector(RETINANET)
    head = detector.bbox_head
    settings = head.test_cfg
    source = DenseHeadRegions()
    with pytest.raises(TypeError), source.watch(detector):
        detector.loss(images, None)
    assert not head._forward_hooks
    with pytest.raises(TypeError):
        source.proposals(detector, (None,), samples)
    assert head.test_cfg is settings
    assert "test_cfg" in vars(head)
