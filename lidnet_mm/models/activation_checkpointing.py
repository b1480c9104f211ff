"""Less memory for a generator's training: activations computed again instead of kept."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from lidnet_mm.models.denoisers.base_generator import BaseGenerator

CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)


def recompute_activations(generator: nn.Module) -> None:
    """Let a generator keep the inputs of its blocks alone; changes it in place.

    The blocks are the entries of its lists and sequences that consist of layers themselves, such
    as transformer or residual blocks. A generator of less than two blocks is recomputed as a
    whole, which saves memory only beside a detector: its activations are then gone while the
    detector has its own. Outputs and gradients are the same; a step costs one more forward pass
    of what is recomputed. Names of weights do not change.

    Args:
        generator (nn.Module): Any network; chance in it is repeated in the second pass.
    """
    blocks = list(_blocks(generator))
    if len(blocks) < 2:
        # Without the check of its input, which torch.compile cannot repeat.
        _recompute(generator, "denoise" if isinstance(generator, BaseGenerator) else "forward")
        return
    for block in blocks:
        _recompute(block, "forward")


def _recompute(module: nn.Module, method: str) -> None:
    """Let a method keep nothing but its inputs."""
    # A partial, not a closure: a copy of the module then runs itself, not its original.
    setattr(module, method, partial(_recomputed, getattr(module, method)))


def _recomputed(forward: Callable[..., Tensor], *args: Any, **options: Any) -> Tensor:
    """A pass whose activations are forgotten until the backward pass."""
    if not torch.is_grad_enabled():
        return forward(*args, **options)
    return checkpoint(forward, *args, use_reentrant=False, **options)


def _blocks(module: nn.Module) -> Iterator[nn.Module]:
    """The outermost entries of lists and sequences that have layers inside."""
    for child in module.children():
        is_block = isinstance(module, CONTAINERS) and not isinstance(child, CONTAINERS)
        if is_block and any(True for _ in child.children()):
            yield child
        else:
            yield from _blocks(child)
