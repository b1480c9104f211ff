"""The regions on which the ROI perceptual loss compares features, by family of detectors."""

from torch import nn

from lidnet_mm.models.regions.annotated_regions import AnnotatedRegions
from lidnet_mm.models.regions.dense_head_regions import DenseHeadRegions
from lidnet_mm.models.regions.query_regions import QueryRegions
from lidnet_mm.models.regions.refined_regions import RefinedRegions
from lidnet_mm.models.regions.region_source import RegionSource
from lidnet_mm.models.regions.rpn_regions import RPNRegions
from lidnet_mm.models.regions.whole_slice_regions import WholeSliceRegions
from lidnet_mm.registry import TASK_UTILS

__all__ = [
    "AnnotatedRegions",
    "DenseHeadRegions",
    "QueryRegions",
    "RPNRegions",
    "RefinedRegions",
    "RegionSource",
    "WholeSliceRegions",
    "region_source_for",
]

CHOICE = (RefinedRegions, RPNRegions, QueryRegions, DenseHeadRegions)
"""The first that fits is taken: Sparse R-CNN also has an RPN, of learned proposals."""


def region_source_for(detector: nn.Module, config: dict | None = None) -> RegionSource:
    """The source of regions of a detector.

    Args:
        detector (nn.Module): An mmdet detector.
        config (dict, optional): Config of a source. Defaults to the first that fits.

    Returns:
        RegionSource: The source.

    Raises:
        ValueError: If it does not fit the detector, or none does.
    """
    name = type(detector).__name__
    if config is not None:
        source = TASK_UTILS.build(config)
        if not source.fits(detector):
            raise ValueError(f"region_source {config['type']} does not fit {name}")
        return source
    for kind in CHOICE:
        if kind.fits(detector):
            return kind()
    raise ValueError(
        f"{name} has neither a region proposal network nor a dense or query head of boxes, which "
        "ROIPerceptualLoss takes its regions from; choose the annotated lesions, region_source="
        "dict(type='lidnet_mm.AnnotatedRegions'), or leave the term out: roi_perceptual_loss="
        "dict(type='lidnet_mm.ROIPerceptualLoss', loss_weight=0)"
    )
