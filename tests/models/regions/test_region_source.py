"""Order, clipping and refusals that all sources share."""

import pytest
import torch
from mmdet.structures.bbox import HorizontalBoxes
from mmengine.structures import InstanceData
from torch import nn

from lidnet_mm.models.regions import RegionSource


class Given(RegionSource):
    """What a pass kept are the proposals."""

    @classmethod
    def fits(cls, detector):
        return True

    def watch(self, detector):
        raise NotImplementedError

    def proposals(self, detector, kept, samples):
        return kept


def _regions(boxes, shape, sample, **fields):
    proposals = [InstanceData(bboxes=boxes, **fields)]
    (regions,) = Given().regions(nn.Identity(), [proposals], [sample(shape)])
    return regions


BOXES = torch.tensor([[0.0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]])


@pytest.mark.parametrize("scored", [True, False])
def test_order_is_by_score_or_as_proposed(scored, sample):
    fields = {"scores": torch.tensor([0.2, 0.9, 0.2])} if scored else {}
    regions = _regions(BOXES, (96, 96), sample, **fields)
    assert regions[:, 0].tolist() == ([4, 0, 8] if scored else [0, 4, 8])


def test_boxes_end_where_the_slice_ends(sample):
    """At its own border, not at that of the padded batch; height and width are not mixed up."""
    boxes = torch.tensor([[-5.0, -1, 30, 20], [10, 10, 99, 99], [3, 4, 5, 6]])
    regions = _regions(boxes, (40, 60), sample)
    assert regions.tolist() == [[0, 0, 30, 20], [10, 10, 60, 40], [3, 4, 5, 6]]


def test_boxes_without_extent_in_the_slice_are_left_out(sample):
    boxes = torch.tensor(
        [
            [10.0, 10, 10, 20],  # no width
            [10, 20, 20, 20],  # no height
            [30, 30, 20, 20],  # corners changed over
            [61, 0, 80, 20],  # in the padding
            [0, -9, 20, 0],  # above
            [1, 2, 3, 4],
        ]
    )
    assert _regions(boxes, (40, 60), sample).tolist() == [[1, 2, 3, 4]]


def test_no_box_at_all(sample):
    regions = _regions(torch.zeros(0, 4), (40, 60), sample, scores=torch.zeros(0))
    assert regions.shape == (0, 4)


def test_regions_are_plain_boxes_without_gradient(sample):
    boxes = BOXES.double().requires_grad_()
    regions = _regions(boxes, (96, 96), sample, scores=torch.rand(3, requires_grad=True))
    assert not regions.requires_grad
    assert regions.dtype == torch.float32
    typed = _regions(HorizontalBoxes(BOXES.clone()), (96, 96), sample)
    assert type(typed) is torch.Tensor
    torch.testing.assert_close(typed, BOXES)


def test_only_the_last_pass_counts(sample):
    passes = [[InstanceData(bboxes=BOXES + i)] for i in range(3)]
    (regions,) = Given().regions(nn.Identity(), passes, [sample((96, 96))])
    torch.testing.assert_close(regions, BOXES + 2)


def test_a_source_that_saw_nothing_says_so(sample):
    with pytest.raises(RuntimeError, match=r"Given saw nothing of Identity's loss.*Annotated"):
        Given().regions(nn.Identity(), [], [sample()])
