"""Regions of two-stage detectors, against what their RPN predicts when asked."""

import pytest
import torch
from mmengine.structures import InstanceData

from lidnet_mm.models.regions import RPNRegions

TWO_STAGE = [
    "faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py",
    "cascade_rcnn/cascade-rcnn_r50_fpn_1x_coco.py",
    "libra_rcnn/libra-faster-rcnn_r50_fpn_1x_coco.py",
    "guided_anchoring/ga-faster-rcnn_r50_fpn_1x_coco.py",
    "cascade_rpn/cascade-rpn_faster-rcnn_r50-caffe_fpn_1x_coco.py",
]


@pytest.mark.parametrize("name", TWO_STAGE)
def test_regions_are_the_best_that_the_rpn_predicts(
    name, resting_detector, images, samples, clipped
):
    detector = resting_detector(name)
    source = RPNRegions()
    calls = []
    detector.rpn_head.register_forward_pre_hook(lambda *_: calls.append(1))
    with source.watch(detector) as kept:
        losses = detector.loss(images.requires_grad_(), samples)
    assert len(kept) == 1
    assert any("loss" in key for key in losses)
    regions = source.regions(detector, kept, samples)
    if "cascade-rpn" not in name:  # whose stages run one by one
        assert len(calls) == 1
    with torch.no_grad():
        expected = clipped(detector.rpn_head.predict(detector.extract_feat(images), samples))
    for ours, theirs in zip(regions, expected, strict=True):
        assert len(ours) >= 5
        assert not ours.requires_grad
        torch.testing.assert_close(ours[:5], theirs[:5], rtol=0, atol=1e-4)


def test_watching_changes_neither_losses_nor_detector(resting_detector, images, samples):
    detector = resting_detector(TWO_STAGE[0])
    torch.manual_seed(0)
    plain = detector.loss(images, samples)
    torch.manual_seed(0)
    with RPNRegions().watch(detector):
        watched = detector.loss(images, samples)
    for name, value in plain.items():
        torch.testing.assert_close(watched[name], value)
    assert "loss_and_predict" not in vars(detector.rpn_head)


def test_watching_ends_when_the_detector_fails(resting_detector, images):
    detector = resting_detector(TWO_STAGE[0])
    with pytest.raises(TypeError), RPNRegions().watch(detector):
        detector.loss(images, None)
    assert "loss_and_predict" not in vars(detector.rpn_head)


def test_proposals_are_kept_as_they_were(resting_detector, samples):
    """The second stage renames the fields of what it is given, or writes into it."""
    detector = resting_detector(TWO_STAGE[0])
    boxes = torch.tensor([[1.0, 2, 30, 40], [5, 6, 7, 8]])
    given = [InstanceData(bboxes=boxes.clone(), scores=torch.tensor([0.2, 0.9])) for _ in samples]
    detector.rpn_head.loss_and_predict = lambda: ({}, given)
    with RPNRegions().watch(detector) as kept:
        detector.rpn_head.loss_and_predict()
    for one in given:
        one.bboxes.zero_()
        one.pop("scores")
    for regions in RPNRegions().regions(detector, kept, samples):
        assert regions.tolist() == boxes.flip(0).tolist()
