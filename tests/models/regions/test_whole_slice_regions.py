"""The whole slice as a region: Eq. 4 becomes the mean squared feature difference of the image."""

import torch
from torch import nn

from lidnet_mm.models.losses import ROIPerceptualLoss
from lidnet_mm.models.regions import WholeSliceRegions


def test_one_region_an_image_without_its_padding(sample):
    source, detector = WholeSliceRegions(), nn.Identity()
    samples = [sample((96, 80), batch_input_shape=(96, 96)), sample((64, 96), boxes=())]
    with source.watch(detector) as kept:
        pass
    regions = source.regions(detector, kept, samples)
    assert [r.tolist() for r in regions] == [[[0, 0, 80, 96]], [[0, 0, 96, 64]]]
    assert WholeSliceRegions.fits(detector)


def test_the_loss_on_it_is_the_mean_over_the_whole_map(sample):
    torch.manual_seed(0)
    ours, theirs = torch.rand(2, 3, 24, 24), torch.rand(2, 3, 24, 24)
    source = WholeSliceRegions()
    regions = source.regions(nn.Identity(), [None], [sample(), sample()])
    loss = ROIPerceptualLoss(num_rois=5, loss_weight=1.0)([ours], [theirs], regions, (96, 96))
    torch.testing.assert_close(loss, (ours - theirs).square().mean())
