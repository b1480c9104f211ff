"""Regions of one-stage detectors: the best boxes of the dense head."""

from collections.abc import Sequence
from contextlib import AbstractContextManager

from mmengine.structures import BaseDataElement, InstanceData
from torch import Tensor, nn

from lidnet_mm.missing_package import needed_by
from lidnet_mm.models.regions.region_source import RegionSource
from lidnet_mm.models.temporary_hooks import recorded_outputs, replaced_attribute
from lidnet_mm.registry import TASK_UTILS

with needed_by("DenseHeadRegions"):
    from mmdet.models.dense_heads import (
        CenterNetUpdateHead,
        DETRHead,
        FCOSHead,
        RepPointsHead,
        VFNetHead,
    )


@TASK_UTILS.register_module()
class DenseHeadRegions(RegionSource):
    """The boxes that the head would predict, from the maps that its loss was computed on.

    They are decoded and suppressed by the head's own ``predict_by_feat`` and ``test_cfg``, but for
    the score threshold: a detector that is unsure still says where it looks.

    Args:
        score_thr (float): Boxes with a lower score are no regions, [0, 1]. Defaults to 0.
    """

    def __init__(self, score_thr: float = 0.0) -> None:
        self.score_thr = score_thr

    @classmethod
    def fits(cls, detector: nn.Module) -> bool:
        """Whether there is a dense head of boxes."""
        head = getattr(detector, "bbox_head", None)
        return hasattr(head, "predict_by_feat") and not isinstance(head, DETRHead)

    def watch(self, detector: nn.Module) -> AbstractContextManager[list]:
        """Keep the head's output maps."""
        return recorded_outputs(detector.bbox_head)

    def proposals(
        self,
        detector: nn.Module,
        kept: tuple[list[Tensor], ...],
        samples: Sequence[BaseDataElement],
    ) -> list[InstanceData]:
        """What the head predicts from its maps."""
        head = detector.bbox_head
        settings = {**(head.test_cfg or {}), "score_thr": self.score_thr}
        with replaced_attribute(head, "test_cfg", type(head.test_cfg)(settings)):
            found = head.predict_by_feat(
                *_as_in_eval(head, _detached(kept)),
                batch_img_metas=[sample.metainfo for sample in samples],
                rescale=False,
            )
        # CenterNet knows no threshold, others weight their scores after it.
        return [boxes[boxes.scores >= self.score_thr] for boxes in found]


def _detached(maps: object) -> object:
    """The maps without gradient; some heads nest them deeper (SABL) or have none of a kind."""
    if isinstance(maps, (list, tuple)):
        return type(maps)(_detached(entry) for entry in maps)
    return maps.detach() if isinstance(maps, Tensor) else maps


def _as_in_eval(head: nn.Module, maps: tuple[list[Tensor], ...]) -> tuple[list[Tensor], ...]:
    """The maps as the head returns them in eval mode, where some return others for their loss."""
    if isinstance(head, VFNetHead):
        scores, _, refined = maps
        return scores, refined
    if isinstance(head, RepPointsHead):
        scores, _, refined = maps
        return scores, [head.points2bbox(points) for points in refined]
    if isinstance(head, CenterNetUpdateHead) or (isinstance(head, FCOSHead) and head.norm_on_bbox):
        scores, distances, *others = maps
        in_pixels = [d * stride for d, stride in zip(distances, head.strides, strict=True)]
        return scores, in_pixels, *others
    return maps
