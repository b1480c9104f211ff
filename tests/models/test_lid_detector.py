"""Eq. 8 in one pass, against plain PyTorch that calls the detector's parts one by one."""

import pytest
import torch
from mmdet.models.utils import unpack_gt_instances
from mmengine.runner import set_random_seed

from lidnet_mm.models.phase import Phase

MMDET = {
    "faster": "faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py",
    "cascade": "cascade_rcnn/cascade-rcnn_r50_fpn_1x_coco.py",
    "double-head": "double_heads/dh-faster-rcnn_r50_fpn_1x_coco.py",
    "libra": "libra_rcnn/libra-faster-rcnn_r50_fpn_1x_coco.py",
}
ROI = "lidnet_mm.ROIPerceptualLoss"
IMAGENET = {"mean": (123.675, 116.28, 103.53), "std": (58.395, 57.12, 57.375)}
CENTRED = {"mean": (127.5,) * 3, "std": (127.5,) * 3}


def _plain_bridge(x, window, mean, std):
    """[0, 1] of (-1000, 1000) HU to a detector's three channels, a channel at a time."""
    low, high = window
    hu = -1000 + 2000 * torch.clip(x, 0, 1)
    grey = 255 * torch.clip((hu - low) / (high - low), 0, 1)
    return torch.cat([(grey - m) / s for m, s in zip(mean, std, strict=True)], dim=1)


def _area_weighted_mean(values, box, stride):
    """Mean of a map (H, W) over a box in pixels, each cell by the area that the box covers."""
    x1, y1, x2, y2 = (box / stride).tolist()
    total = covered = 0.0
    for i in range(values.shape[0]):
        tall = min(y2, i + 1) - max(y1, i)
        for j in range(values.shape[1]):
            wide = min(x2, j + 1) - max(x1, j)
            if tall > 0 and wide > 0:
                total = total + tall * wide * values[i, j]
                covered += tall * wide
    return total / covered


def _plain_roi_loss(features, reference, regions, count):
    """Eq. 2-4 with loops over levels, images and regions; 96 x 96 pixels."""
    levels = []
    for ours, theirs in zip(features, reference, strict=True):
        squared = ((ours - theirs) ** 2).mean(dim=1)
        images = [
            torch.stack(
                [
                    _area_weighted_mean(squared[n], box, 96 / squared.shape[1])
                    for box in boxes[:count]
                ]
            ).mean()
            for n, boxes in enumerate(regions)
        ]
        levels.append(torch.stack(images).mean())
    return torch.stack(levels).mean()


def _sum(losses):
    """Sum of a dict of losses, some of which are lists of one a level."""
    values = [v for name, v in losses.items() if "loss" in name]
    return sum(sum(v) if isinstance(v, (list, tuple)) else v for v in values)


def _plain_loss(model, data, window, mean, std, count=5, lambda_1=5.0, lambda_2=5.0):
    """Eq. 8: L1 + lambda_1 ROI perceptual + lambda_2 L_det."""
    detector, samples, y = model.detector, data["data_samples"], data["ndct"]
    denoised = model.denoiser.generator(data["inputs"])
    total = (denoised - y).abs().mean()
    maps = detector.backbone(_plain_bridge(denoised, window, mean, std))
    pyramid = detector.neck(maps)
    objects, ignored, metas = unpack_gt_instances([s.clone() for s in samples])
    for one in objects:
        one.labels = torch.zeros_like(one.labels)
    outputs = detector.rpn_head(pyramid)
    detection = _sum(detector.rpn_head.loss_by_feat(*outputs, objects, metas, ignored))
    proposals = detector.rpn_head.predict_by_feat(
        *outputs, batch_img_metas=metas, cfg=detector.train_cfg.rpn_proposal
    )
    with torch.no_grad():
        predicted = detector.rpn_head.predict(pyramid, samples)
        reference = detector.backbone(_plain_bridge(y, window, mean, std))
    detection = detection + _sum(detector.roi_head.loss(pyramid, proposals, samples))
    regions = [p.bboxes for p in predicted]
    perceptual = _plain_roi_loss(maps, reference, regions, count)
    return total + lambda_1 * perceptual + lambda_2 * detection


def _gradients(model, loss):
    model.zero_grad(set_to_none=True)
    loss.backward()
    return {n: p.grad.clone() for n, p in model.denoiser.named_parameters()}


def _brighten(model, inputs, mean=0.52):
    """Scale CPCE so that its output lies in the detector's window, where gradients pass."""
    with torch.no_grad():
        model.denoiser.generator.decoder[-1].weight.mul_(mean / model.denoiser(inputs).mean())
        hu = 2000 * model.denoiser(inputs) - 1000
    assert ((hu > -160) & (hu < 240)).float().mean() > 0.3


