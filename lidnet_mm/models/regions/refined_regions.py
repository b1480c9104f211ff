"""Regions of Sparse R-CNN and its kin: learned proposals after their last refinement."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from mmengine.structures import BaseDataElement, InstanceData
from torch import nn

from lidnet_mm.missing_package import needed_by
from lidnet_mm.models.regions.region_source import RegionSource
from lidnet_mm.models.temporary_hooks import replaced_attribute
from lidnet_mm.registry import TASK_UTILS

with needed_by("RefinedRegions"):
    from mmdet.models.roi_heads import SparseRoIHead


@TASK_UTILS.register_module()
class RefinedRegions(RegionSource):
    """The boxes of the last stage, by the score of their best class.

    The proposals that such a detector starts from are learned, the same for every slice and
    often the whole of it.
    """

    @classmethod
    def fits(cls, detector: nn.Module) -> bool:
        """Whether the second stage refines learned proposals."""
        return isinstance(getattr(detector, "roi_head", None), SparseRoIHead)

    @contextmanager
    def watch(self, detector: nn.Module) -> Iterator[list[dict]]:
        """Keep what each stage found."""
        kept: list[dict] = []
        bbox_loss = detector.roi_head.bbox_loss

        def keep(*args: object, **kwargs: object) -> dict:
            results = bbox_loss(*args, **kwargs)
            kept.append(results)
            return results

        with replaced_attribute(detector.roi_head, "bbox_loss", keep):
            yield kept

    def proposals(
        self, detector: nn.Module, kept: dict, samples: Sequence[BaseDataElement]
    ) -> list[InstanceData]:
        """Boxes and scores of the last stage."""
        boxes, scores = kept["detached_proposals"], kept["detached_cls_scores"]
        if not detector.roi_head.bbox_head[-1].loss_cls.use_sigmoid:
            scores = [one.softmax(dim=-1)[:, :-1] for one in scores]  # the last is background
        return [
            InstanceData(bboxes=box, scores=score.amax(dim=-1))
            for box, score in zip(boxes, scores, strict=True)
        ]
