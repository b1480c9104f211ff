"""What of a detector's config cannot apply to CT slices with boxes."""

import copy

from mmengine.logging import print_log

MASK_PARTS = ("mask_head", "mask_roi_extractor", "mask_iou_head")
"""Parts of a second stage that learn from masks."""


def for_slices_with_boxes(config: dict) -> dict:
    """The config of a detector without what needs masks or 8-bit colour images.

    - Mask branches of the second stage: the data of LIDnet are boxes.
    - Augmentations of whole batches in the preprocessor (such as YOLOX's random sizes): the
      denoiser and its reference would have to follow.

    What is left out is logged.

    Args:
        config (dict): Config of an mmdet detector; it is not changed.

    Returns:
        dict: A copy.
    """
    config = copy.deepcopy(config)
    left_out = []
    roi_head = config.get("roi_head") or {}
    for part in MASK_PARTS:
        if roi_head.get(part) is not None:
            roi_head[part] = None
            left_out.append(f"roi_head.{part} (the data have boxes only)")
    preprocessor = config.get("data_preprocessor") or {}
    for augment in preprocessor.pop("batch_augments", None) or []:
        left_out.append(f"{augment['type']} (slices are not augmented in batches)")
    if left_out:
        print_log(f"{config['type']}: left out {', '.join(left_out)}", logger="current")
    return config
