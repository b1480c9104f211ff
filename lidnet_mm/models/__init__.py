"""Denoisers, losses and the wrapper that puts them in front of a detector.

No model is imported here: ``lidnet_mm.models.denoisers`` and ``lidnet_mm.models.losses`` work
without MMDetection, and the registries import the rest when a config asks for it. An ``init_cfg``
reads weights by this package's own list.
"""

from lidnet_mm import mmengine_checkpoints

__all__ = ["mmengine_checkpoints"]
