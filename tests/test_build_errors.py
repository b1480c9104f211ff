"""A wrong name in a config is answered with the names that there are."""

import pytest
from mmengine.config import Config

from lidnet_mm.build_errors import UnknownTypeError, WrongArgumentError, explained
from lidnet_mm.registry import MODELS, REGISTRIES, TRANSFORMS


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"type": "lidnet_mm.CPEC"}, r"no model 'lidnet_mm.CPEC': do you mean 'lidnet_mm.CPCE'\?"),
        ({"type": "lidnet_mm.Cpce"}, "do you mean 'lidnet_mm.CPCE'"),
        ({"type": "Nothing"}, r"no model 'Nothing'\. lidnet_mm has .*lidnet_mm.CPCE, .*REDCNN"),
        (
            {"type": "lidnet_mm.DenoisingModel", "generator": {"type": "RedCNN"}},
            "no model 'RedCNN': do you mean 'lidnet_mm.REDCNN'",
        ),
    ],
)
def test_unknown_types(config, message):
    with pytest.raises(UnknownTypeError, match=message) as raised:
        MODELS.build(config)
    assert "\n" not in str(raised.value)


def test_the_prefix_is_missing():
    from mmdet.registry import MODELS as OF_MMDET  # as in a run, whose scope is mmdet

    with pytest.raises(KeyError) as raised:
        OF_MMDET.build({"type": "CPCE"})
    better = explained(raised.value, REGISTRIES)
    assert str(better) == "there is no model 'CPCE': write 'lidnet_mm.CPCE', with the prefix"


@pytest.mark.parametrize(
    ("registry", "config", "message"),
    [
        (
            MODELS,
            {"type": "lidnet_mm.ROIPerceptualLoss", "num_roi": 3},
            r"ROIPerceptualLoss takes no 'num_roi': do you mean 'num_rois'\? It takes num_rois, ",
        ),
        (MODELS, {"type": "lidnet_mm.CPCE", "depth": 3}, r"takes no 'depth'\. It takes channels"),
        (MODELS, {"type": "lidnet_mm.DenoisingModel"}, "needs 'generator'; it takes generator, lo"),
        (TRANSFORMS, {"type": "lidnet_mm.SimulateLowDose", "noise": 3}, "takes no 'noise'"),
    ],
)
def test_wrong_arguments(registry, config, message):
    with pytest.raises(WrongArgumentError, match=message):
        registry.build(config)


def test_a_class_that_hands_arguments_on():
    """An argument of a class of MMDetection, or of those it derives from."""
    from mmdet.registry import MODELS as OF_MMDET

    OF_MMDET.import_from_location()
    with pytest.raises(TypeError) as raised:
        OF_MMDET.build({"type": "Shared2FCBBoxHead", "num_clases": 3})
    assert "do you mean 'num_classes'? It takes fc_out_channels" in str(
        explained(raised.value, REGISTRIES)
    )


def test_a_part_without_a_type_is_named():
    from mmdet.registry import MODELS as OF_MMDET  # as of a runner

    config = Config({"model": {"parts": [{"type": "lidnet_mm.CPCE"}, {"window": 3}]}})

    def build(config):
        OF_MMDET.build(config.model.parts[1])

    with pytest.raises(KeyError, match="must contain the key") as raised:
        build(config)
    better = explained(raised.value, REGISTRIES)
    assert str(better).startswith("model.parts.1 has no type, it is {'window': 3}: is its name")


def test_a_part_without_a_type_below_one_of_ours():
    """The inner build does not know the config; the tool that ends does."""
    config = Config({"model": {"type": "lidnet_mm.DenoisingModel", "generator": {"channels": 3}}})

    def build(config):
        MODELS.build(config.model)

    with pytest.raises(KeyError, match="must contain the key") as raised:
        build(config)
    assert str(explained(raised.value, REGISTRIES)).startswith("model.generator has no type")


@pytest.mark.parametrize("error", [ValueError("x"), KeyError("name"), TypeError("int and str")])
def test_other_errors_are_left_alone(error):
    assert explained(error, REGISTRIES) is None
