"""Regions of Sparse R-CNN, against its own predictions."""

import copy

import pytest
import torch

from lidnet_mm.models.regions import RefinedRegions

SPARSE = "sparse_rcnn/sparse-rcnn_r50_fpn_1x_coco.py"


def _with_softmax(config):
    """Classes with a background, as the head also knows them."""
    for head in config.roi_head.bbox_head:
        head.loss_cls = {"type": "CrossEntropyLoss", "use_sigmoid": False}


@pytest.mark.parametrize("change", [None, _with_softmax], ids=["sigmoid", "softmax"])
def test_regions_are_the_detector_s_own_predictions(
    change, resting_detector, images, samples, clipped
):
    detector = resting_detector(SPARSE, change)
    _scatter_proposals(detector)
    with torch.no_grad():
        predicted = (
            copy.deepcopy(detector).eval().predict(images, copy.deepcopy(samples), rescale=False)
        )
    source, calls = RefinedRegions(), []
    for stage in detector.roi_head.bbox_head:
        stage.register_forward_pre_hook(lambda *_: calls.append(1))
    with source.watch(detector) as kept:
        detector.loss(images.requires_grad_(), samples)
    assert len(calls) == len(kept) == detector.roi_head.num_stages == 6
    regions = source.regions(detector, kept, samples)
    expected = clipped([one.pred_instances for one in predicted])
    for ours, theirs in zip(regions, expected, strict=True):
        assert len(ours) == len(theirs) > 0
        assert not ours.requires_grad
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-3)


def _scatter_proposals(detector):
    """Learned proposals start as the whole image, all the same; a trained detector's are not."""
    generator = torch.Generator().manual_seed(0)
    boxes = detector.rpn_head.init_proposal_bboxes.weight
    with torch.no_grad():
        boxes.copy_(torch.rand(boxes.shape, generator=generator) * 0.4 + 0.2)


def test_losses_and_methods_stay_also_after_an_error(resting_detector, images, samples):
    detector = resting_detector(SPARSE)
    plain = detector.loss(images, samples)
    with RefinedRegions().watch(detector):
        watched = detector.loss(images, samples)
    assert watched.keys() == plain.keys()
    for key, value in plain.items():
        torch.testing.assert_close(watched[key], value)
    with pytest.raises(TypeError), RefinedRegions().watch(detector):
        detector.loss(images, None)
    assert "bbox_loss" not in vars(detector.roi_head)
