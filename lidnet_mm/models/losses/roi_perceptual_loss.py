"""ROI perceptual loss (Eq. 2-4): feature distance on the regions that the detector proposes."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from lidnet_mm.registry import MODELS

LEVELS = ("all", "by_size")
"""Which maps a region is compared on."""


@MODELS.register_module()
class ROIPerceptualLoss(nn.Module):
    """Eq. 4: mean squared feature difference per region, averaged over regions and batch.

    On each feature map the squared difference is averaged over the channels and, weighted by
    the part of each cell that a region covers, over the region. A region smaller than one cell
    so takes the value of the cell it lies in. The mean over the maps makes the weight of the
    loss independent of how many levels are compared.

    A small region is a fraction of a cell of a coarse map, whose features tell of its
    surroundings. With ``levels='by_size'`` each region is compared on one map alone: the
    coarsest on which its side, sqrt(width * height), spans at least ``min_cells`` cells, or the
    finest where there is none. With 14 cells this is the rule by which a feature pyramid shares
    out its regions (Lin et al., CVPR 2017, Eq. 1: 224 pixels belong to stride 16).

    No gradient passes through the reference features or the boxes.

    Args:
        num_rois (int): K, the number of best regions of each image to compare. Images with
            fewer use those they have. Defaults to 5.
        loss_weight (float): lambda_1. Defaults to 5.
        levels (str): ``'all'``, the mean over all maps, or ``'by_size'``, one map a region.
            Defaults to ``'all'``, the paper's.
        min_cells (float): For ``'by_size'``: cells that the side of a region spans at least, > 0.
            Defaults to 14.

    Raises:
        ValueError: If ``num_rois`` or ``min_cells`` is not positive, or ``levels`` is unknown.
    """

    def __init__(
        self,
        num_rois: int = 5,
        loss_weight: float = 5.0,
        levels: str = "all",
        min_cells: float = 14.0,
    ) -> None:
        super().__init__()
        if num_rois < 1:
            raise ValueError(f"num_rois must be at least 1, got {num_rois}")
        if levels not in LEVELS:
            raise ValueError(f"levels must be one of {LEVELS}, got {levels!r}")
        if min_cells <= 0:
            raise ValueError(f"min_cells must be positive, got {min_cells}")
        self.num_rois = num_rois
        self.loss_weight = loss_weight
        self.levels = levels
        self.min_cells = min_cells

    def forward(
        self,
        feats_denoised: Sequence[Tensor],
        feats_reference: Sequence[Tensor],
        regions: Sequence[Tensor],
        image_shape: tuple[int, int],
    ) -> Tensor:
        """Compare two sets of features on the given regions.

        Args:
            feats_denoised (Sequence[Tensor]): T(denoised), maps (N, C, H_l, W_l).
            feats_reference (Sequence[Tensor]): T(reference), the same shapes.
            regions (Sequence[Tensor]): N tensors (K_i, 4), xyxy in image pixels, best first.
            image_shape (tuple[int, int]): (H, W) in pixels of the image that the maps cover.

        Returns:
            Tensor: Scalar; an exact zero that keeps the graph where no image has a region.

        Raises:
            ValueError: If maps, regions and batch do not fit each other.
        """
        _check(feats_denoised, feats_reference, regions)
        best = [boxes[: self.num_rois].detach() for boxes in regions]
        image_of_region = torch.cat(
            [torch.full((len(b),), i, device=b.device) for i, b in enumerate(best)]
        ).long()
        if len(image_of_region) == 0:
            return sum(feature[:0].sum() for feature in feats_denoised)
        boxes = torch.cat(list(best))
        # Each region weighs 1 / K_i, each image 1 / N.
        regions_of_image = torch.bincount(image_of_region, minlength=len(best))
        share = 1.0 / (len(best) * regions_of_image[image_of_region])
        if self.levels == "all":
            per_level = [
                (self._region_means(*maps, boxes, image_of_region, image_shape) * share).sum()
                for maps in zip(feats_denoised, feats_reference, strict=True)
            ]
            return self.loss_weight * torch.stack(per_level).mean()
        level_of_region = self._level_of_regions(boxes, feats_denoised, image_shape)
        per_level = []
        for level, maps in enumerate(zip(feats_denoised, feats_reference, strict=True)):
            here = level_of_region == level
            means = self._region_means(*maps, boxes[here], image_of_region[here], image_shape)
            per_level.append((means * share[here]).sum())
        return self.loss_weight * torch.stack(per_level).sum()

    def _level_of_regions(
        self, boxes: Tensor, maps: Sequence[Tensor], image_shape: tuple[int, int]
    ) -> Tensor:
        """Index of the one map that each of R boxes is compared on: (R,)."""
        height, width = image_shape
        # Pixels between cells, the geometric mean of rows and columns.
        strides = [math.sqrt(height / m.shape[-2] * (width / m.shape[-1])) for m in maps]
        strides = torch.tensor(strides, device=boxes.device)
        extent = (boxes[:, 2:] - boxes[:, :2]).float().clamp(min=0)
        side = extent.prod(dim=1).sqrt()[:, None]
        # The largest stride among those that fit; where none does, the smallest of all.
        return torch.where(side >= self.min_cells * strides, strides, -strides).argmax(dim=1)

    @staticmethod
    def _region_means(
        ours: Tensor,
        theirs: Tensor,
        boxes: Tensor,
        image_of_region: Tensor,
        image_shape: tuple[int, int],
    ) -> Tensor:
        """Mean squared difference of one level on each of R boxes: (R,), at least float32.

        Features may be in half precision. Their squares are not: in float16 a difference of 256 is
        infinite and one below 2e-4 nothing.
        """
        dtype = torch.promote_types(ours.dtype, torch.float32)
        squared = (ours.to(dtype) - theirs.detach().to(dtype)).square().mean(dim=1)
        height, width = squared.shape[-2:]
        scale_y, scale_x = height / image_shape[0], width / image_shape[1]
        rows = _coverage(boxes[:, 1] * scale_y, boxes[:, 3] * scale_y, height)
        columns = _coverage(boxes[:, 0] * scale_x, boxes[:, 2] * scale_x, width)
        with torch.autocast(squared.device.type, enabled=False):
            per_row = torch.einsum("rhw,rw->rh", squared[image_of_region], columns.to(squared))
        return (per_row * rows.to(squared)).sum(dim=1)


def _coverage(start: Tensor, stop: Tensor, cells: int) -> Tensor:
    """Share of each of ``cells`` unit cells in the interval start..stop: (R, cells), rows sum to 1.

    Intervals are clipped to the map; one without extent takes a thin slice of its cell.
    """
    thinnest = 1e-3
    start = start.float().clamp(0, cells - thinnest)[:, None]
    stop = torch.maximum(stop.float().clamp(0, cells)[:, None], start + thinnest)
    edges = torch.arange(cells, device=start.device, dtype=start.dtype)[None]
    overlap = (torch.minimum(stop, edges + 1) - torch.maximum(start, edges)).clamp(min=0)
    return overlap / overlap.sum(dim=1, keepdim=True)


def _check(
    feats_denoised: Sequence[Tensor], feats_reference: Sequence[Tensor], regions: Sequence[Tensor]
) -> None:
    """Say what does not fit before a broadcast hides it."""
    ours = [tuple(f.shape) for f in feats_denoised]
    theirs = [tuple(f.shape) for f in feats_reference]
    if not ours or ours != theirs:
        raise ValueError(f"feature maps differ: denoised {ours}, reference {theirs}")
    if len(regions) != ours[0][0]:
        raise ValueError(f"{len(regions)} sets of regions for a batch of {ours[0][0]} images")
    for index, boxes in enumerate(regions):
        if boxes.ndim != 2 or boxes.shape[1] != 4:
            raise ValueError(f"regions of image {index} must be (K, 4), got {tuple(boxes.shape)}")
