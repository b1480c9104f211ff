"""Decoded slices and simulated noise kept on disk, shared by processes."""

import logging
import mmap
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.logging import print_log

from lidnet_mm.datasets.slice_cache.bounded_folder import BoundedFolder
from lidnet_mm.datasets.slice_cache.stored_image import decode_image, encode_image

GIB = 1 << 30
NAMES = r"[0-9a-f]+\.npy"


class ImageStore:
    """Images as ``.npy`` files, one a key, read through a memory map.

    What is read equals what was written bit by bit. Several processes may read, fill and bound
    the same folder at once (see :class:`BoundedFolder`), and it may be deleted at any time. The
    pages of a file lie in memory once for all processes, and a process maps only the image that
    it reads, so its own memory does not grow with the number of images.

    A store never ends a training: a damaged file counts as absent, and where nothing can be
    written, because the folder is read-only, the disk full or all the room in use, the process
    goes on without writing. Each is said in a warning.

    Args:
        folder: Where the files are; made when the first is written.
        max_gib: Most GiB that they may take, > 0; None sets no bound.

    Raises:
        ValueError: ``max_gib`` is not above 0.
    """

    def __init__(self, folder: str | Path, max_gib: float | None = None) -> None:
        if max_gib is not None and not max_gib > 0:
            raise ValueError(
                f"cache_gib is {max_gib}: set a size above 0 GiB, or None for no bound"
            )
        self.folder, self.max_gib = Path(folder), max_gib
        self._files = BoundedFolder(folder, None if max_gib is None else int(max_gib * GIB), NAMES)
        self._writes = True
        self._warned_full = False

    def path(self, key: str) -> Path:
        """File of a key, in one of 256 sub-folders."""
        return Path(self._name(key))

    def load(
        self, key: str, shape: tuple[int, int] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]] | None:
        """Read the image of a key.

        Args:
            key: Hexadecimal digest of what the image depends on.
            shape: (H, W) that it must have; None takes any.

        Returns:
            (H, W) float32 in HU, a copy, and the facts saved with it; None where it is not there.
            A damaged file is deleted and counts as absent, with a warning.
        """
        try:
            descriptor = os.open(self._name(key), os.O_RDONLY)
        except FileNotFoundError:
            return None
        except OSError as error:
            return self._absent(self.path(key), f"cannot be opened ({error.strerror})")
        try:
            mapped = mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
            self._files.note_use(descriptor)
            image, facts = decode_image(mapped)
            if shape not in (None, image.shape):
                raise ValueError(f"its shape is {image.shape}, not {shape}")
        except (OSError, ValueError) as error:
            return self._damaged(self.path(key), str(error))
        finally:
            os.close(descriptor)
        return image, facts

    def save(self, key: str, image: np.ndarray, facts: Mapping[str, Any] | None = None) -> None:
        """Write the image of a key, whole or not at all; one that is there stays.

        Args:
            key: Hexadecimal digest of what the image depends on.
            image: (H, W) float32 in HU.
            facts: What json can hold and ``load`` shall give back.
        """
        if not self._writes:
            return
        try:
            if not self._files.write(self.path(key), encode_image(image, facts or {})):
                self._full()
        except OSError as error:
            self._writes = False
            _warn(
                f"Nothing can be written to the cache {self.folder} ({error.strerror or error}):"
                " this process goes on without writing, so images that are not in the cache take"
                " longer; make room or make the folder writable, or give another cache_dir"
            )

    def _name(self, key: str) -> str:
        """Name of a key's file; a ``Path`` takes ten times as long to make."""
        return f"{self.folder}/{key[:2]}/{key}.npy"

    def _full(self) -> None:
        """Say once that the bound is below what is in use."""
        if self._warned_full:
            return
        self._warned_full = True
        _warn(
            f"The cache {self.folder} is full: this training uses more than its {self.max_gib:g}"
            " GiB; what did not fit is read or simulated at each visit; raise cache_gib"
        )

    def _damaged(self, path: Path, reason: str) -> None:
        """Delete a damaged file, where that is possible, so that it is written anew."""
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            reason = f"{reason}; it cannot be deleted: {error.strerror}"
        return self._absent(path, f"is damaged ({reason})")

    @staticmethod
    def _absent(path: Path, problem: str) -> None:
        """Say that a file is not used."""
        _warn(f"Cached image {path} {problem}: it is read or simulated again")


def open_store(cache_dir: str | Path | None, cache_gib: float | None) -> ImageStore | None:
    """The store that a transform's options name.

    Args:
        cache_dir: Folder, or None for no store.
        cache_gib: Most GiB that it may take, > 0; None sets no bound.

    Returns:
        The store; None without a folder.

    Raises:
        ValueError: ``cache_gib`` is not above 0, or given without ``cache_dir``.
    """
    if cache_dir is not None:
        return ImageStore(cache_dir, cache_gib)
    if cache_gib is not None:
        raise ValueError(
            f"cache_gib={cache_gib} bounds a cache, but cache_dir is None: give cache_dir, or set"
            " cache_gib=None, too"
        )
    return None


def _warn(message: str) -> None:
    """Log a warning."""
    print_log(message, logger="current", level=logging.WARNING)
