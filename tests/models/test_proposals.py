"""Features and regions of the detector's own pass, against the RPN's predictions."""

import pytest
import torch
from mmengine.structures import InstanceData

from lidnet_mm.models.proposals import DetectorTap
from lidnet_mm.registry import MODELS

TWO_STAGE = [
    "faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py",
    "cascade_rcnn/cascade-rcnn_r50_fpn_1x_coco.py",
    "libra_rcnn/libra-faster-rcnn_r50_fpn_1x_coco.py",
    "guided_anchoring/ga-faster-rcnn_r50_fpn_1x_coco.py",
    "cascade_rpn/cascade-rpn_faster-rcnn_r50-caffe_fpn_1x_coco.py",
]


@pytest.fixture
def detector(small_config):
    torch.manual_seed(0)
    return MODELS.build({**small_config, "_scope_": "mmdet"}).eval()


@pytest.fixture
def images():
    return torch.randn(2, 3, 96, 96, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", TWO_STAGE)
def test_regions_are_the_best_that_the_rpn_predicts(name, mmdet_config, sample, images):
    torch.manual_seed(0)
    # Guided anchors take batches in training mode only; norm_eval keeps the backbone in eval.
    detector = MODELS.build({**mmdet_config(name), "_scope_": "mmdet"}).train()
    samples = [sample(), sample()]
    tap = DetectorTap(detector)
    with tap.record(detector) as record:
        losses = detector.loss(images, samples)
    with torch.no_grad():
        expected = detector.rpn_head.predict(detector.extract_feat(images), samples)
    assert any("loss" in key for key in losses)
    (regions,) = record.regions
    for ours, theirs in zip(regions, expected, strict=True):
        assert len(ours) >= 5
        assert not ours.requires_grad
        best = theirs.scores.sort(descending=True, stable=True).indices[:5]
        torch.testing.assert_close(ours[:5], theirs.bboxes[best], rtol=0, atol=1e-4)


@pytest.mark.parametrize("source", ["backbone", "neck"])
def test_features_are_those_of_the_detector_s_own_pass(source, detector, sample, images):
    images.requires_grad_()
    tap = DetectorTap(detector, source)
    with tap.record(detector) as record:
        detector.loss(images, [sample(), sample()])
    maps = detector.backbone(images)
    expected = maps if source == "backbone" else detector.neck(maps)
    assert len(record.features) == 1
    for ours, theirs in zip(record.features[0], expected, strict=True):
        torch.testing.assert_close(ours, theirs)
        assert ours.requires_grad
    reference = tap.reference_features(detector, images)
    for ours, theirs in zip(reference, expected, strict=True):
        torch.testing.assert_close(ours, theirs.detach())
        assert not ours.requires_grad


def test_recording_changes_neither_losses_nor_detector(detector, sample, images):
    samples = [sample(), sample()]
    torch.manual_seed(0)
    plain = detector.loss(images, samples)
    torch.manual_seed(0)
    with DetectorTap(detector).record(detector):
        recorded = detector.loss(images, samples)
    assert plain.keys() == recorded.keys()
    for name, value in plain.items():
        torch.testing.assert_close(recorded[name], value, rtol=0, atol=0)
    assert not detector.backbone._forward_hooks
    assert "loss_and_predict" not in vars(detector.rpn_head)


def test_recording_ends_when_the_detector_fails(detector, images):
    with pytest.raises(TypeError), DetectorTap(detector).record(detector):
        detector.loss(images, None)
    assert not detector.backbone._forward_hooks
    assert "loss_and_predict" not in vars(detector.rpn_head)


@pytest.mark.parametrize("scored", [True, False])
def test_order_is_by_score_or_as_proposed(scored, detector):
    proposals = InstanceData(bboxes=torch.arange(12.0).reshape(3, 4))
    if scored:
        proposals.scores = torch.tensor([0.2, 0.9, 0.2])
    detector.rpn_head.loss_and_predict = lambda: ({}, [proposals])
    with DetectorTap(detector).record(detector) as record:
        detector.rpn_head.loss_and_predict()
    proposals.bboxes.zero_()  # what the second stage does with them
    first = record.regions[0][0][:, 0].tolist()
    assert first == ([4, 0, 8] if scored else [0, 4, 8])


def test_levels_are_selected(detector):
    maps = tuple(torch.zeros(1, 1, n, n) for n in (8, 4, 2))
    assert DetectorTap(detector).select(maps) == maps
    assert DetectorTap(detector, levels=[2, 0]).select(maps) == (maps[2], maps[0])
    with pytest.raises(ValueError, match=r"feature_levels \[0, 3\]: the backbone returns 3 maps"):
        DetectorTap(detector, levels=[0, 3]).select(maps)


@pytest.mark.parametrize("source", ["head", "neckk", "rpn_head"])
def test_unknown_sources_are_refused(source, detector):
    with pytest.raises(ValueError, match=f"feature source '{source}': FasterRCNN has no such part"):
        DetectorTap(detector, source)


def test_a_missing_neck_is_refused(detector):
    del detector.neck
    with pytest.raises(ValueError, match="feature source 'neck': FasterRCNN has no such part"):
        DetectorTap(detector, "neck")


def test_a_detector_without_rpn_is_refused_with_a_way_out(mmdet_config, build_lid):
    config = mmdet_config("retinanet/retinanet_r50_fpn_1x_coco.py")
    with pytest.raises(ValueError, match="RetinaNet has no region proposal network") as error:
        build_lid(config)
    assert "loss_weight=0" in str(error.value)
    model = build_lid(
        config, roi_perceptual_loss={"type": "lidnet_mm.ROIPerceptualLoss", "loss_weight": 0}
    )
    assert model.tap is None