def _compare_with_plain(model, batch, rounding=1e-5, tolerance=1e-3, **plain):
    """Value and gradient of a denoiser step against the plain form.

    Rounding can move an activation over a kink of the network; so the gradient's tolerance.
    """
    model.set_phase(Phase.DENOISER)
    data = model.data_preprocessor(batch)
    _brighten(model, data["inputs"])
    set_random_seed(11)  # some of mmdet's samplers draw from NumPy
    ours = _sum(model(**data, mode="loss"))
    set_random_seed(11)
    theirs = _plain_loss(model, data, **plain)
    torch.testing.assert_close(ours, theirs, rtol=rounding, atol=0)
    expected = _gradients(model, theirs)
    for name, gradient in _gradients(model, ours).items():
        scale = expected[name].norm()
        assert scale > 0, name
        assert (gradient - expected[name]).norm() < tolerance * scale, name


@pytest.mark.parametrize("kind", MMDET)
def test_denoiser_loss_equals_plain_pytorch_for_two_stage_detectors(
    kind, mmdet_config, build_lid, batch
):
    model = build_lid(mmdet_config(MMDET[kind]), detector_windows=[(-160, 240)])
    # Libra draws negatives by bins of their overlap; between equal runs of the same model some
    # change bins, and its loss jumps.
    options = {"rounding": 3e-3, "tolerance": 3e-2} if kind == "libra" else {}
    _compare_with_plain(model, batch, **options, window=(-160, 240), **IMAGENET)


def test_denoiser_loss_equals_plain_pytorch_for_the_repository_s_detector(
    small_config, build_lid, batch
):
    roi = {"type": ROI, "num_rois": 3, "loss_weight": 0.7}
    model = build_lid(small_config, roi_perceptual_loss=roi, detection_loss_weight=0.2)
    plain = {"count": 3, "lambda_1": 0.7, "lambda_2": 0.2}
    _compare_with_plain(model, batch, window=(-160, 240), **CENTRED, **plain)


def _count_calls(module, calls, name):
    module.register_forward_pre_hook(
        lambda _module, args: calls.append(
            (name, args[0].detach() if torch.is_tensor(args[0]) else None, torch.is_grad_enabled())
        )
    )


def test_backbone_runs_once_on_the_denoised_and_once_without_gradient_on_the_reference(
    small_config, build_lid, batch
):
    model = build_lid(small_config)
    model.set_phase(Phase.DENOISER)
    data = model.data_preprocessor(batch)
    denoised = model.denoiser.generator(data["inputs"])
    calls = []
    for name in ("backbone", "neck", "rpn_head"):
        _count_calls(getattr(model.detector, name), calls, name)
    _count_calls(model.denoiser.generator, calls, "generator")
    model(**data, mode="loss")
    assert sorted((name, grad) for name, _, grad in calls) == [
        ("backbone", False),
        ("backbone", True),
        ("generator", True),
        ("neck", True),
        ("rpn_head", True),
    ]
    seen = {grad: image for name, image, grad in calls if name == "backbone"}
    for grad, image in ((True, denoised), (False, data["ndct"])):
        expected = _plain_bridge(image, (-160, 240), **CENTRED)
        torch.testing.assert_close(seen[grad], expected, rtol=0, atol=1e-4)


def test_feature_source_and_levels(small_config, build_lid, batch):
    """The loss on chosen maps of the neck, against those of the neck computed apart."""
    roi = {"type": ROI, "loss_weight": 1.0}
    options = {"feature_source": "neck", "feature_levels": [1, 2]}
    model = build_lid(small_config, roi_perceptual_loss=roi, **options)
    model.set_phase(Phase.DENOISER)
    data = model.data_preprocessor(batch)
    loss = model(**data, mode="loss")["loss_roi_perceptual"]
    with torch.no_grad():
        denoised = model.denoiser(data["inputs"])
        ours, theirs = (
            model.detector.extract_feat(_plain_bridge(image, (-160, 240), **CENTRED))
            for image in (denoised, data["ndct"])
        )
        regions = [p.bboxes for p in model.detector.rpn_head.predict(ours, data["data_samples"])]
        expected = _plain_roi_loss(ours[1:3], theirs[1:3], regions, 5)
    torch.testing.assert_close(loss.detach(), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("lambda_1", "lambda_2", "detector_runs"), [(0, 5, 1), (5, 0, 2), (0, 0, 0), (5, 5, 2)]
)
def test_terms_of_weight_zero_are_left_out(
    lambda_1, lambda_2, detector_runs, small_config, build_lid, batch
):
    roi = {"type": ROI, "loss_weight": lambda_1}
    model = build_lid(small_config, roi_perceptual_loss=roi, detection_loss_weight=lambda_2)
    model.set_phase(Phase.DENOISER)
    calls = []
    _count_calls(model.detector.backbone, calls, "backbone")
    losses = model(**model.data_preprocessor(batch), mode="loss")
    assert len(calls) == detector_runs
    assert ("loss_roi_perceptual" in losses) == (lambda_1 > 0)
    assert any(name.startswith("detector.") for name in losses) == (lambda_2 > 0)
    assert "loss_reconstruction" in losses
    _sum(losses).backward()


