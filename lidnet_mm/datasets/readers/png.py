"""Single slices as 16-bit grey PNG, the form in which DeepLesion is published."""

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from lidnet_mm.datasets.readers.claimed_size import check_claimed_size
from lidnet_mm.datasets.readers.volume import CTVolume, VolumeError

HU_OF_ZERO = -32768
"""HU of the value 0. Source: DeepLesion's README (Yan et al. 2018)."""

HEADER = struct.Struct(">8s4x4sIIBB")
"""Signature, name of the first chunk, width, height, bits a channel, colour type."""

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOUR_TYPES = {0: "grey", 2: "colour", 3: "palette", 4: "grey with transparency", 6: "colour"}

READ_ERRORS = (
    OSError,
    EOFError,
    SyntaxError,
    ValueError,
    ArithmeticError,
    LookupError,
    MemoryError,
    TypeError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    UnidentifiedImageError,
)


class PngVolume(CTVolume):
    """One slice in display order: HU = value - 32768.

    A picture does not say how large its pixels are nor where it lies in the patient: ``spacing``
    and ``slice_spacing`` are None, and the annotation file has to state them.

    Args:
        path: A file that ends in ``.png``.

    Raises:
        FileNotFoundError: There is no such file.
        VolumeError: It is no PNG, not grey with 16 bits, or smaller than its header claims.
    """

    def __init__(self, path: str | Path) -> None:
        path = Path(path)
        if not path.is_file():
            raise FileNotFoundError(f"CT slice {path} does not exist")
        super().__init__(path, None, (1, *_shape(path)))

    def _read_plane(self, stored_index: int) -> np.ndarray:
        """HU of the slice."""
        try:
            with Image.open(self.path) as image:
                values = np.asarray(image)
        except READ_ERRORS as error:
            raise VolumeError(
                f"Cannot read {self.path}: the file is damaged or incomplete ({error}); copy or"
                " convert it again"
            ) from error
        return values.astype(np.int32) + HU_OF_ZERO


class PngFolder(CTVolume):
    """The slices of one scan as pictures, ordered by their names.

    Nothing says how large the pixels are nor how far apart the slices: ``spacing`` and
    ``slice_spacing`` are None.

    Args:
        path: Folder, for messages.
        files: PNG of each slice, in their order.

    Raises:
        FileNotFoundError: A file does not exist.
        VolumeError: There is no file, one is no 16-bit grey PNG, or their sizes differ.
    """

    def __init__(self, path: str | Path, files: Sequence[Path]) -> None:
        self._slices = [PngVolume(file) for file in files]
        shapes = {each.slice_shape: each.path.name for each in self._slices}
        if len(shapes) != 1:
            raise VolumeError(
                f"Cannot read {path} as slices of one scan: their sizes are {shapes or 'none'};"
                " give each size a folder of its own"
            )
        super().__init__(Path(path), None, (len(self._slices), *next(iter(shapes))))

    @property
    def files(self) -> tuple[Path, ...]:
        """The pictures."""
        return tuple(each.path for each in self._slices)

    def _read_plane(self, stored_index: int) -> np.ndarray:
        """HU of one picture."""
        return self._slices[stored_index].read_stored(0)


def _shape(path: Path) -> tuple[int, int]:
    """(H, W) of a 16-bit grey picture."""
    with path.open("rb") as stream:
        header = stream.read(HEADER.size)
    if len(header) < HEADER.size or not header.startswith(SIGNATURE):
        raise VolumeError(
            f"Cannot read {path}: it does not begin like a PNG; it is damaged or of another type,"
            " copy or convert it again"
        )
    _, _, width, height, bits, colour = HEADER.unpack(header)
    if (bits, colour) != (16, 0):
        raise VolumeError(
            f"Cannot read {path}: it is {COLOUR_TYPES.get(colour, 'of unknown colours')} with"
            f" {bits} bits, not grey with 16; HU do not fit into such a picture, convert the slice"
            " again from the original CT"
        )
    check_claimed_size(path, (1, height, width), 2, deflated=path.stat().st_size, whole=True)
    return height, width
