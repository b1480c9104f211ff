"""ROI perceptual loss (Eq. 2-4): feature distance on the regions that the detector proposes."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from lidnet_mm.registry import MODELS


@MODELS.register_module()
class ROIPerceptualLoss(nn.Module):
    """Eq. 4: mean squared feature difference per region, averaged over regions and batch.

    On each feature map the squared difference is averaged over the channels and, weighted by
    the part of each cell that a region covers, over the region. A region smaller than one cell
    so takes the value of the cell it lies in. The mean over the maps makes the weight of the
    loss independent of how many levels are compared.

    No gradient passes through the reference features or the boxes.

    Args:
        num_rois (int): K, the number of best regions of each image to compare. Images with
            fewer use those they have. Defaults to 5.
        loss_weight (float): lambda_1. Defaults to 5.

    Raises:
        ValueError: If ``num_rois`` is not positive.
    """

    def __init__(self, num_rois: int = 5, loss_weight: float = 5.0) -> None:
        super().__init__()
        if num_rois < 1:
            raise ValueError(f"num_rois must be at least 1, got {num_rois}")
        self.num_rois = num_rois
        self.loss_weight = loss_weight

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
        per_level = [
            (self._region_means(ours, theirs, boxes, image_of_region, image_shape) * share).sum()
            for ours, theirs in zip(feats_denoised, feats_reference, strict=True)
        ]
        return self.loss_weight * torch.stack(per_level).mean()

    @staticmethod
    def _region_means(
        ours: Tensor,
        theirs: Tensor,
        boxes: Tensor,
        image_of_region: Tensor,
        image_shape: tuple[int, int],
    ) -> Tensor:
        """Mean squared difference of one level on each of R boxes: (R,)."""
        squared = (ours - theirs.detach()).square().mean(dim=1)
        height, width = squared.shape[-2:]
        scale_y, scale_x = height / image_shape[0], width / image_shape[1]
        rows = _coverage(boxes[:, 1] * scale_y, boxes[:, 3] * scale_y, height)
        columns = _coverage(boxes[:, 0] * scale_x, boxes[:, 2] * scale_x, width)
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
