"""Opening a volume by its type, and keeping the volumes last used open."""

import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from lidnet_mm.datasets.readers.dicom import DicomVolume
from lidnet_mm.datasets.readers.dicom_header import PREAMBLE, PREFIX, begins_like_dicom
from lidnet_mm.datasets.readers.nifti import NiftiVolume
from lidnet_mm.datasets.readers.png import PngVolume
from lidnet_mm.datasets.readers.regular_file import check_regular
from lidnet_mm.datasets.readers.simpleitk import SimpleITKVolume
from lidnet_mm.datasets.readers.volume import CTVolume, VolumeError

READERS: dict[str, Callable[[Path], CTVolume]] = {
    ".nii": NiftiVolume,
    ".nii.gz": NiftiVolume,
    ".mhd": SimpleITKVolume,
    ".mha": SimpleITKVolume,
    ".nrrd": SimpleITKVolume,
    ".nhdr": SimpleITKVolume,
    ".dcm": DicomVolume,
    ".ima": DicomVolume,
    ".dicom": DicomVolume,
    ".png": PngVolume,
}
"""Reader of each file suffix, in lower case."""

State = tuple[tuple[int, int] | None, ...]
"""Modification time in ns and size of each file of a volume; None where it is gone."""


class OpenVolumes:
    """The volumes last used by this process, kept open with their seek points.

    A volume is opened again when one of its files has changed, or a file was added to its folder:
    each ``open`` asks the file system for the state of all its files (of 400 slices in about a
    millisecond). A process made by ``fork`` starts with none: file positions shared with the
    parent would mix up the reads of both.

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
        self._volumes: OrderedDict[str, tuple[CTVolume, State]] = OrderedDict()

    def __len__(self) -> int:
        """Number of open volumes."""
        return len(self._volumes)

    def open(self, path: str | Path) -> CTVolume:
        """Open a volume, or return it where it is open.

        Args:
            path: File or folder of the volume.

        Returns:
            The volume.

        Raises:
            FileNotFoundError: There is no such file.
            VolumeError: No reader knows the file, or it cannot be read.
        """
        if os.getpid() != self._process:
            self._start()
        path = Path(path)
        own = _state(path)
        if own == (None,):
            raise FileNotFoundError(f"CT volume {path} does not exist")
        if not path.is_dir():
            check_regular(path)
        key = str(path.absolute())
        with self._lock:
            volume, state = self._volumes.get(key, (None, ()))
            if volume is None or state != own + _state(*volume.files):
                volume = _reader(path)(path)
                self._volumes[key] = volume, own + _state(*volume.files)
            self._volumes.move_to_end(key)
            self._close_oldest()
        return volume

    def _close_oldest(self) -> None:
        """Let go of the volumes not used for longest until both limits hold."""
        held = sum(volume.resident_bytes for volume, _ in self._volumes.values())
        while len(self._volumes) > 1 and (
            len(self._volumes) > self.max_open or held > self.max_bytes
        ):
            _, (oldest, _) = self._volumes.popitem(last=False)
            held -= oldest.resident_bytes


def _state(*files: Path) -> State:
    """What tells whether files have changed."""
    state = []
    for file in files:
        try:
            found = file.stat()
        except FileNotFoundError:
            state.append(None)
        else:
            state.append((found.st_mtime_ns, found.st_size))
    return tuple(state)


def _reader(path: Path) -> Callable[[Path], CTVolume]:
    """The reader for a folder, a file's suffix, or a DICOM file of any name."""
    if path.is_dir():
        return DicomVolume
    for suffix, reader in READERS.items():
        if path.name.lower().endswith(suffix):
            if reader is not DicomVolume:
                _refuse_odd_name(path)
            return reader
    with path.open("rb") as stream:
        if begins_like_dicom(stream.read(PREAMBLE + len(PREFIX))):
            return DicomVolume
    raise VolumeError(
        f"No reader for {path}: CT volumes end in {', '.join(sorted(READERS))}, are DICOM files or"
        " folders of them; convert it to one of these"
    )


def _refuse_odd_name(path: Path) -> None:
    """Refuse a name that is no text in UTF-8, at which the readers written in C crash."""
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        raise VolumeError(
            f"{path} cannot be opened: the name of the file or of a folder above it is no text in "
            "UTF-8; rename it"
        ) from error


_OPEN_VOLUMES = OpenVolumes()


def open_volume(path: str | Path) -> CTVolume:
    """Open a CT volume: a file by its suffix, or a folder with one DICOM series.

    The volumes last used stay open in this process, so that the next slice is reached without
    reading the header or decompressing from the start again.

    Args:
        path: A file that ends in one of ``READERS``, a DICOM file, or a folder of them.

    Returns:
        The volume; slices in display order (see ``CTVolume.read_slice``).

    Raises:
        FileNotFoundError: There is no such file or folder.
        VolumeError: No reader knows the file, or it is damaged, not 3-D or oblique.
    """
    return _OPEN_VOLUMES.open(path)
