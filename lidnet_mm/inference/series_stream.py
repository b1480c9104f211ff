"""The slices of a series through a denoiser, while the next ones are read and the last written."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import numpy as np

from lidnet_mm.datasets.readers import CTVolume
from lidnet_mm.inference.slice_denoiser import SliceBoxes, SliceDenoiser

Item = TypeVar("Item")
Result = TypeVar("Result")

READERS = WRITERS = 2
"""Threads. Decoding and file access release the interpreter's lock."""


@dataclass(frozen=True)
class DenoisedSlice:
    """One slice.

    Attributes:
        index: Counted from 0 towards superior.
        hu: (H, W) float32 of the source in HU.
        change: (H, W) float32 in HU, what the denoiser adds.
        found: What the detector found; None without one.
    """

    index: int
    hu: np.ndarray
    change: np.ndarray
    found: SliceBoxes | None


def denoised_slices(
    volume: CTVolume, denoise: SliceDenoiser, batch_size: int = 1
) -> Iterator[DenoisedSlice]:
    """Denoise a volume slice by slice; only some slices are in memory at a time.

    Args:
        volume: The source.
        denoise: The denoiser.
        batch_size: Slices at a time.

    Yields:
        The slices, towards superior.

    Raises:
        VolumeError: A slice cannot be read.
        ValueError: A slice has NaN or infinite values.
    """
    with ThreadPoolExecutor(READERS, "read") as pool:
        slices = in_order(pool, volume.read_slice, range(volume.num_slices), 2 * batch_size)
        for start in range(0, volume.num_slices, batch_size):
            batch = list(islice(slices, batch_size))
            _require_finite(volume, start, batch)
            changes, found = denoise(batch)
            for offset, (hu, change) in enumerate(zip(batch, changes, strict=True)):
                boxes = None if found is None else found[offset]
                yield DenoisedSlice(start + offset, hu, change, boxes)


def pass_on(slices: Iterable[DenoisedSlice], write: Callable[[DenoisedSlice], None]) -> None:
    """Hand slices to a writer in threads of their own, some at a time.

    Args:
        slices: The slices.
        write: Called once for each, in any order.

    Raises:
        OSError: A slice could not be written; the first error is raised.
    """
    with ThreadPoolExecutor(WRITERS, "write") as pool:
        for _ in in_order(pool, write, slices, 2 * WRITERS):
            pass


def in_order(
    pool: ThreadPoolExecutor,
    function: Callable[[Item], Result],
    items: Iterable[Item],
    ahead: int,
) -> Iterator[Result]:
    """Results of a function in the order of the items, computed at most ``ahead`` items early."""
    waiting: deque[Future[Result]] = deque()
    items = iter(items)
    try:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


def _require_finite(volume: CTVolume, start: int, batch: list[np.ndarray]) -> None:
    """Refuse NaN and infinite values, with their place."""
    for offset, hu in enumerate(batch):
        if not np.isfinite(hu).all():
            raise ValueError(
                f"{volume.path}, slice {start + offset}: NaN or infinite values; replace them "
                "(air is -1000 HU) or export the series again"
            )
