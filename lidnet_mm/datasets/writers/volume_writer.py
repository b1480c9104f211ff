"""What every writer shares: the change in HU, rounded to the steps of the stored values."""

import hashlib
import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lidnet_mm.datasets.readers import CTVolume

INT16 = np.iinfo(np.int16)


class WriteError(ValueError):
    """A volume cannot be written in the form that was asked for; the message says what can."""


@dataclass(frozen=True)
class Derivation:
    """What was done to the images, as the output states it.

    Attributes:
        model: Name of the denoiser, such as ``cpce_lidnet``.
        version: Version of this package.
        weights_sha256: SHA-256 of the denoiser's weights; empty for one without weights.
        strength: Part of the change that was made, 0 to 1.
        settings: What else the values depend on, such as the precision.
    """

    model: str
    version: str
    weights_sha256: str = ""
    strength: float = 1.0
    settings: tuple[tuple[str, str], ...] = ()

    @property
    def digest(self) -> str:
        """Hexadecimal digest: equal for equal derivations, and for these alone."""
        stated = [self.model, self.version, self.weights_sha256, self.strength, self.settings]
        return hashlib.sha256(json.dumps(stated).encode()).hexdigest()

    @property
    def sentence(self) -> str:
        """One sentence for people."""
        weights = f", weights SHA-256 {self.weights_sha256}" if self.weights_sha256 else ""
        return (
            f"Noise reduced by {self.model} (lidnet_mm {self.version}), strength "
            f"{self.strength:g}{weights}"
        )


class VolumeWriter(ABC):
    """Writes a copy of a volume in which every value is changed by some HU.

    A change of 0 leaves the stored value as it is, bit by bit, whatever rescale, type or padding
    the source has. Other values are rounded to the nearest stored step, so that they are off by
    half a step at most. What the type cannot hold is set to its limit.

    Slices may be written in any order and by several threads, each once. Files appear under the
    folder given, whole, when :meth:`finish` returns.

    Args:
        volume: The source.
        folder: An empty folder for the files.
        derivation: What was done.
    """

    def __init__(self, volume: CTVolume, folder: Path, derivation: Derivation) -> None:
        self.volume, self.folder, self.derivation = volume, Path(folder), derivation

    @property
    @abstractmethod
    def outputs(self) -> tuple[Path, ...]:
        """The files that will be there in the end, relative to ``folder``."""

    @abstractmethod
    def write(self, index: int, hu: np.ndarray, change: np.ndarray) -> None:
        """Write one slice.

        Args:
            index: Slice, counted from 0 towards superior.
            hu: (H, W) of the source in HU, as ``CTVolume.read_slice`` gives it.
            change: (H, W) in HU, what is added.

        Raises:
            OSError: It cannot be written.
        """

    def finish(self) -> None:
        """Complete the files.

        Raises:
            OSError: They cannot be written.
        """
        return


def changed(stored: np.ndarray, change: np.ndarray, slope: float) -> np.ndarray:
    """Add a change in HU to stored values.

    Args:
        stored: Values of any real type.
        change: In HU, of the same shape.
        slope: HU of one stored step; not 0.

    Returns:
        Values of the type of ``stored``; integers rounded to the nearest and kept in range.
    """
    steps = change.astype(np.float64) / slope
    if stored.dtype.kind == "f":
        return np.where(steps == 0, stored, stored + steps).astype(stored.dtype)
    limits = np.iinfo(stored.dtype)
    return np.clip(stored + np.rint(steps), limits.min, limits.max).astype(stored.dtype)


def whole_hu(hu: np.ndarray, change: np.ndarray) -> np.ndarray:
    """Changed values as 16-bit whole HU.

    Returns:
        int16, in stored order of ``hu``.
    """
    values = np.rint(hu.astype(np.float64) + change)
    return np.clip(values, INT16.min, INT16.max).astype(np.int16)
