"""LIDnet around detectors of every family of MMDetection, from its own config files."""

import copy

import pytest
import torch
from mmdet.models.dense_heads import CenterNetHead
from mmengine.logging import MessageHub
from mmengine.runner import set_random_seed
from shrunk_detectors import shrunk_mmdet_config
from torch import nn

from lidnet_mm.models.denoisers import CPCE
from lidnet_mm.models.phase import Phase

RPN, REFINED, DENSE, QUERY = "RPNRegions", "RefinedRegions", "DenseHeadRegions", "QueryRegions"
DETECTORS = {
    "faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py": RPN,
    "cascade_rcnn/cascade-rcnn_r50_fpn_1x_coco.py": RPN,
    "mask_rcnn/mask-rcnn_r50_fpn_1x_coco.py": RPN,
    "libra_rcnn/libra-faster-rcnn_r50_fpn_1x_coco.py": RPN,
    "double_heads/dh-faster-rcnn_r50_fpn_1x_coco.py": RPN,
    "sparse_rcnn/sparse-rcnn_r50_fpn_1x_coco.py": REFINED,
    "retinanet/retinanet_r50_fpn_1x_coco.py": DENSE,
    "atss/atss_r50_fpn_1x_coco.py": DENSE,
    "fcos/fcos_r50-caffe_fpn_gn-head_1x_coco.py": DENSE,
    "fcos/fcos_r50-caffe_fpn_gn-head-center-normbbox-centeronreg-giou_1x_coco.py": DENSE,
    "gfl/gfl_r50_fpn_1x_coco.py": DENSE,
    "vfnet/vfnet_r50_fpn_1x_coco.py": DENSE,
    "reppoints/reppoints-moment_r50_fpn-gn_head-gn_1x_coco.py": DENSE,
    "tood/tood_r50_fpn_1x_coco.py": DENSE,
    "rtmdet/rtmdet_tiny_8xb32-300e_coco.py": DENSE,
    "yolox/yolox_tiny_8xb8-300e_coco.py": DENSE,
    "ssd/ssdlite_mobilenetv2-scratch_8xb24-600e_coco.py": DENSE,
    "centernet/centernet_r18_8xb16-crop512-140e_coco.py": DENSE,
    "detr/detr_r50_8xb2-150e_coco.py": QUERY,
    "deformable_detr/deformable-detr_r50_16xb2-50e_coco.py": QUERY,
    "conditional_detr/conditional-detr_r50_8xb2-50e_coco.py": QUERY,
    "dab_detr/dab-detr_r50_8xb2-50e_coco.py": QUERY,
    "dino/dino-4scale_r50_8xb2-12e_coco.py": QUERY,
}
ROI = "lidnet_mm.ROIPerceptualLoss"


def _is_dropout(module):
    return isinstance(module, (nn.Dropout, nn.MultiheadAttention))


def _ready(model, batch):
    """A model initialised as a runner does, its norms having seen denoised slices."""
    set_random_seed(0)
    MessageHub.get_current_instance().update_info("epoch", 0)  # as a runner does, for TOOD
    model.detector.init_weights()
    head = getattr(model.detector, "bbox_head", None)
    if isinstance(head, CenterNetHead):
        nn.init.constant_(head.wh_head[-1].bias, 4.0)  # boxes have no extent before T1
    if isinstance(model.denoiser.generator, CPCE):
        _brighten(model, batch)
    model.set_phase(Phase.DETECTOR_ON_DENOISED)
    norms = [m for m in model.modules() if hasattr(m, "running_mean") and m.training]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 1.0
    with torch.no_grad():
        model(**model.data_preprocessor(copy.deepcopy(batch)), mode="loss")
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    return model


def _total(losses):
    values = [v for name, v in losses.items() if "loss" in name]
    return sum(sum(v) if isinstance(v, (list, tuple)) else v for v in values)


def _state(module):
    return {name: value.clone() for name, value in module.state_dict().items()}


def _changed(module, state):
    return {name for name, v in module.state_dict().items() if not torch.equal(v, state[name])}


def _brighten(model, batch):
    """Scale CPCE so that its output lies in the detector's window, where gradients pass."""
    inputs = model.data_preprocessor(batch)["inputs"]
    with torch.no_grad():
        last = model.denoiser.generator.decoder[-1].weight
        last.mul_(0.52 / model.denoiser(inputs).mean())


def _step(model, batch, phase):
    """One optimizer step of one half; its losses, and the regions that they were computed on."""
    model.set_phase(phase)
    model.zero_grad(set_to_none=True)
    data = model.data_preprocessor(batch)
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=1e-5)
    regions = []
    handle = model.roi_perceptual_loss.register_forward_pre_hook(
        lambda _module, arguments: regions.extend(arguments[2])
    )
    losses = model(**data, mode="loss")
    handle.remove()
    _total(losses).backward()
    optimizer.step()
    return losses, regions


def _lesions(case, sample, ct_slice):
    """A batch of two slices for one of the cases of the training test."""
    shapes = {"mixed sizes": [(96, 96), (70, 61)]}.get(case, [(96, 96), (96, 96)])
    boxes = {
        "no lesion": [[], []],
        "one lesion of 2 x 2 px": [[], [[40, 40, 42, 42]]],
    }.get(case, [[[20, 24, 52, 60]], [[8, 8, 40, 30], [30, 30, 60, 60]]])
    ndct = [ct_slice(seed, shape) for seed, shape in enumerate(shapes)]
    noise = torch.Generator().manual_seed(5)
    return {
        "inputs": [hu + 60 * torch.randn(hu.shape, generator=noise) for hu in ndct],
        "ndct": ndct,
        "data_samples": [
            sample(shape, box, img_id=i)
            for i, (shape, box) in enumerate(zip(shapes, boxes, strict=True))
        ],
    }


