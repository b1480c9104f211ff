"""A wrong name in a config is answered with the names that there are."""

import pytest

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


@pytest.mark.parametrize("error", [ValueError("x"), KeyError("name"), TypeError("int and str")])
def test_other_errors_are_left_alone(error):
    assert explained(error, REGISTRIES) is None
