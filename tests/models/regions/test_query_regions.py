"""Regions of query-based detectors, against their own predictions."""

import copy

import pytest
import torch

from lidnet_mm.models.regions import QueryRegions

DINO = "dino/dino-4scale_r50_8xb2-12e_coco.py"
QUERY_BASED = [
    "detr/detr_r50_8xb2-150e_coco.py",
    "deformable_detr/deformable-detr_r50_16xb2-50e_coco.py",
    "deformable_detr/deformable-detr-refine-twostage_r50_16xb2-50e_coco.py",
    "conditional_detr/conditional-detr_r50_8xb2-50e_coco.py",
    "dab_detr/dab-detr_r50_8xb2-50e_coco.py",
    DINO,
]


def _regions(detector, images, samples):
    source = QueryRegions()
    with source.watch(detector) as kept:
        detector.loss(images, samples)
    return kept, source.regions(detector, kept, samples)


@pytest.mark.parametrize("name", QUERY_BASED, ids=lambda name: name.split("/")[1].split("_")[0])
def test_regions_are_the_detector_s_own_predictions(
    name, resting_detector, images, samples, clipped
):
    detector = resting_detector(name)
    calls = []
    with torch.no_grad():
        predicted = (
            copy.deepcopy(detector).eval().predict(images, copy.deepcopy(samples), rescale=False)
        )
    detector.bbox_head.register_forward_pre_hook(lambda *_: calls.append(1))
    _, regions = _regions(detector, images.requires_grad_(), samples)
    assert len(calls) == 1
    expected = clipped([one.pred_instances for one in predicted])
    for ours, theirs in zip(regions, expected, strict=True):
        assert len(ours) == len(theirs) > 0
        assert not ours.requires_grad
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-3)


def test_denoising_queries_are_in_the_pass_but_no_regions(resting_detector, images, samples):
    detector = resting_detector(DINO)
    seen = []
    handle = detector.bbox_head.register_forward_hook(lambda *args: seen.append(args[-1]))
    kept, _ = _regions(detector, images, samples)
    handle.remove()
    (scores, boxes), (all_scores, all_boxes) = kept[0], seen[0]
    assert all_scores.shape[2] > detector.num_queries == scores.shape[2] == boxes.shape[2]
    assert torch.equal(scores[0], all_scores[-1, :, -detector.num_queries :])
    assert torch.equal(boxes[0], all_boxes[-1, :, -detector.num_queries :])
    assert not scores.requires_grad


@pytest.mark.parametrize("name", [QUERY_BASED[0], DINO])
def test_losses_and_methods_stay(name, resting_detector, images, samples):
    detector = resting_detector(name)
    torch.manual_seed(0)
    plain = detector.loss(images, samples)
    torch.manual_seed(0)
    with QueryRegions().watch(detector):
        watched = detector.loss(images, samples)
    assert watched.keys() == plain.keys()
    for key, value in plain.items():
        torch.testing.assert_close(watched[key], value)
    assert "loss" not in vars(detector.bbox_head)
    assert not detector.bbox_head._forward_hooks


def test_methods_stay_after_an_error(resting_detector, images):
    detector = resting_detector(QUERY_BASED[0])
    with pytest.raises(AssertionError), QueryRegions().watch(detector):
        detector.loss(images, None)
    assert "loss" not in vars(detector.bbox_head)
    assert not detector.bbox_head._forward_hooks
