"""Feature maps of a detector, read from the pass that computes its loss."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class FeatureTap:
    """Reads T of Eq. 4, the maps of a detector's backbone or neck, without running it twice.

    Args:
        detector (nn.Module): Any mmdet detector.
        source (str): ``'backbone'`` (the paper's T) or ``'neck'``. Defaults to ``'backbone'``.
        levels (list[int], optional): Indices of the maps to compare. Defaults to all.

    Raises:
        ValueError: If the detector has no such part.
    """

    def __init__(
        self, detector: nn.Module, source: str = "backbone", levels: list[int] | None = None
    ) -> None:
        if source not in ("backbone", "neck") or getattr(detector, source, None) is None:
            raise ValueError(
                f"feature source {source!r}: {type(detector).__name__} has no such part"
            )
        self.source = source
        self.levels = levels

    @contextmanager
    def watch(self, detector: nn.Module) -> Iterator[list[tuple[Tensor, ...]]]:
        """Keep the maps that the detector computes while the context is open, one entry a pass."""
        kept: list[tuple[Tensor, ...]] = []
        handle = getattr(detector, self.source).register_forward_hook(
            lambda _module, _inputs, output: kept.append(self._select(output))
        )
        try:
            yield kept
        finally:
            handle.remove()

    @torch.no_grad()
    def reference(self, detector: nn.Module, images: Tensor) -> tuple[Tensor, ...]:
        """T(y): the maps of (N, 3, H, W) images, without gradient."""
        features = detector.backbone(images)
        if self.source == "neck":
            features = detector.neck(features)
        return self._select(features)

    def _select(self, features: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """The maps to compare."""
        features = tuple(features)
        if self.levels is None:
            return features
        if max(self.levels) >= len(features):
            raise ValueError(
                f"feature_levels {self.levels}: the {self.source} returns {len(features)} maps"
            )
        return tuple(features[level] for level in self.levels)
