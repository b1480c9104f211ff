"""A training loss from which neither weights nor statistics nor chance come."""

import copy

import pytest
import torch
from mmcv.cnn.bricks import DropPath
from mmdet.models.layers import DropBlock
from mmengine.logging import MessageHub
from mmengine.runner import set_random_seed
from torch import nn

from lidnet_mm.models.resting_detector import rest_in_training_mode
from lidnet_mm.registry import MODELS

DETECTORS = [
    "faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py",
    "vfnet/vfnet_r50_fpn_1x_coco.py",
    "fcos/fcos_r50-caffe_fpn_gn-head-center-normbbox-centeronreg-giou_1x_coco.py",
    "rtmdet/rtmdet_tiny_8xb32-300e_coco.py",
    "dino/dino-4scale_r50_8xb2-12e_coco.py",
]
NORMS = (nn.BatchNorm2d, nn.BatchNorm1d, nn.SyncBatchNorm)
CHANCE = (nn.Dropout, nn.MultiheadAttention)


@pytest.fixture
def images():
    return 0.5 * torch.randn(2, 3, 96, 96, generator=torch.Generator().manual_seed(1))


def _detector(config):
    set_random_seed(0)
    MessageHub.get_current_instance().update_info("epoch", 0)
    return MODELS.build({**config, "_scope_": "mmdet"})


@pytest.mark.parametrize("name", DETECTORS, ids=lambda name: name.split("/")[0])
def test_all_but_norms_and_chance_is_in_training_mode(name, mmdet_config):
    detector = _detector(mmdet_config(name, frozen_stages=-1, norm_eval=False)).eval()
    rest_in_training_mode(detector)
    layers = [m for m in detector.modules() if isinstance(m, (*NORMS, *CHANCE))]
    resting = {inner for layer in layers for inner in layer.modules()}
    assert layers
    for module in detector.modules():
        assert module.training == (module not in resting), type(module)


def test_what_a_config_freezes_stays_frozen(mmdet_config):
    """mmdet's backbones keep their frozen stages in eval mode themselves."""
    detector = _detector(mmdet_config(DETECTORS[0], frozen_stages=2))
    rest_in_training_mode(detector)
    stages = [detector.backbone.layer1, detector.backbone.layer2, detector.backbone.layer3]
    assert [stage.training for stage in stages] == [False, False, True]


def test_paths_and_blocks_are_not_dropped_either():
    layers = nn.Sequential(
        DropPath(0.5), DropBlock(0.5, 3), nn.Dropout2d(), nn.AlphaDropout(), nn.Conv2d(3, 3, 1)
    )
    rest_in_training_mode(layers)
    assert [layer.training for layer in layers] == [False, False, False, False, True]
    x = torch.rand(4, 3, 16, 16)
    assert torch.equal(layers[:4](x), x)


@pytest.mark.parametrize("kind", [nn.BatchNorm2d, nn.SyncBatchNorm, nn.InstanceNorm2d])
def test_norms_with_running_statistics_rest(kind):
    layers = nn.Sequential(kind(3, track_running_stats=True), nn.GroupNorm(1, 3))
    rest_in_training_mode(layers)
    assert [layer.training for layer in layers] == [False, True]


@pytest.mark.parametrize("name", DETECTORS, ids=lambda name: name.split("/")[0])
def test_statistics_stay_and_two_losses_are_equal(name, mmdet_config, images, sample):
    detector = _detector(mmdet_config(name))
    rest_in_training_mode(detector)
    before = {key: value.clone() for key, value in detector.state_dict().items()}
    losses = []
    for _ in range(2):
        set_random_seed(3)  # samplers and denoising queries draw, too
        losses.append(detector.loss(images, [sample(), sample()]))
    for key, value in losses[0].items():
        torch.testing.assert_close(losses[1][key], value)
    for key, value in detector.state_dict().items():
        assert torch.equal(value, before[key]), key


@pytest.mark.parametrize("name", DETECTORS, ids=lambda name: name.split("/")[0])
def test_loss_is_the_training_loss_with_norms_and_chance_off(name, mmdet_config, images, sample):
    """By settings in place of modes: norms without momentum or batch, dropout of probability 0."""
    detector = _detector(mmdet_config(name))
    other = copy.deepcopy(detector).train()
    for module in other.modules():
        if isinstance(module, NORMS):
            module.forward = _with_own_statistics(module)
        elif isinstance(module, nn.Dropout):
            module.p = 0.0
        elif isinstance(module, nn.MultiheadAttention):
            module.dropout = 0.0
    rest_in_training_mode(detector)
    set_random_seed(3)
    ours = detector.loss(images, [sample(), sample()])
    set_random_seed(3)
    theirs = other.loss(images, [sample(), sample()])
    assert ours.keys() == theirs.keys()
    for key, value in theirs.items():
        torch.testing.assert_close(ours[key], value, rtol=1e-4, atol=1e-5)


def _with_own_statistics(norm):
    """Normalise with what is stored, in any mode."""

    def forward(x):
        mean, variance = (
            v.reshape(1, -1, *[1] * (x.ndim - 2)) for v in (norm.running_mean, norm.running_var)
        )
        weight, bias = (v.reshape(mean.shape) for v in (norm.weight, norm.bias))
        return (x - mean) / (variance + norm.eps).sqrt() * weight + bias

    return forward


def test_dino_has_denoising_queries_at_rest_and_none_in_eval_mode(mmdet_config, images, sample):
    """What a training loss needs and eval mode does not give."""
    detector = _detector(mmdet_config("dino/dino-4scale_r50_8xb2-12e_coco.py"))
    rest_in_training_mode(detector)
    losses = detector.loss(images, [sample(), sample()])
    assert losses["dn_loss_cls"] > 0
    detector.eval()
    with pytest.raises(TypeError):
        detector.loss(images, [sample(), sample()])
