"""Arithmetic of a work: how much it is, how much a device can do, and the part that it gets."""

import time
from collections.abc import Callable

import torch
from measuring import synchronise
from torch.utils.flop_counter import FlopCounterMode

DTYPES = {
    "fp32": torch.float32,
    "tf32": torch.float32,
    "fp16": torch.float16,
    "bf16": torch.bfloat16,
}
"""Kinds of multiplication; tf32 is float32 with factors of 10 bits, cuDNN's default."""


def flops_of(work: Callable[[], object]) -> int:
    """Floating-point operations of a work's matrix products and convolutions, backward passes too.

    A multiplication and an addition count as two. Everything else, such as a norm, a suppression
    or the optimizer's update, counts nothing: it is the number that a peak rate is compared with.
    """
    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops()


def peak_rate(kind: str, device: str, size: int, seconds: float) -> float:
    """Floating-point operations a second of a square matrix product, the best of several.

    Random numbers, because products of zeros are faster than any real ones.

    Args:
        kind: A key of ``DTYPES``.
        device: Where.
        size: Side of the matrices.
        seconds: How long to try; it is done twice at least, the first does not count.

    Returns:
        The rate.
    """
    allowed = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = kind == "tf32"
    try:
        left, right = (torch.randn(size, size, device=device).to(DTYPES[kind]) for _ in range(2))
        torch.matmul(left, right)  # loads libraries
        best, end = float("inf"), time.perf_counter() + seconds
        while best == float("inf") or time.perf_counter() < end:
            synchronise()
            began = time.perf_counter()
            torch.matmul(left, right)
            synchronise()
            best = min(best, time.perf_counter() - began)
    finally:
        torch.backends.cuda.matmul.allow_tf32 = allowed
    return 2 * size**3 / best


def utilisation(flops: float, seconds: float, rate: float) -> float:
    """Part of a peak rate that a work reaches (model FLOPs utilisation), 0 to 1."""
    return flops / seconds / rate
