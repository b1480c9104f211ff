"""Plain detectors' weights in a LIDnet, loaded by MMEngine and by PyTorch."""

import copy

import pytest
import torch
from mmengine.config import ConfigDict
from mmengine.model import ExponentialMovingAverage
from mmengine.runner.checkpoint import load_state_dict

from lidnet_mm.models.plain_checkpoint import (
    TensorMatch,
    match_detector,
)
from lidnet_mm.registry import MODELS


@pytest.fixture
def lidnet(small_config, build_lid):
    return build_lid(ConfigDict(small_config.copy()), seed=0)


@pytest.fixture
def plain(small_config):
    """Makes a detector of other weights with so many classes and such a backbone."""

    def build(num_classes=1, **backbone):
        torch.manual_seed(1)
        config = copy.deepcopy(small_config)
        config.roi_head.bbox_head.num_classes = num_classes
        config.backbone.update(backbone)
        model = MODELS.build(ConfigDict({**config, "_scope_": "mmdet"}))
        model.init_weights()
        return model

    return build


def _differing(own, given):
    """Names of a detector's tensors that are not bit by bit those of the checkpoint."""
    return {name for name, value in own.items() if not torch.equal(value, given[name])}


def test_every_tensor_arrives_and_the_denoiser_stays(lidnet, plain):
    given = plain().state_dict()
    names, denoiser = list(given), copy.deepcopy(lidnet.denoiser.state_dict())
    assert _differing(lidnet.detector.state_dict(), given)
    load_state_dict(lidnet, given)
    assert _differing(lidnet.detector.state_dict(), given) == set()
    assert _differing(lidnet.denoiser.state_dict(), denoiser) == set()
    assert list(given) == names  # the caller's weights keep their names


def test_layers_of_other_classes_keep_their_values(lidnet, plain, monkeypatch):
    """As mmdet's own detectors do; MMEngine names them."""
    told = []
    monkeypatch.setattr("mmengine.runner.checkpoint.print_log", lambda text, **_: told.append(text))
    before = copy.deepcopy(lidnet.detector.state_dict())
    given = plain(num_classes=80).state_dict()
    load_state_dict(lidnet, given)
    classes = {f"roi_head.bbox_head.fc_cls.{name}" for name in ("weight", "bias")}
    after = lidnet.detector.state_dict()
    assert {name for name in after if after[name].shape != given[name].shape} == classes
    assert all(torch.equal(after[name], before[name]) for name in classes)
    assert all(torch.equal(after[name], given[name]) for name in set(after) - classes)
    assert "size mismatch for detector.roi_head.bbox_head.fc_cls.weight" in told[0]


def test_a_lidnet_s_own_checkpoint_loads_strictly(lidnet, small_config, build_lid):
    other = build_lid(small_config, seed=2)
    lidnet.load_state_dict(other.state_dict())
    assert _differing(lidnet.state_dict(), other.state_dict()) == set()


def test_a_copy_takes_them_too(lidnet, plain):
    """``EMAHook`` copies the model, and loads the checkpoint into the copy first."""
    average = ExponentialMovingAverage(lidnet)
    given = plain().state_dict()
    load_state_dict(average.module, given)
    assert _differing(average.module.detector.state_dict(), given) == set()
    assert _differing(lidnet.detector.state_dict(), given)


def test_below_a_wrapper(lidnet, plain):
    given = plain().state_dict()
    wrapped = torch.nn.ModuleDict({"inner": lidnet})
    wrapped.load_state_dict({f"inner.{k}": v for k, v in given.items()}, strict=False)
    assert _differing(lidnet.detector.state_dict(), given) == set()


@pytest.mark.parametrize(
    "backbone", [{"depth": 50}, {"depth": 34, "base_channels": 32}], ids=["deeper", "wider"]
)
def test_another_architecture_is_refused_and_changes_nothing(lidnet, plain, backbone):
    """A ResNet-50 has nearly half of the kernels of a ResNet-18, name and shape."""
    before = copy.deepcopy(lidnet.state_dict())
    message = (
        r"kernels of the backbone of this FasterRCNN: it is of another architecture\. The detector "
        r"has backbone\..*the checkpoint has backbone\..*Give the checkpoint of the detector"
    )
    with pytest.raises(ValueError, match=message):
        load_state_dict(lidnet, plain(**backbone).state_dict())
    assert _differing(lidnet.state_dict(), before) == set()


def test_a_denoiser_alone_is_no_detector(lidnet):
    with pytest.raises(ValueError, match=r"holds 0 of the .*a denoiser trained alone: give them"):
        load_state_dict(lidnet, lidnet.denoiser.state_dict())


def test_match_sorts_every_name_once(plain):
    detector = plain()
    given = {**plain(num_classes=3).state_dict(), "ema_backbone_conv1_weight": torch.zeros(1)}
    del given["neck.lateral_convs.0.conv.bias"]
    match = match_detector(detector, given)
    assert match.unknown == ("ema_backbone_conv1_weight",)
    assert match.missing == ("neck.lateral_convs.0.conv.bias",)
    assert match.reshaped == {
        "roi_head.bbox_head.fc_cls.weight": ((4, 64), (2, 64)),
        "roi_head.bbox_head.fc_cls.bias": ((4,), (2,)),
    }
    assert set(match.matched) == set(detector.state_dict()) - {*match.missing, *match.reshaped}
    assert not match.complete


def test_match_with_itself_is_complete(plain):
    state = plain().state_dict()
    assert TensorMatch.of(state, state).complete
