"""How often each HU comes in a volume, and which single values stand out of it."""

from dataclasses import dataclass

import numpy as np

PADDING_BELOW_HU = -1100.0
"""No tissue and no air of a CT lies below; what does is padding or no HU."""

PADDING_SHARE = 1e-3
"""A single value below the lowest HU that fills more of a volume than this is padding."""

FEWEST_VOXELS = 8192
"""With fewer nothing is said of shapes: a small crop shows one or two kinds of tissue."""

NEIGHBOURS = 25
"""HU on either side of a value that a pile is compared with."""

FEWEST_NEIGHBOURS = 10
"""Different values among them, without which nothing is said: a phantom has few values at all."""


@dataclass(frozen=True)
class HounsfieldHistogram:
    """Counts of whole HU; made by :meth:`of`.

    Attributes:
        values: (K,) the HU that come, rounded, in increasing order.
        counts: (K,) how often each does.
    """

    values: np.ndarray
    counts: np.ndarray

    @classmethod
    def of(cls, hu: np.ndarray) -> "HounsfieldHistogram":
        """Count the voxels of a volume.

        Args:
            hu: (S, H, W) finite, within the 32-bit integers.

        Returns:
            Its histogram.
        """
        lowest = int(np.floor(hu.min()))
        counts = np.zeros(int(np.ceil(hu.max())) - lowest + 1, np.int64)
        for plane in hu:
            whole = np.rint(plane).astype(np.int64) - lowest
            counts += np.bincount(whole.ravel(), minlength=len(counts))
        present = np.flatnonzero(counts)
        return cls((present + lowest).astype(np.float64), counts[present])

    @property
    def voxels(self) -> int:
        """All voxels."""
        return int(self.counts.sum())

    def share(self, low: float, high: float) -> float:
        """Share of the voxels from ``low`` to below ``high``."""
        inside = (self.values >= low) & (self.values < high)
        return float(self.counts[inside].sum() / max(self.voxels, 1))

    def padding(self) -> np.ndarray:
        """Find the values that a scanner or tool wrote where it measured nothing.

        Returns:
            Those below ``PADDING_BELOW_HU`` that fill much of the volume, and the lowest of all
            where a gap of more than ``NEIGHBOURS`` HU lies between it and the next.
        """
        large = self.counts >= PADDING_SHARE * self.voxels
        found = self.values[large & (self.values < PADDING_BELOW_HU)]
        if len(self.values) > FEWEST_NEIGHBOURS and large[0]:
            gap = self.values[1] - self.values[0]
            found = np.union1d(found, self.values[:1] if gap > NEIGHBOURS else [])
        return found

    def without(self, values: np.ndarray) -> "HounsfieldHistogram":
        """The histogram of all other values."""
        keep = ~np.isin(self.values, values)
        return HounsfieldHistogram(self.values[keep], self.counts[keep])

    def pile(self, place: int) -> float:
        """Tell how far a value stands out of those beside it.

        Args:
            place: Which of ``values``.

        Returns:
            Its count over the mean count of the values at most ``NEIGHBOURS`` HU away; 0 where
            fewer than ``FEWEST_NEIGHBOURS`` of those come.
        """
        near = np.abs(self.values - self.values[place]) <= NEIGHBOURS
        near[place] = False
        if near.sum() < FEWEST_NEIGHBOURS:
            return 0.0
        return float(self.counts[place] / self.counts[near].mean())
