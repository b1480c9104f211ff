"""Slices as 16-bit grey PNG, value = HU + 32768."""

from pathlib import Path

import numpy as np
from PIL import Image

from lidnet_mm.datasets.readers import CTVolume
from lidnet_mm.datasets.readers.png import HU_OF_ZERO
from lidnet_mm.datasets.writers.volume_writer import Derivation, VolumeWriter, whole_hu


class PngWriter(VolumeWriter):
    """Writes a picture for each slice, as DeepLesion has them.

    Args:
        volume: The source, of any type.
        folder: An empty folder for the files.
        derivation: What was done.
        names: Name of each picture, towards superior.
    """

    def __init__(
        self, volume: CTVolume, folder: Path, derivation: Derivation, names: tuple[str, ...]
    ) -> None:
        super().__init__(volume, folder, derivation)
        self._names = names

    @property
    def outputs(self) -> tuple[Path, ...]:
        """The pictures, see :attr:`VolumeWriter.outputs`."""
        return tuple(map(Path, self._names))

    def write(self, index: int, hu: np.ndarray, change: np.ndarray) -> None:
        """Write one slice, see :meth:`VolumeWriter.write`."""
        values = whole_hu(hu, change).astype(np.int32) - HU_OF_ZERO
        picture = Image.fromarray(values.astype(np.uint16))
        picture.save(self.folder / self._names[index])
