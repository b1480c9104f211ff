"""Regions of query-based detectors: the best boxes of the last decoder layer."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from mmengine.structures import BaseDataElement, InstanceData
from torch import Tensor, nn

from lidnet_mm.missing_package import needed_by
from lidnet_mm.models.regions.region_source import RegionSource
from lidnet_mm.models.temporary_hooks import replaced_attribute
from lidnet_mm.registry import TASK_UTILS

with needed_by("QueryRegions"):
    from mmdet.models.dense_heads import DDQDETRHead, DETRHead


@TASK_UTILS.register_module()
class QueryRegions(RegionSource):
    """The boxes that the matching queries predict in the last decoder layer.

    Denoising queries (DINO), which are annotations with noise, are left out.
    """

    @classmethod
    def fits(cls, detector: nn.Module) -> bool:
        """Whether the head's input are queries; those of DDQ change their number on the way."""
        head = getattr(detector, "bbox_head", None)
        return isinstance(head, DETRHead) and not isinstance(head, DDQDETRHead)

    @contextmanager
    def watch(self, detector: nn.Module) -> Iterator[list[tuple[Tensor, Tensor]]]:
        """Keep scores and boxes of the matching queries."""
        head, kept = detector.bbox_head, []
        loss = head.loss
        denoising: dict = {}

        def note_denoising(*args: object, **kwargs: object) -> dict:
            denoising.update(kwargs.get("dn_meta") or {})
            return loss(*args, **kwargs)

        def keep(_module: nn.Module, _inputs: tuple, output: tuple[Tensor, Tensor]) -> None:
            first = denoising.get("num_denoising_queries", 0)
            kept.append(tuple(layers[-1:, :, first:].detach() for layers in output))

        handle = head.register_forward_hook(keep)
        try:
            with replaced_attribute(head, "loss", note_denoising):
                yield kept
        finally:
            handle.remove()

    def proposals(
        self,
        detector: nn.Module,
        kept: tuple[Tensor, Tensor],
        samples: Sequence[BaseDataElement],
    ) -> list[InstanceData]:
        """What the head predicts from the queries."""
        metas = [sample.metainfo for sample in samples]
        return detector.bbox_head.predict_by_feat(*kept, batch_img_metas=metas, rescale=False)
