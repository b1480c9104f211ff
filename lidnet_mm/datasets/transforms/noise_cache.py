"""Simulated noise kept on disk, shared by processes."""

import io
import logging
from pathlib import Path

import numpy as np
from mmengine.logging import print_log

from lidnet_mm.whole_file import write_whole


class NoiseCache:
    """Noise images in HU as ``.npy`` files, one a key.

    They are stored as float32, so that what is read equals what was written bit by bit. A file
    appears under its name only when it is complete, so several processes may fill the cache;
    two that compute the same key write the same content.

    Args:
        folder: Where the files are; made when the first is written.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def path(self, key: str) -> Path:
        """File of a key, in one of 256 sub-folders."""
        return self.folder / key[:2] / f"{key}.npy"

    def load(self, key: str, shape: tuple[int, int]) -> np.ndarray | None:
        """Read the noise of a key.

        Args:
            key: Hexadecimal digest of what the noise depends on.
            shape: (H, W) that it must have.

        Returns:
            (H, W) float32 in HU, or None where it is not there. A damaged file counts as
            absent, with a warning.
        """
        path = self.path(key)
        try:
            noise = np.load(path, allow_pickle=False)
        except FileNotFoundError:
            return None
        except (OSError, EOFError, ValueError) as error:
            return self._damaged(path, str(error))
        if noise.shape != shape or noise.dtype != np.float32 or not np.isfinite(noise).all():
            return self._damaged(path, f"{noise.dtype} of shape {noise.shape}, or not finite")
        return noise

    def save(self, key: str, noise: np.ndarray) -> None:
        """Write the noise of a key, whole or not at all.

        Args:
            key: Hexadecimal digest of what the noise depends on.
            noise: (H, W) float32 in HU.
        """
        content = io.BytesIO()
        np.save(content, noise.astype(np.float32, copy=False), allow_pickle=False)
        write_whole(self.path(key), content.getvalue())

    @staticmethod
    def _damaged(path: Path, reason: str) -> None:
        """Say that a file is computed again."""
        print_log(
            f"Cached noise {path} is damaged ({reason}): it is simulated again",
            logger="current",
            level=logging.WARNING,
        )
