"""Which parameters each optimizer gets, and what is refused."""

import copy

import pytest
from mmengine.optim import build_optim_wrapper
from torch import nn

import lidnet_mm.registry  # noqa: F401  the scope lidnet_mm

SGD = {"type": "OptimWrapper", "optimizer": {"type": "SGD", "lr": 0.1}}


class TwoHalves(nn.Module):
    """A model of two parts, one of them with a frozen layer."""

    def __init__(self) -> None:
        super().__init__()
        self.denoiser = nn.Conv2d(1, 1, 3)
        self.detector = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Linear(2, 1))
        self.detector[0].requires_grad_(False)


def build(model, **parts):
    config = {"constructor": "lidnet_mm.PartsOptimWrapperConstructor", **copy.deepcopy(parts)}
    return build_optim_wrapper(model, config)


def parameters(wrapper):
    return {id(p) for group in wrapper.param_groups for p in group["params"]}


def test_own_parameters_only():
    model = TwoHalves()
    wrappers = build(model, denoiser=SGD, detector=SGD)
    assert set(wrappers.keys()) == {"denoiser", "detector"}
    for part in ("denoiser", "detector"):
        own = {id(p) for p in getattr(model, part).parameters()}
        assert parameters(wrappers[part]) == own


def test_settings_of_each_part():
    adam = {
        "type": "OptimWrapper",
        "optimizer": {"type": "Adam", "lr": 1e-4, "weight_decay": 1e-4},
        "clip_grad": {"max_norm": 10},
        "accumulative_counts": 3,
        "paramwise_cfg": {"norm_decay_mult": 0.0, "custom_keys": {"2": {"lr_mult": 0.5}}},
    }
    wrappers = build(TwoHalves(), denoiser=SGD, detector=adam)
    assert type(wrappers["denoiser"].optimizer).__name__ == "SGD"
    assert type(wrappers["detector"].optimizer).__name__ == "Adam"
    assert wrappers["detector"].clip_grad_kwargs == {"max_norm": 10}
    assert [wrappers[part]._accumulative_counts for part in ("denoiser", "detector")] == [1, 3]
    rates = {group["lr"] for group in wrappers["detector"].param_groups}
    assert rates == {1e-4, 5e-5}


def test_unknown_part():
    with pytest.raises(ValueError, match=r"TwoHalves has no part \['critic'\].*'detector'"):
        build(TwoHalves(), denoiser=SGD, detector=SGD, critic=SGD)


def test_part_without_parameters():
    model = TwoHalves()
    model.denoiser = nn.Identity()
    with pytest.raises(ValueError, match="the denoiser has no parameters to train: leave it out"):
        build(model, denoiser=SGD, detector=SGD)


def test_parameters_without_optimizer():
    with pytest.raises(ValueError, match=r"no optimizer for \['detector.1.weight'.*denoiser"):
        build(TwoHalves(), denoiser=SGD)


def test_frozen_parameters_need_none():
    model = TwoHalves()
    model.detector.requires_grad_(False)
    assert set(build(model, denoiser=SGD).keys()) == {"denoiser"}


def test_paramwise_settings_at_the_top():
    with pytest.raises(ValueError, match=r"inside a part \(denoiser=dict\(paramwise_cfg"):
        build(TwoHalves(), denoiser=SGD, detector=SGD, paramwise_cfg={"bias_lr_mult": 2})


@pytest.mark.parametrize("wrong", [0.1, {"type": "OptimWrapper"}], ids=["number", "no optimizer"])
def test_entry_that_is_no_config(wrong):
    with pytest.raises(ValueError, match=r"optim_wrapper.detector: expected dict\(optimizer"):
        build(TwoHalves(), denoiser=SGD, detector=wrong)
