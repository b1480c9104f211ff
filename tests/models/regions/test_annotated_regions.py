"""The annotated lesions as regions."""

from torch import nn

from lidnet_mm.models.regions import AnnotatedRegions


def test_regions_are_the_annotated_boxes_in_their_order(sample):
    boxes = [[50.0, 40, 90, 84], [8, 8, 40, 30]]
    samples = [sample(boxes=boxes), sample(boxes=[])]
    source, detector = AnnotatedRegions(), nn.Identity()
    with source.watch(detector) as kept:
        pass
    one, none = source.regions(detector, kept, samples)
    assert one.tolist() == boxes
    assert none.shape == (0, 4)


def test_they_fit_every_detector():
    assert AnnotatedRegions.fits(nn.Identity())
