"""ROI perceptual loss against loops over cells, sampling by brute force, and gradients."""

import pytest
import torch
from mmdet.models.roi_heads.roi_extractors import SingleRoIExtractor

from lidnet_mm.models.losses import ROIPerceptualLoss

IMAGE = (64, 96)


def _maps(seed, batch=2, cells=((8, 12), (4, 6)), channels=(3, 5)):
    """One map a level, (N, C_l, H_l, W_l), float64."""
    generator = torch.Generator().manual_seed(seed)
    return tuple(
        torch.randn(batch, c, *hw, generator=generator, dtype=torch.float64)
        for c, hw in zip(channels, cells, strict=True)
    )


def _boxes(*rows):
    return torch.tensor(rows, dtype=torch.float64).reshape(-1, 4)


def _loop(ours, theirs, regions, weight, count):
    """Eq. 2-4 word by word for boxes whose sides lie on the borders of cells."""
    levels = []
    for a, b in zip(ours, theirs, strict=True):
        stride_y, stride_x = IMAGE[0] // a.shape[2], IMAGE[1] // a.shape[3]
        images = []
        for n, boxes in enumerate(regions):
            values = []
            for x1, y1, x2, y2 in boxes[:count].long().tolist():
                cells = [
                    (a[n, c, i, j] - b[n, c, i, j]).item() ** 2
                    for c in range(a.shape[1])
                    for i in range(y1 // stride_y, y2 // stride_y)
                    for j in range(x1 // stride_x, x2 // stride_x)
                ]
                values.append(sum(cells) / len(cells))
            images.append(sum(values) / len(values) if values else 0.0)
        levels.append(sum(images) / len(images))
    return weight * sum(levels) / len(levels)


ALIGNED = [
    _boxes([0, 0, 32, 16], [16, 16, 96, 64], [48, 32, 64, 48]),
    _boxes([80, 48, 96, 64], [0, 0, 96, 64]),
]


@pytest.mark.parametrize("count", [1, 2, 3, 5])
@pytest.mark.parametrize("weight", [5.0, 0.3])
def test_aligned_boxes_equal_a_loop_over_cells(count, weight):
    ours, theirs = _maps(0), _maps(1)
    loss = ROIPerceptualLoss(num_rois=count, loss_weight=weight)(ours, theirs, ALIGNED, IMAGE)
    expected = _loop(ours, theirs, ALIGNED, weight, count)
    assert loss.item() == pytest.approx(expected, rel=1e-6)


def test_the_defaults_are_the_paper_s():
    loss = ROIPerceptualLoss()
    assert (loss.num_rois, loss.loss_weight) == (5, 5.0)


def test_float32_equals_a_loop_over_cells():
    ours, theirs = ([m.float() for m in _maps(seed)] for seed in (0, 1))
    loss = ROIPerceptualLoss()(ours, theirs, [b.float() for b in ALIGNED], IMAGE)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(_loop(ours, theirs, ALIGNED, 5.0, 5), rel=1e-5)


def _sampled(ours, theirs, box, samples=400):
    """Mean over a fine grid of points inside the box and the image: one level, one image."""
    x1, y1, x2, y2 = box
    x1, x2 = (min(max(v, 0), IMAGE[1]) for v in (x1, x2))
    y1, y2 = (min(max(v, 0), IMAGE[0]) for v in (y1, y2))
    steps = (torch.arange(samples, dtype=torch.float64) + 0.5) / samples
    columns = ((x1 + (x2 - x1) * steps) / IMAGE[1] * ours.shape[3]).long()
    rows = ((y1 + (y2 - y1) * steps) / IMAGE[0] * ours.shape[2]).long()
    squared = ((ours - theirs)[0] ** 2).mean(0)
    return squared[rows[:, None], columns[None]].mean().item()


@pytest.mark.parametrize(
    "box",
    [
        (3.7, 10.2, 61.3, 50.9),  # cuts cells on all sides
        (33.0, 21.5, 38.2, 23.0),  # inside one cell
        (30.1, 5.0, 34.9, 60.0),  # narrow, across many cells
        (-20.0, 40.0, 13.3, 90.0),  # reaches over two sides of the image
        (-5.0, -5.0, 200.0, 100.0),  # larger than the image
    ],
)
@pytest.mark.parametrize("cells", [(8, 12), (16, 6)], ids=["square", "oblong"])
def test_fractional_boxes_equal_a_finely_sampled_mean(box, cells):
    ours, theirs = (_maps(seed, batch=1, cells=[cells], channels=[3]) for seed in (0, 1))
    loss = ROIPerceptualLoss(loss_weight=1.0)(ours, theirs, [_boxes(box)], IMAGE)
    assert loss.item() == pytest.approx(_sampled(ours[0], theirs[0], box), rel=5e-3)


def test_a_cell_half_covered_counts_half():
    difference = torch.tensor([[1.0, 3.0, 7.0]]).sqrt().reshape(1, 1, 1, 3)
    box = torch.tensor([[5.0, 0.0, 20.0, 10.0]])  # half of the first cell, all of the second
    loss = ROIPerceptualLoss(loss_weight=1.0)([difference], [difference * 0], [box], (10, 30))
    assert loss.item() == pytest.approx((0.5 * 1 + 1 * 3) / 1.5, rel=1e-6)


@pytest.mark.parametrize(
    ("box", "cell"),
    [
        ((20.0, 20.0, 20.0, 20.0), (2, 2)),  # no extent at all
        ((20.0, 20.0, 17.0, 12.0), (2, 2)),  # corners the wrong way round
        ((20.0, 20.0, 20.1, 20.1), (2, 2)),
        ((96.0, 64.0, 96.0, 64.0), (7, 11)),  # in the far corner
        ((120.0, 80.0, 140.0, 99.0), (7, 11)),  # beyond it
        ((-9.0, -9.0, -3.0, -3.0), (0, 0)),
    ],
)
def test_boxes_without_extent_take_the_nearest_cell(box, cell):
    ours, theirs = (_maps(seed, batch=1, cells=[(8, 12)], channels=[3]) for seed in (0, 1))
    loss = ROIPerceptualLoss(loss_weight=1.0)(ours, theirs, [_boxes(box)], IMAGE)
    expected = ((ours[0] - theirs[0])[0, :, cell[0], cell[1]] ** 2).mean().item()
    assert loss.item() == pytest.approx(expected, rel=1e-6)


def test_a_constant_difference_gives_its_square_times_the_weight():
    theirs = _maps(1)
    ours = tuple(m + 0.25 for m in theirs)
    regions = [_boxes([1.3, 2.2, 9.1, 60]), _boxes([5, 5, 6, 6], [0, 0, 96, 64])]
    loss = ROIPerceptualLoss(loss_weight=5.0)(ours, theirs, regions, IMAGE)
    assert loss.item() == pytest.approx(5.0 * 0.25**2, rel=1e-6)


def test_the_weight_does_not_depend_on_the_number_of_levels():
    ours, theirs = _maps(0), _maps(1)
    loss = ROIPerceptualLoss()
    single = [loss([a], [b], ALIGNED, IMAGE) for a, b in zip(ours, theirs, strict=True)]
    both = loss(ours, theirs, ALIGNED, IMAGE)
    torch.testing.assert_close(both, sum(single) / 2)


def test_an_image_without_regions_counts_as_zero_in_the_batch_mean():
    ours, theirs = _maps(0), _maps(1)
    loss = ROIPerceptualLoss()
    alone = loss([m[:1] for m in ours], [m[:1] for m in theirs], ALIGNED[:1], IMAGE)
    beside_none = loss(ours, theirs, [ALIGNED[0], _boxes()], IMAGE)
    torch.testing.assert_close(beside_none, alone / 2)


def test_differences_outside_of_the_regions_do_not_matter():
    ours, theirs = _maps(0), _maps(1)
    regions = [_boxes([16, 16, 48, 32]), _boxes([0, 0, 16, 16])]
    loss = ROIPerceptualLoss()
    before = loss(ours, theirs, regions, IMAGE)
    changed = tuple(m.clone() for m in ours)
    for level in changed:
        level[:, :, level.shape[2] // 2 :] += 100.0  # rows below 32
    assert loss(changed, theirs, regions, IMAGE) == before
    changed[0][0, 0, 2, 3] += 1.0  # and one inside does
    assert loss(changed, theirs, regions, IMAGE) != before


def test_gradient_is_confined_to_the_regions_and_to_the_best_k():
    ours = tuple(m.requires_grad_() for m in _maps(0, batch=1))
    regions = [_boxes([16, 16, 48, 32], [64, 48, 80, 64])]
    ROIPerceptualLoss(num_rois=1)(ours, _maps(1, batch=1), regions, IMAGE).backward()
    inside = torch.zeros(8, 12, dtype=torch.bool)
    inside[2:4, 2:6] = True
    assert (ours[0].grad[0][:, inside] != 0).all()
    assert (ours[0].grad[0][:, ~inside] == 0).all()


def test_no_gradient_to_the_reference_or_the_boxes():
    ours, theirs = (tuple(m.requires_grad_() for m in _maps(seed)) for seed in (0, 1))
    regions = [boxes.clone().requires_grad_() for boxes in ALIGNED]
    ROIPerceptualLoss()(ours, theirs, regions, IMAGE).backward()
    assert all(m.grad is not None and m.grad.abs().sum() > 0 for m in ours)
    assert all(m.grad is None for m in theirs)
    assert all(boxes.grad is None for boxes in regions)


def test_gradient_equals_finite_differences():
    regions = [_boxes([3.7, 10.2, 61.3, 50.9], [33, 21.5, 33, 21.5]), _boxes()]
    theirs = _maps(1, cells=((3, 4), (2, 2)), channels=(2, 1))
    ours = tuple(m.requires_grad_() for m in _maps(0, cells=((3, 4), (2, 2)), channels=(2, 1)))
    loss = ROIPerceptualLoss()
    assert torch.autograd.gradcheck(lambda *maps: loss(maps, theirs, regions, IMAGE), ours)


@pytest.mark.parametrize("value", [1.0, float("inf")])
def test_without_any_region_the_loss_is_an_exact_zero_with_a_graph(value):
    ours = tuple((m * value).requires_grad_() for m in _maps(0))
    loss = ROIPerceptualLoss()(ours, _maps(1), [_boxes(), _boxes()], IMAGE)
    assert loss.item() == 0.0
    loss.backward()
    assert all((m.grad == 0).all() for m in ours)


@pytest.mark.parametrize(
    ("ours", "theirs", "regions", "message"),
    [
        (_maps(0), _maps(1)[:1], ALIGNED, "feature maps differ"),
        (_maps(0), _maps(1, batch=1), ALIGNED, "feature maps differ"),
        ((), (), ALIGNED, "feature maps differ"),
        (_maps(0), _maps(1), ALIGNED[:1], "1 sets of regions for a batch of 2 images"),
        (_maps(0), _maps(1), [ALIGNED[0], torch.zeros(2, 5)], r"image 1 must be \(K, 4\)"),
        (_maps(0), _maps(1), [torch.zeros(4), ALIGNED[1]], r"image 0 must be \(K, 4\)"),
    ],
)
def test_what_does_not_fit_is_refused(ours, theirs, regions, message):
    with pytest.raises(ValueError, match=message):
        ROIPerceptualLoss()(ours, theirs, regions, IMAGE)


@pytest.mark.parametrize("count", [0, -1])
def test_the_number_of_regions_must_be_positive(count):
    with pytest.raises(ValueError, match=f"num_rois must be at least 1, got {count}"):
        ROIPerceptualLoss(num_rois=count)


def _pyramid(strides, side, difference):
    """Two sets of maps of a square image; each level differs by its own entry."""
    theirs = [torch.randn(1, 2, side // s, side // s) for s in strides]
    return [m + d for m, d in zip(theirs, difference, strict=True)], theirs


SIDES = (0.0, 5, 20, 55, 56, 90, 111.9, 112, 113, 160, 223.9, 224, 300, 447, 448, 500)


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 1, 0, 2)], ids=["fine first", "mixed"])
@pytest.mark.parametrize("aspect", [1.0, 0.5, 3.0])
def test_by_size_chooses_the_level_that_mmdet_pools_from(order, aspect):
    """14 cells on the map are mmdet's ``finest_scale=56`` pixels at stride 4."""
    strides, marks = (4, 8, 16, 32), (1.0, 2.0, 3.0, 4.0)
    extractor = SingleRoIExtractor({"type": "RoIAlign", "output_size": 7}, 2, strides)
    ours, theirs = _pyramid([strides[i] for i in order], 1024, [marks[i] for i in order])
    loss = ROIPerceptualLoss(loss_weight=1.0, levels="by_size")
    for side in SIDES:
        box = torch.tensor([[7.0, 9.0, 7 + side * aspect, 9 + side / aspect]])
        roi = torch.cat([torch.zeros(1, 1), box], dim=1)
        expected = marks[extractor.map_roi_levels(roi, 4).item()]
        assert loss(ours, theirs, [box], (1024, 1024)).item() == pytest.approx(
            expected**2, rel=1e-4
        ), side


def test_by_size_is_the_mean_over_regions_each_on_its_own_map():
    ours, theirs = _pyramid((4, 8, 16), 256, (1.0, 2.0, 3.0))
    large, small = [0.0, 0, 250, 250], [30.0, 30, 40, 40]
    regions = [torch.tensor([large, small, small]), torch.tensor([large])]
    ours, theirs = ([m.repeat(2, 1, 1, 1) for m in maps] for maps in (ours, theirs))
    loss = ROIPerceptualLoss(loss_weight=5.0, levels="by_size")(ours, theirs, regions, (256, 256))
    expected = 5 * ((9 + 1 + 1) / 3 + 9) / 2
    assert loss.item() == pytest.approx(expected, rel=1e-4)


def test_by_size_counts_cells_on_oblong_maps_too():
    """Rows 4 and columns 16 pixels apart: 8 pixels between cells."""
    theirs = [torch.zeros(1, 1, 64, 16), torch.zeros(1, 1, 128, 128)]
    ours = [theirs[0] + 1, theirs[1] + 2]
    for side, expected in ((39, 4.0), (41, 1.0)):
        box = torch.tensor([[0.0, 0, side, side]])
        loss = ROIPerceptualLoss(loss_weight=1.0, levels="by_size", min_cells=5)
        assert loss(ours, theirs, [box], (256, 256)).item() == pytest.approx(expected)


def test_by_size_has_gradient_on_the_chosen_map_only():
    ours, theirs = _maps(0, batch=1), _maps(1, batch=1)
    ours = tuple(m.requires_grad_() for m in ours)
    regions = [_boxes([16, 16, 48, 32])]
    ROIPerceptualLoss(levels="by_size")(ours, theirs, regions, IMAGE).backward()
    assert ours[0].grad.abs().sum() > 0
    assert (ours[1].grad == 0).all()


def test_by_size_on_a_single_map_is_the_mean_over_all():
    ours, theirs = _maps(0)[:1], _maps(1)[:1]
    by_size = ROIPerceptualLoss(levels="by_size")(ours, theirs, ALIGNED, IMAGE)
    torch.testing.assert_close(by_size, ROIPerceptualLoss()(ours, theirs, ALIGNED, IMAGE))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"levels": "finest"}, r"levels must be one of \('all', 'by_size'\), got 'finest'"),
        ({"levels": "by_size", "min_cells": 0}, "min_cells must be positive, got 0"),
    ],
)
def test_unknown_levels_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        ROIPerceptualLoss(**options)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("difference", [300.0, 2.0**-13])
def test_half_precision_features_have_squares_in_full(dtype, difference):
    """Of float16 the one square would be infinite and the other zero."""
    ours = torch.full((1, 3, 8, 12), difference, dtype=dtype)
    loss_of = ROIPerceptualLoss(loss_weight=1.0)
    regions = [_boxes([8, 8, 40, 40]).float()]
    with torch.autocast("cpu", dtype):
        loss = loss_of((ours,), (torch.zeros_like(ours),), regions, IMAGE)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(difference**2, rel=1e-6)
