"""Features and best regions of a detector, read from the pass that computes its loss."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmengine.structures import BaseDataElement
from torch import Tensor, nn


class PassRecord:
    """What one forward pass of a detector left behind.

    Attributes:
        features (list[tuple[Tensor, ...]]): Output of the feature module, one entry a call.
        rpn_outputs (list[tuple]): Output of the RPN head, one entry a call.
    """

    def __init__(self) -> None:
        self.features: list[tuple[Tensor, ...]] = []
        self.rpn_outputs: list[tuple] = []


class DetectorTap:
    """Reads a two-stage detector's features and proposals without running anything twice.

    Forward hooks keep what the backbone (or neck) and the RPN head returned while the detector
    computed its own loss; the proposals are decoded from that by the RPN head's own method.

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
                "regions from; use a two-stage detector such as Faster R-CNN, or set "
                "roi_perceptual_loss=None"
            )
        self.source = source
        self.levels = levels

    @contextmanager
    def record(self, detector: nn.Module) -> Iterator[PassRecord]:
        """Keep what passes through the detector while the context is open."""
        record = PassRecord()
        handles = [
            getattr(detector, self.source).register_forward_hook(
                lambda _module, _inputs, output: record.features.append(tuple(output))
            ),
            detector.rpn_head.register_forward_hook(
                lambda _module, _inputs, output: record.rpn_outputs.append(output)
            ),
        ]
        try:
            yield record
        finally:
            for handle in handles:
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

    @staticmethod
    @torch.no_grad()
    def regions(
        detector: nn.Module, record: PassRecord, samples: list[BaseDataElement], count: int
    ) -> list[Tensor]:
        """The best proposals of the recorded pass (Eq. 2, 3).

        Args:
            detector (nn.Module): The detector that was recorded.
            record (PassRecord): Its pass.
            samples (list[BaseDataElement]): N samples of that pass.
            count (int): K.

        Returns:
            list[Tensor]: N tensors (K_i, 4), xyxy in pixels of the input, best first, K_i <= K.
        """
        config = detector.train_cfg.get("rpn_proposal", detector.test_cfg.rpn).copy()
        config.update(max_per_img=count)
        results = detector.rpn_head.predict_by_feat(
            *record.rpn_outputs[-1],
            batch_img_metas=[sample.metainfo for sample in samples],
            cfg=config,
        )
        return [result.bboxes[:count] for result in results]
