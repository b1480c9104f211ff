"""Pretrained weights of torchvision where torchvision itself is not installed."""

import importlib
from collections.abc import Iterator
from pathlib import Path

import mmengine
from mmengine.config import Config
from mmengine.fileio import load
from mmengine.logging import print_log

SCHEME = "torchvision://"
ADDRESSES = Path(mmengine.__file__).parent / "hub" / "torchvision_0.12.json"
"""MMEngine's own table from a network's name to the address of its weights."""


def replace_torchvision_weights(config: Config) -> None:
    """Put the address of the weights where a model asks torchvision for it.

    MMEngine imports torchvision to look the address of ``torchvision://resnet50`` up, a package
    that this one does not require. Where it can be imported nothing is changed.

    Args:
        config (Config): Any config, changed in place.

    Raises:
        ValueError: If the table does not know the network.
    """
    entries = list(_entries(config.get("model")))
    if not entries or _has_torchvision():
        return
    addresses = load(str(ADDRESSES))
    for part, key in entries:
        name = part[key].removeprefix(SCHEME)
        if name not in addresses:
            raise ValueError(
                f"the weights {part[key]} need the package torchvision, which cannot be imported: "
                f"install it, or name a file or an address in their place ({key}=...)"
            )
        part[key] = addresses[name]
        print_log(
            f"{SCHEME}{name} -> {part[key]}, as torchvision is not installed", logger="current"
        )


def _entries(part: object) -> Iterator[tuple[dict, str]]:
    """Dicts and keys, at any depth, whose value names weights of torchvision."""
    if isinstance(part, list | tuple):
        for item in part:
            yield from _entries(item)
    elif isinstance(part, dict):
        for key, value in part.items():
            if isinstance(value, str) and value.startswith(SCHEME):
                yield part, key
            yield from _entries(value)


def _has_torchvision() -> bool:
    """Whether torchvision can be imported; a build for another PyTorch cannot."""
    try:
        importlib.import_module("torchvision")
    except (ImportError, RuntimeError):
        return False
    return True
