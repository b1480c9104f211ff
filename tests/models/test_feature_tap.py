"""Maps of the detector's own pass, against those of its parts called one by one."""

import pytest
import torch

from lidnet_mm.models.feature_tap import FeatureTap
from lidnet_mm.registry import MODELS


@pytest.fixture
def detector(small_config):
    torch.manual_seed(0)
    return MODELS.build({**small_config, "_scope_": "mmdet"}).eval()


@pytest.fixture
def images():
    return torch.randn(2, 3, 96, 96, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("source", ["backbone", "neck"])
@pytest.mark.parametrize("name", ["retinanet/retinanet_r50_fpn_1x_coco.py", None])
def test_features_are_those_of_the_detector_s_own_pass(
    name, source, small_config, mmdet_config, sample, images
):
    torch.manual_seed(0)
    config = mmdet_config(name) if name else small_config
    detector = MODELS.build({**config, "_scope_": "mmdet"}).eval()
    images.requires_grad_()
    tap = FeatureTap(detector, source)
    with tap.watch(detector) as kept:
        detector.loss(images, [sample(), sample()])
    maps = detector.backbone(images)
    expected = maps if source == "backbone" else detector.neck(maps)
    assert len(kept) == 1
    for ours, theirs in zip(kept[0], expected, strict=True):
        torch.testing.assert_close(ours, theirs)
        assert ours.requires_grad
    reference = tap.reference(detector, images)
    for ours, theirs in zip(reference, expected, strict=True):
        torch.testing.assert_close(ours, theirs.detach())
        assert not ours.requires_grad


def test_maps_of_each_pass_are_an_entry(detector, images):
    with FeatureTap(detector).watch(detector) as kept:
        detector.extract_feat(images)
        detector.extract_feat(images + 1)
    assert len(kept) == 2
    assert not torch.equal(kept[0][0], kept[1][0])


def test_watching_changes_neither_losses_nor_detector(detector, sample, images):
    samples = [sample(), sample()]
    torch.manual_seed(0)
    plain = detector.loss(images, samples)
    torch.manual_seed(0)
    with FeatureTap(detector).watch(detector):
        watched = detector.loss(images, samples)
    assert plain.keys() == watched.keys()
    for name, value in plain.items():
        torch.testing.assert_close(watched[name], value)
    assert not detector.backbone._forward_hooks


def test_watching_ends_when_the_detector_fails(detector, images):
    with pytest.raises(TypeError), FeatureTap(detector).watch(detector):
        detector.loss(images, None)
    assert not detector.backbone._forward_hooks


@pytest.mark.parametrize("source", ["backbone", "neck"])
def test_levels_are_selected(source, detector, images):
    detector.eval()
    everything = FeatureTap(detector, source).reference(detector, images)
    chosen = FeatureTap(detector, source, levels=[2, 0])
    with chosen.watch(detector) as kept:
        detector.extract_feat(images)
    for maps in (kept[0], chosen.reference(detector, images)):
        assert len(maps) == 2
        for ours, theirs in zip(maps, (everything[2], everything[0]), strict=True):
            torch.testing.assert_close(ours, theirs)


def test_levels_that_are_not_there_are_refused(detector, images):
    tap = FeatureTap(detector, levels=[0, 4])
    with pytest.raises(ValueError, match=r"feature_levels \[0, 4\]: the backbone returns 4 maps"):
        tap.reference(detector, images)


@pytest.mark.parametrize("source", ["head", "neckk", "rpn_head"])
def test_unknown_sources_are_refused(source, detector):
    with pytest.raises(ValueError, match=f"feature source '{source}': FasterRCNN has no such part"):
        FeatureTap(detector, source)


def test_a_missing_neck_is_refused(detector):
    del detector.neck
    with pytest.raises(ValueError, match="feature source 'neck': FasterRCNN has no such part"):
        FeatureTap(detector, "neck")
