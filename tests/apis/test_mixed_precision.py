"""``--amp``: every optimizer of a config in half precision, and nothing else changed."""

import copy
from pathlib import Path

import pytest
from mmengine.config import Config

from lidnet_mm.apis.load_config import load_config
from lidnet_mm.apis.mixed_precision import use_mixed_precision

WRAPPER = "lidnet_mm.MixedPrecisionOptimWrapper"


def entries(config: Config) -> list[dict]:
    """The wrappers of a config, one a part or the only one."""
    wrapper = config.optim_wrapper
    if "optimizer" in wrapper:
        return [wrapper]
    return [entry for name, entry in wrapper.items() if name != "constructor"]


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("lidnet/lidnet_cpce_gan_faster-rcnn_r50.py", 3),
        ("baselines/cpce_l1.py", 1),
        ("judges/judge_faster-rcnn_r18_sts.py", 1),
    ],
)
def test_each_optimizer_of_a_shipped_config(repository: Path, path, parts):
    config = load_config(repository / "configs" / path)
    before = copy.deepcopy(entries(config))
    use_mixed_precision(config, "fp16")
    after = entries(config)
    assert len(after) == parts
    for old, new in zip(before, after, strict=True):
        assert new == {**old, "type": WRAPPER, "dtype": "fp16"}


@pytest.mark.parametrize(
    ("path", "is_named"),
    [("baselines/cpce_l1.py", True), ("baselines/wgan-vgg_adv.py", False)],
)
def test_a_model_without_anything_in_half_precision_is_named(repository, logged, path, is_named):
    use_mixed_precision(load_config(repository / "configs" / path), "bf16")
    assert any("only the losses are in half precision" in text for text in logged) == is_named


def test_another_choice_of_the_config_is_not_overruled():
    wrapper = {"type": "DeepSpeedOptimWrapper", "optimizer": {"type": "SGD", "lr": 1}}
    config = Config({"optim_wrapper": {"constructor": "any", "denoiser": wrapper}})
    with pytest.raises(ValueError, match=r"optim_wrapper\.denoiser is a DeepSpeedOptimWrapper"):
        use_mixed_precision(config, "bf16")


def test_nothing_to_train():
    with pytest.raises(ValueError, match="it trains nothing"):
        use_mixed_precision(Config({}), "bf16")
