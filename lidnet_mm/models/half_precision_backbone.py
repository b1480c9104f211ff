"""A detector under autocast: backbone and neck in half precision, the heads in full."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from lidnet_mm.models.temporary_hooks import replaced_attribute


@contextmanager
def half_precision_backbone(detector: nn.Module) -> Iterator[None]:
    """Restrict an autocast that is on to ``detector.extract_feat``.

    The backbone has most of the arithmetic. The heads decode boxes and call operations of mmcv
    (suppression, RoIAlign, deformable attention), which do not know every half precision on every
    device; and 8 bits are too few for the coordinates of a box. Without autocast nothing changes.

    Args:
        detector (nn.Module): An mmdet detector.

    Yields:
        None: The time in which the restriction holds.
    """
    device = next(detector.parameters()).device.type
    if not torch.is_autocast_enabled(device):
        yield
        return
    dtype, extract = torch.get_autocast_dtype(device), detector.extract_feat

    def in_half(images: Tensor) -> tuple[Tensor, ...]:
        with torch.autocast(device, dtype):
            features = extract(images)
        return tuple(feature.float() for feature in features)

    with (
        replaced_attribute(detector, "extract_feat", in_half),
        torch.autocast(device, enabled=False),
    ):
        yield