@pytest.mark.parametrize("name", DETECTORS, ids=lambda name: name.split("/")[1].split("_")[0])
def test_both_halves_train_around_any_detector(name, build_lid, sample, ct_slice):
    batch = _lesions("mixed sizes", sample, ct_slice)
    model = _ready(build_lid(shrunk_mmdet_config(name), detector_windows=[(-160, 240)]), batch)
    assert type(model.region_source).__name__ == DETECTORS[name]
    before = _state(model.detector)
    losses, regions = _step(model, batch, Phase.DENOISER)
    assert losses["loss_roi_perceptual"] > 0
    assert any("loss" in key for key in losses if key.startswith("detector."))
    for parameter_name, parameter in model.denoiser.named_parameters():
        assert torch.isfinite(parameter.grad).all(), parameter_name
        assert parameter.grad.abs().sum() > 0, parameter_name
    assert all(p.grad is None for p in model.detector.parameters())
    assert _changed(model.detector, before) == set()  # weights and batch-norm statistics
    assert not any(_is_dropout(m) and m.training for m in model.detector.modules())
    assert len(regions) == 2
    for boxes, (height, width) in zip(regions, [(96, 96), (70, 61)], strict=True):
        assert len(boxes) > 0
        assert (boxes >= 0).all()
        assert (boxes <= torch.tensor([width, height, width, height])).all()
        assert (boxes[:, 2:] > boxes[:, :2]).all()

    denoiser = _state(model.denoiser)
    losses, _ = _step(model, batch, Phase.DETECTOR_ON_DENOISED)
    assert all(p.grad is None for p in model.denoiser.parameters())
    assert _changed(model.denoiser, denoiser) == set()
    assert _changed(model.detector, before)
    gradients = [p.grad for p in model.detector.parameters() if p.grad is not None]
    assert all(torch.isfinite(g).all() for g in gradients)
    assert sum(g.abs().sum() for g in gradients) > 0


@pytest.mark.parametrize("case", ["no lesion", "one lesion of 2 x 2 px"])
@pytest.mark.parametrize("name", DETECTORS, ids=lambda name: name.split("/")[1].split("_")[0])
def test_slices_without_or_with_tiny_lesions_train(name, case, build_lid, sample, ct_slice):
    batch = _lesions(case, sample, ct_slice)
    model = _ready(build_lid(shrunk_mmdet_config(name), detector_windows=[(-160, 240)]), batch)
    for phase in (Phase.DENOISER, Phase.DETECTOR_ON_DENOISED):
        losses, _ = _step(model, batch, phase)
        assert torch.isfinite(_total(losses))
        gradients = [p.grad for p in model.parts[phase.part].parameters() if p.grad is not None]
        assert all(torch.isfinite(g).all() for g in gradients)
        # SSD weighs three times as many cells without a lesion as with one: without any, none.
        if not (name.startswith("ssd") and phase.part == "detector" and case == "no lesion"):
            assert sum(g.abs().sum() for g in gradients) > 0


def _as_mmdet_reads(hu, preprocessor):
    """Slices through (-128, 128) HU as grey images, normalised by mmdet's own preprocessor."""
    grey = [((one + 128) / 256).clamp(0, 1).repeat(3, 1, 1) * 255 for one in hu]
    return preprocessor({"inputs": grey, "data_samples": None})["inputs"]


@pytest.mark.parametrize("name", DETECTORS, ids=lambda name: name.split("/")[1].split("_")[0])
def test_without_a_denoiser_it_is_the_plain_detector(name, build_lid, sample, ct_slice):
    """Identity in front and lambda_1 = 0: losses and boxes are mmdet's.

    Whole HU in windows of 2^n HU are exact on both ways: where a proposal falls to one side or
    the other of a threshold by rounding, losses jump.
    """
    options = {
        "roi_perceptual_loss": {"type": ROI, "loss_weight": 0},
        "detection_loss_weight": 1.0,
        "detector_windows": [(-128, 128)],
        "data_preprocessor": {"type": "lidnet_mm.LIDDataPreprocessor", "window": (-1024, 1024)},
    }
    identity = {"type": "lidnet_mm.Identity"}
    batch = _lesions("plain", sample, ct_slice)
    batch["inputs"] = batch["ndct"] = [hu.round() for hu in batch["ndct"]]
    model = _ready(build_lid(shrunk_mmdet_config(name), identity, **options), batch)
    data = model.data_preprocessor(batch)
    images = _as_mmdet_reads(batch["ndct"], model.detector.data_preprocessor)
    for phase in (Phase.DENOISER, Phase.DETECTOR_ON_NDCT):
        # The plain detector in the same mode: as it is trained, and frozen.
        model.set_phase(phase)
        other = copy.deepcopy(model.detector)
        set_random_seed(3)
        ours = model(**copy.deepcopy(data), mode="loss")
        set_random_seed(3)
        theirs = other.loss(images, copy.deepcopy(data["data_samples"]))
        mine = {k: v for k, v in ours.items() if k != "loss_reconstruction"}
        assert set(mine) == {f"detector.{key}" for key in theirs}
        for key, value in theirs.items():
            torch.testing.assert_close(mine[f"detector.{key}"], value, rtol=1e-5, atol=1e-5)
    model.eval()
    expected = model.detector.predict(images, copy.deepcopy(data["data_samples"]), rescale=True)
    with torch.no_grad():
        predicted = model.test_step(batch)
    for one, other in zip(predicted, expected, strict=True):
        assert len(one.pred_instances) == len(other.pred_instances)
        for field in ("bboxes", "scores"):
            torch.testing.assert_close(
                one.pred_instances[field], other.pred_instances[field], rtol=1e-5, atol=1e-4
            )
