"""Regions of two-stage detectors: what the region proposal network hands on."""

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from mmengine.structures import BaseDataElement, InstanceData
from torch import nn

from lidnet_mm.models.regions.region_source import RegionSource
from lidnet_mm.models.temporary_hooks import replaced_attribute
from lidnet_mm.registry import TASK_UTILS


@TASK_UTILS.register_module()
class RPNRegions(RegionSource):
    """The proposals, on their way from the RPN to the second stage (Eq. 2 and 3).

    Whatever the RPN is (guided anchors, a cascade), these are the regions that the detector
    itself used.
    """

    @classmethod
    def fits(cls, detector: nn.Module) -> bool:
        """Whether there is an RPN."""
        return hasattr(getattr(detector, "rpn_head", None), "loss_and_predict")

    @contextmanager
    def watch(self, detector: nn.Module) -> Iterator[list[list[InstanceData]]]:
        """Keep copies of the proposals: the second stage changes them."""
        kept: list[list[InstanceData]] = []
        loss_and_predict = detector.rpn_head.loss_and_predict

        def keep(*args: object, **kwargs: object) -> tuple[dict, list[InstanceData]]:
            losses, proposals = loss_and_predict(*args, **kwargs)
            kept.append([copy.deepcopy(p.detach()) for p in proposals])
            return losses, proposals

        with replaced_attribute(detector.rpn_head, "loss_and_predict", keep):
            yield kept

    def proposals(
        self,
        detector: nn.Module,
        kept: list[InstanceData],
        samples: Sequence[BaseDataElement],
    ) -> list[InstanceData]:
        """The proposals as they were."""
        return kept
