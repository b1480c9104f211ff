"""The whole slice as the only region, for comparison."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from mmengine.structures import BaseDataElement, InstanceData
from torch import nn

from lidnet_mm.models.regions.region_source import RegionSource
from lidnet_mm.registry import TASK_UTILS


@TASK_UTILS.register_module()
class WholeSliceRegions(RegionSource):
    """One region an image, all of it without the padding: a perceptual loss that is not local.

    No detector chooses it. It shows what looking at regions is worth.
    """

    @classmethod
    def fits(cls, detector: nn.Module) -> bool:
        """Every detector."""
        return True

    @contextmanager
    def watch(self, detector: nn.Module) -> Iterator[list[None]]:
        """Nothing is needed from the pass."""
        yield [None]

    def proposals(
        self, detector: nn.Module, kept: None, samples: Sequence[BaseDataElement]
    ) -> list[InstanceData]:
        """The whole image, as a box."""
        like = [sample.gt_instances.bboxes for sample in samples]
        sizes = [sample.img_shape[:2] for sample in samples]
        return [
            InstanceData(bboxes=boxes.new_tensor([[0, 0, width, height]]))
            for boxes, (height, width) in zip(like, sizes, strict=True)
        ]
