"""Opening a volume by its file's suffix, and keeping the volumes last used open."""

import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from lidnet_mm.datasets.readers.nifti import NiftiVolume
from lidnet_mm.datasets.readers.volume import CTVolume, VolumeError

READERS: dict[str, Callable[[Path], CTVolume]] = {".nii": NiftiVolume, ".nii.gz": NiftiVolume}
"""Reader of each file suffix, in lower case."""


class OpenVolumes:
    """The volumes last used by this process, kept open with their seek points.

    A volume is opened again when its file has changed. A process made by ``fork`` starts with
    none: file positions shared with the parent would mix up the reads of both.

    Args:
        max_open: Most volumes kept open; each holds a file descriptor.
        max_bytes: Most memory that they may hold in bytes; the volume last used stays open
            even where it alone needs more.
    """

    def __init__(self, max_open: int = 256, max_bytes: int = 1 << 30) -> None:
        self.max_open = max_open
        self.max_bytes = max_bytes
        self._start()

    def _start(self) -> None:
        """Begin with no open volume in this process."""
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._volumes: OrderedDict[tuple[str, int, int], CTVolume] = OrderedDict()

    def __len__(self) -> int:
        """Number of open volumes."""
        return len(self._volumes)

    def open(self, path: str | Path) -> CTVolume:
        """Open a volume, or return it where it is open.

        Args:
            path: File of the volume.

        Returns:
            The volume.

        Raises:
            FileNotFoundError: There is no such file.
            VolumeError: No reader knows the suffix, or the file cannot be read.
        """
        if os.getpid() != self._process:
            self._start()
        path = Path(path)
        try:
            state = path.stat()
        except FileNotFoundError as error:
            raise FileNotFoundError(f"CT volume {path} does not exist") from error
        key = (str(path.absolute()), state.st_mtime_ns, state.st_size)
        with self._lock:
            if key not in self._volumes:
                self._volumes[key] = _reader(path)(path)
            self._volumes.move_to_end(key)
            volume = self._volumes[key]
            self._close_oldest()
        return volume

    def _close_oldest(self) -> None:
        """Let go of the volumes not used for longest until both limits hold."""
        held = sum(volume.resident_bytes for volume in self._volumes.values())
        while len(self._volumes) > 1 and (
            len(self._volumes) > self.max_open or held > self.max_bytes
        ):
            _, oldest = self._volumes.popitem(last=False)
            held -= oldest.resident_bytes


def _reader(path: Path) -> Callable[[Path], CTVolume]:
    """The reader for a file's suffix."""
    for suffix, reader in READERS.items():
        if path.name.lower().endswith(suffix):
            return reader
    raise VolumeError(
        f"No reader for {path}: CT volumes end in {', '.join(sorted(READERS))};"
        " convert it to one of these"
    )


_OPEN_VOLUMES = OpenVolumes()


def open_volume(path: str | Path) -> CTVolume:
    """Open a CT volume by its file's suffix.

    The volumes last used stay open in this process, so that the next slice is reached without
    reading the header or decompressing from the start again.

    Args:
        path: A file that ends in one of ``READERS``.

    Returns:
        The volume; slices in display order (see ``CTVolume.read_slice``).

    Raises:
        FileNotFoundError: There is no such file.
        VolumeError: No reader knows the suffix, or the file is damaged, not 3-D or oblique.
    """
    return _OPEN_VOLUMES.open(path)
