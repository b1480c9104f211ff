"""A detector from its MMDetection config, ready for CT slices with boxes."""

import copy

from mmengine.logging import print_log
from torch import nn

from lidnet_mm.missing_package import needed_by
from lidnet_mm.registry import MODELS

MASK_PARTS = ("mask_head", "mask_roi_extractor", "mask_iou_head")
"""Parts of a second stage that learn from masks."""


def build_detector(config: dict) -> nn.Module:
    """Build a detector without what needs masks or augments whole batches.

    - Mask branches of the second stage: the data of LIDnet are boxes.
    - Augmentations of whole batches in the preprocessor (such as YOLOX's random sizes): the
      denoiser and its reference would have to follow.

    What is left out is logged.

    Args:
        config (dict): Config of an mmdet detector; it is not changed.

    Returns:
        nn.Module: The detector.

    Raises:
        MissingPackageError: If MMDetection is not installed.
    """
    with needed_by("a detector"):
        from mmdet.models.dense_heads import SSDHead

    config = copy.deepcopy(config)
    left_out = []
    roi_head = config.get("roi_head") or {}
    for part in MASK_PARTS:
        if roi_head.get(part) is not None:
            roi_head[part] = None
            left_out.append(f"roi_head.{part} (the data have boxes only)")
    if "mask_iou_head" in roi_head:  # Mask Scoring R-CNN insists on it
        del roi_head["mask_iou_head"]
        roi_head["type"] = "mmdet.StandardRoIHead"
    preprocessor = config.get("data_preprocessor") or {}
    for augment in preprocessor.pop("batch_augments", None) or []:
        left_out.append(f"{augment['type']} (slices are not augmented in batches)")
    if left_out:
        print_log(f"{config['type']}: left out {', '.join(left_out)}", logger="current")
    detector = MODELS.build(config)
    head = getattr(detector, "bbox_head", None)
    if isinstance(head, SSDHead) and not hasattr(head, "loss_cls"):
        head.loss_cls = None  # its base class asks for it when it predicts; mmdet 3.5 forgot it
    return detector
