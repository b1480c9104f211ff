"""What the tools and notebooks call."""

from typing import Any

__all__ = ["LIDInferencer"]


def __getattr__(name: str) -> Any:
    """Import the inferencer when it is asked for: other modules here do without what it needs."""
    if name == "LIDInferencer":
        from lidnet_mm.apis.inferencer import LIDInferencer

        return LIDInferencer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
