"""Predictions of LIDDetector against those of the plain detector on the same slices."""

import pytest
import torch
from mmengine.config import ConfigDict

from lidnet_mm.registry import MODELS

IDENTITY = {"type": "lidnet_mm.Identity"}


@pytest.fixture
def pair(small_config, build_lid):
    """A plain detector with the judge's preprocessor, and the same behind no denoiser."""
    model = build_lid(ConfigDict(small_config.copy()), IDENTITY).eval()
    judge = MODELS.build(ConfigDict({**small_config, "_scope_": "mmdet"})).eval()
    judge.load_state_dict(model.detector.state_dict())
    return model, judge


def _judge_input(batch):
    return {"inputs": list(batch["inputs"]), "data_samples": batch["data_samples"]}


@torch.no_grad()
def test_without_a_denoiser_predictions_are_those_of_the_plain_detector(pair, batch):
    model, judge = pair
    expected = judge.test_step(_judge_input(batch))
    predicted = model.test_step(batch)
    for ours, theirs in zip(predicted, expected, strict=True):
        assert len(ours.pred_instances) == len(theirs.pred_instances) > 0
        for field in ("bboxes", "scores", "labels"):
            torch.testing.assert_close(
                ours.pred_instances[field], theirs.pred_instances[field], rtol=0, atol=1e-5
            )


@torch.no_grad()
def test_predictions_are_those_of_the_detector_on_the_denoised_slices(
    small_config, build_lid, batch
):
    """The plain detector, given G(x) in HU by hand."""
    model = build_lid(ConfigDict(small_config.copy())).eval()
    judge = MODELS.build(ConfigDict({**small_config, "_scope_": "mmdet"})).eval()
    judge.load_state_dict(model.detector.state_dict())
    unit = model.denoiser.generator(((torch.stack(batch["inputs"]) + 1000) / 2000).clamp(0, 1))
    denoised = list(2000 * unit.clamp(0, 1) - 1000)
    expected = judge.test_step(_judge_input({**batch, "inputs": denoised}))
    predicted = model.test_step(batch)
    for ours, theirs, hu in zip(predicted, expected, denoised, strict=True):
        bboxes = ours.pred_instances.bboxes
        torch.testing.assert_close(bboxes, theirs.pred_instances.bboxes, rtol=0, atol=1e-2)
        torch.testing.assert_close(ours.denoised.data, hu, rtol=0, atol=1e-2)


@torch.no_grad()
def test_boxes_are_in_pixels_of_the_slice_as_it_was_read(pair, batch, sample):
    model, _ = pair
    plain = model.test_step(batch)
    half = {"scale_factor": (0.5, 0.25), "ori_shape": (384, 192)}  # (width, height)
    scaled = model.test_step({**batch, "data_samples": [sample(**half), sample(**half)]})
    for ours, reference in zip(scaled, plain, strict=True):
        boxes = reference.pred_instances.bboxes * torch.tensor([2.0, 4.0, 2.0, 4.0])
        torch.testing.assert_close(ours.pred_instances.bboxes, boxes, rtol=0, atol=1e-3)


@torch.no_grad()
def test_padding_is_cut_off_images_and_holds_no_box(pair, sample, ct_slice):
    model, _ = pair
    shapes = [(70, 90), (96, 61)]
    slices = [ct_slice(seed, shape) for seed, shape in enumerate(shapes)]
    samples = [sample(shape) for shape in shapes]
    data = {"inputs": [s + 5 for s in slices], "ndct": slices, "data_samples": samples}
    for one, hu, (height, width) in zip(model.test_step(data), slices, shapes, strict=True):
        torch.testing.assert_close(one.denoised.data, hu + 5, rtol=0, atol=1e-3)
        torch.testing.assert_close(one.ndct.data, hu, rtol=0, atol=1e-3)
        boxes = one.pred_instances.bboxes
        assert len(boxes) > 0
        assert (boxes >= 0).all()
        assert (boxes[:, 0::2] <= width).all()
        assert (boxes[:, 1::2] <= height).all()


@pytest.mark.parametrize(
    ("own", "of_detector", "shape"),
    [(32, 128, (128, 128)), (48, 32, (96, 192)), (32, 1, (96, 128))],
)
def test_slices_are_padded_to_what_both_divisors_divide(
    own, of_detector, shape, mmdet_config, build_lid, sample, ct_slice
):
    """Such as EfficientDet's 128; the detector itself never pads what LIDnet gives it."""
    config = mmdet_config("retinanet/retinanet_r50_fpn_1x_coco.py")
    config.data_preprocessor.pad_size_divisor = of_detector
    preprocessor = {"type": "lidnet_mm.LIDDataPreprocessor", "pad_divisor": own}
    model = build_lid(config, data_preprocessor=preprocessor)
    hu = [ct_slice(0, (96, 100))]
    data = model.data_preprocessor({"inputs": hu, "ndct": hu, "data_samples": [sample((96, 100))]})
    assert data["inputs"].shape[-2:] == data["ndct"].shape[-2:] == shape
    assert data["data_samples"][0].batch_input_shape == shape


@torch.no_grad()
def test_samples_keep_what_metrics_need(pair, batch):
    model, _ = pair
    for index, one in enumerate(model.test_step(batch)):
        assert one.image_window == (-1000, 1000)
        assert one.patient_id == "case_0007"
        boxes = batch["data_samples"][index].gt_instances.bboxes
        assert torch.equal(one.gt_instances.bboxes, boxes)
        assert one.to_dict()["denoised"]["data"].shape == (1, 96, 96)


def test_tensor_mode_is_the_denoiser(small_config, build_lid, batch):
    model = build_lid(small_config)
    x = model.data_preprocessor(batch)["inputs"]
    assert torch.equal(model(x), model.denoiser.generator(x))


def test_unknown_mode_is_refused(pair):
    with pytest.raises(ValueError, match="mode must be 'tensor', 'loss' or 'predict', got 'fit'"):
        pair[0](torch.rand(1, 1, 32, 32), mode="fit")
