"""What of a detector is in half precision under autocast."""

import pytest
import torch
from torch import nn

from lidnet_mm.models.half_precision_backbone import half_precision_backbone


class Detector(nn.Module):
    """Two maps, and a head that multiplies."""

    def __init__(self):
        super().__init__()
        self.backbone, self.head = nn.Linear(4, 4), nn.Linear(4, 4)
        self.seen = []

    def extract_feat(self, images):
        features = (self.backbone(images), self.backbone(2 * images))
        self.seen += [feature.dtype for feature in features]
        return features

    def loss(self, images):
        features = self.extract_feat(images)
        self.seen += [feature.dtype for feature in features]
        return self.head(features[0])


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_the_backbone_alone(dtype):
    detector = Detector()
    with torch.autocast("cpu", dtype):
        with half_precision_backbone(detector):
            out = detector.loss(torch.rand(2, 4))
        assert torch.is_autocast_enabled("cpu")
    assert detector.seen == [dtype] * 2 + [torch.float32] * 2
    assert out.dtype == torch.float32


def test_nothing_without_autocast():
    detector = Detector()
    images = torch.rand(2, 4)
    with half_precision_backbone(detector):
        found = detector.loss(images)
    assert detector.seen == [torch.float32] * 4
    assert torch.equal(found, Detector.loss(detector, images))


def test_the_method_is_back_after_an_error():
    detector = Detector()
    with (
        pytest.raises(RuntimeError),
        torch.autocast("cpu", torch.bfloat16),
        half_precision_backbone(detector),
    ):
        detector.loss(torch.rand(2, 5))
    assert "extract_feat" not in vars(detector)