@pytest.mark.parametrize(
    "boxes", [[], [[40, 40, 42, 42]], [[0, 0, 96, 96]]], ids=["none", "2 x 2 px", "whole slice"]
)
def test_slices_without_or_with_extreme_lesions_train(
    boxes, small_config, build_lid, batch, sample
):
    model = build_lid(small_config)
    batch["data_samples"] = [sample(boxes=boxes), sample(boxes=boxes)]
    for phase in (phase for phase in Phase if phase.part in model.parts):
        model.set_phase(phase)
        model.zero_grad(set_to_none=True)
        loss = _sum(model(**model.data_preprocessor(batch), mode="loss"))
        assert torch.isfinite(loss)
        loss.backward()
        gradients = [p.grad for p in getattr(model, phase.part).parameters() if p.grad is not None]
        assert gradients
        assert all(torch.isfinite(g).all() for g in gradients)


@pytest.mark.parametrize(("proposed", "wanted"), [(2, 5), (300, 1000), (1, 1)])
def test_fewer_proposals_than_k(proposed, wanted, small_config, build_lid, batch):
    """The number of regions compared is the smaller one; the value is that of the plain form."""
    small_config.train_cfg.rpn_proposal.max_per_img = proposed
    small_config.test_cfg.rpn.max_per_img = proposed
    roi = {"type": ROI, "num_rois": wanted, "loss_weight": 5.0}
    model = build_lid(small_config, roi_perceptual_loss=roi)
    count = min(proposed, wanted)
    if proposed < 10:
        _compare_with_plain(model, batch, window=(-160, 240), **CENTRED, count=count)
        return
    model.set_phase(Phase.DENOISER)
    loss = model(**model.data_preprocessor(batch), mode="loss")["loss_roi_perceptual"]
    assert torch.isfinite(loss)
    assert loss > 0


def test_without_any_proposal_the_perceptual_term_is_zero(small_config, build_lid, batch):
    small_config.train_cfg.rpn_proposal.min_bbox_size = 1000
    model = build_lid(small_config)
    model.set_phase(Phase.DENOISER)
    losses = model(**model.data_preprocessor(batch), mode="loss")
    assert losses["loss_roi_perceptual"] == 0
    _sum(losses).backward()
    assert all(torch.isfinite(p.grad).all() for p in model.denoiser.parameters())


def test_an_image_as_good_as_its_reference_has_no_perceptual_loss(small_config, build_lid, batch):
    model = build_lid(small_config, {"type": "lidnet_mm.Identity"})
    model.set_phase(Phase.DENOISER)
    batch["inputs"] = batch["ndct"]
    losses = model(**model.data_preprocessor(batch), mode="loss")
    assert losses["loss_roi_perceptual"] == 0
    assert losses["loss_reconstruction"] == 0


@pytest.mark.parametrize("source", ["backbone", "neck"])
def test_feature_source_and_levels_of_one_stage_detectors(source, mmdet_config, build_lid, batch):
    """Regions given by the annotations; maps by the detector's parts, called one by one."""
    model = build_lid(
        mmdet_config("retinanet/retinanet_r50_fpn_1x_coco.py"),
        roi_perceptual_loss={"type": ROI, "loss_weight": 1.0},
        feature_source=source,
        feature_levels=[0, 2],
        region_source={"type": "lidnet_mm.AnnotatedRegions"},
        detector_windows=[(-160, 240)],
    )
    model.set_phase(Phase.DENOISER)
    data = model.data_preprocessor(batch)
    _brighten(model, data["inputs"])
    loss = model(**data, mode="loss")["loss_roi_perceptual"]
    pair = []
    with torch.no_grad():
        for image in (model.denoiser(data["inputs"]), data["ndct"]):
            maps = model.detector.backbone(_plain_bridge(image, (-160, 240), **IMAGENET))
            maps = maps if source == "backbone" else model.detector.neck(maps)
            pair.append((maps[0], maps[2]))
        regions = [one.gt_instances.bboxes for one in data["data_samples"]]
        expected = _plain_roi_loss(*pair, regions, 5)
    assert expected > 0
    torch.testing.assert_close(loss.detach(), expected, rtol=1e-4, atol=1e-6)
