"""The annotated lesions as regions, for comparison."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from mmengine.structures import BaseDataElement, InstanceData
from torch import nn

from lidnet_mm.models.regions.region_source import RegionSource
from lidnet_mm.registry import TASK_UTILS


@TASK_UTILS.register_module()
class AnnotatedRegions(RegionSource):
    """The annotated boxes, whatever the detector proposes; a slice without lesions has none.

    No detector chooses it. It shows what the detector's own choice of regions is worth, and goes
    with detectors whose regions cannot be read.
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
        """The annotated boxes in their order."""
        return [InstanceData(bboxes=sample.gt_instances.bboxes) for sample in samples]
