"""Features and best regions of a detector, read from the pass that computes its loss."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmdet.structures.bbox import get_box_tensor
from mmengine.structures import InstanceData
from torch import Tensor, nn


class PassRecord:
    """What one pass of a detector left behind.

    Attributes:
        features (list[tuple[Tensor, ...]]): Output of the feature module, one entry a call.
        regions (list[list[Tensor]]): Proposals, one entry a call: N tensors (K_i, 4), xyxy in
            pixels of the input, best first, without gradient.
    """

    def __init__(self) -> None:
        self.features: list[tuple[Tensor, ...]] = []
        self.regions: list[list[Tensor]] = []


class DetectorTap:
    """Reads a two-stage detector's features and proposals without running anything twice.

    While the detector computes its own loss, a forward hook keeps what the backbone (or neck)
    returned, and the proposals are kept on their way from the RPN to the second stage. Whatever
    the RPN is (guided anchors, a cascade), these are the regions that the detector itself used.

    Args:
        detector (nn.Module): A two-stage mmdet detector.
        source (str): ``'backbone'`` (the paper's T) or ``'neck'``. Defaults to ``'backbone'``.
        levels (list[int], optional): Indices of the maps to compare. Defaults to all.

    Raises:
        ValueError: If the detector has no such module or no RPN.
    """

    def __init__(
        self, detector: nn.Module, source: str = "backbone", levels: list[int] | None = None
    ) -> None:
        name = type(detector).__name__
        if source not in ("backbone", "neck") or getattr(detector, source, None) is None:
            raise ValueError(f"feature source {source!r}: {name} has no such part")
        if getattr(detector, "rpn_head", None) is None:
            raise ValueError(
                f"{name} has no region proposal network, which ROIPerceptualLoss takes its "
                "regions from; use a two-stage detector such as Faster R-CNN, or leave the term "
                "out: roi_perceptual_loss=dict(type='lidnet_mm.ROIPerceptualLoss', loss_weight=0)"
            )
        self.source = source
        self.levels = levels

    @contextmanager
    def record(self, detector: nn.Module) -> Iterator[PassRecord]:
        """Keep what passes through the detector while the context is open."""
        record = PassRecord()
        handle = getattr(detector, self.source).register_forward_hook(
            lambda _module, _inputs, output: record.features.append(tuple(output))
        )
        head = detector.rpn_head
        loss_and_predict = head.loss_and_predict

        def keep_proposals(*args: object, **kwargs: object) -> tuple[dict, list[InstanceData]]:
            losses, proposals = loss_and_predict(*args, **kwargs)
            record.regions.append([_best_first(p) for p in proposals])
            return losses, proposals

        # loss_and_predict is no forward, so no hook can see it: it is shadowed on the instance.
        head.loss_and_predict = keep_proposals
        try:
            yield record
        finally:
            del head.loss_and_predict
            handle.remove()

    def select(self, features: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """The maps to compare.

        Raises:
            ValueError: If a wanted level does not exist.
        """
        if self.levels is None:
            return features
        if max(self.levels) >= len(features):
            raise ValueError(
                f"feature_levels {self.levels}: the {self.source} returns {len(features)} maps"
            )
        return tuple(features[level] for level in self.levels)

    @torch.no_grad()
    def reference_features(self, detector: nn.Module, images: Tensor) -> tuple[Tensor, ...]:
        """T(y): features of (N, 3, H, W) images, without gradient."""
        features = detector.backbone(images)
        if self.source == "neck":
            features = detector.neck(features)
        return self.select(tuple(features))


def _best_first(proposals: InstanceData) -> Tensor:
    """Boxes (K, 4) of one image by falling score; copied, for the second stage changes them."""
    boxes = get_box_tensor(proposals.bboxes).detach()
    if "scores" not in proposals:  # learned proposals, which have no score: in their own order
        return boxes.clone()
    return boxes[proposals.scores.detach().argsort(descending=True, stable=True)]
