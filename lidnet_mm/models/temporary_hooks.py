"""Hooks on a module for a while: what it returns is recorded, an attribute replaced."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn


@contextmanager
def recorded_outputs(module: nn.Module) -> Iterator[list]:
    """Keep what a module's ``forward`` returns while the context is open, one entry a call."""
    kept: list[Any] = []
    handle = module.register_forward_hook(lambda _module, _inputs, output: kept.append(output))
    try:
        yield kept
    finally:
        handle.remove()


@contextmanager
def replaced_attribute(owner: nn.Module, name: str, value: object) -> Iterator[None]:
    """Replace an attribute of this instance while the context is open.

    For methods that are not ``forward``, which a hook cannot see, and for settings.
    """
    own = name in vars(owner)
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if own:
            setattr(owner, name, before)
        else:
            delattr(owner, name)
