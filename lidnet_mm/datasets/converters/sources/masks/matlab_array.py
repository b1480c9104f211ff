"""Arrays of numbers in MAT-files of version 5 to 7, read with every length checked.

Source: MathWorks, "MAT-File Format". SciPy reads these files, too, but a single wrong type number
ends the whole process inside of it, which no error handling can catch.
"""

import math
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

HEADER_BYTES = 128
TAG_BYTES = 8
COMPRESSED, MATRIX = 15, 14

STORED_TYPES = {
    1: "i1",
    2: "u1",
    3: "i2",
    4: "u2",
    5: "i4",
    6: "u4",
    7: "f4",
    9: "f8",
    12: "i8",
    13: "u8",
}
"""Numbers of the types of data elements, and what they hold."""

ARRAY_CLASSES = {
    6: "f8",
    7: "f4",
    8: "i1",
    9: "u1",
    10: "i2",
    11: "u2",
    12: "i4",
    13: "u4",
    14: "i8",
    15: "u8",
}
"""Numbers of the classes of arrays of numbers, and what they hold once they are read."""

MOST_BYTES = 4 << 30
"""Bytes of an array: 2000 slices of 1024 x 1024 in 16 bits."""

MOST_AXES = 32


class MatlabFileError(ValueError):
    """A file is no MAT-file of version 5 to 7, or damaged."""


class Hdf5FileError(MatlabFileError):
    """A file is a MAT-file of version 7.3, which is HDF5."""


@dataclass(frozen=True)
class _Element:
    """A data element: its type, and its bytes."""

    kind: int
    content: memoryview


def read_matlab_array(path: Path, name: str) -> np.ndarray | None:
    """Read a full array of real numbers.

    Args:
        path: The file.
        name: Name of the variable.

    Returns:
        The array in the type of its class, as stored in columns first; None where there is no
        variable of this name or it is something else, such as a text, a structure or sparse.

    Raises:
        MatlabFileError: The file is no such file, is cut short, or says of itself what cannot be.
        Hdf5FileError: It is of version 7.3.
    """
    content = memoryview(path.read_bytes())
    order = _byte_order(content)
    for element in _elements(content[HEADER_BYTES:], order):
        if element.kind == COMPRESSED:
            inner = list(_elements(memoryview(_inflated(element.content, order)), order))
            if len(inner) != 1:
                raise MatlabFileError("a compressed variable is not one variable")
            element = inner[0]
        if element.kind == MATRIX:
            parts = _elements(element.content, order)
            flags, shape, own = _description(parts, order)
            if own == name:
                return _array(parts, flags, shape, order)
    return None


def _byte_order(content: memoryview) -> str:
    """``'<'`` or ``'>'``, of a file of version 5 to 7."""
    if len(content) < HEADER_BYTES:
        raise MatlabFileError("it is shorter than the header of a MAT-file")
    order = {b"IM": "<", b"MI": ">"}.get(bytes(content[126:128]))
    if order is None:
        raise MatlabFileError("it does not begin like a MAT-file of version 5 to 7")
    (version,) = struct.unpack(f"{order}H", content[124:126])
    if version == 0x0200:
        raise Hdf5FileError("its version is 7.3, which is HDF5")
    if version != 0x0100:
        raise MatlabFileError(f"its version is {version:#x}, none that is known")
    return order


def _elements(content: memoryview, order: str) -> Iterator[_Element]:
    """The data elements that lie one behind the other."""
    place = 0
    while place < len(content):
        if len(content) - place < TAG_BYTES:
            raise MatlabFileError("it ends within a tag")
        kind, size = struct.unpack(f"{order}II", content[place : place + TAG_BYTES])
        start, padded = place + TAG_BYTES, True
        if kind >> 16:  # a small element: length and type share four bytes
            kind, size, start = kind & 0xFFFF, kind >> 16, place + 4
            if size > 4:
                raise MatlabFileError("a small element is longer than 4 bytes")
            end = place + TAG_BYTES
        else:
            padded = kind != COMPRESSED
            end = start + (-(-size // 8) * 8 if padded else size)
        if start + size > len(content):
            raise MatlabFileError(f"{size} bytes of an element expected, the file ends before")
        yield _Element(kind, content[start : start + size])
        place = end


def _inflated(content: memoryview, order: str) -> bytes:
    """A compressed element, no longer than its own first tag says."""
    unpacker = zlib.decompressobj()
    try:
        tag = unpacker.decompress(content, TAG_BYTES)
        if len(tag) < TAG_BYTES:
            raise MatlabFileError("a compressed variable has no tag")
        size = struct.unpack(f"{order}II", tag)[1]
        if size > MOST_BYTES:
            raise MatlabFileError(f"a variable claims {size} bytes")
        rest = unpacker.decompress(unpacker.unconsumed_tail, size + 1)
    except zlib.error as error:
        raise MatlabFileError(str(error)) from error
    if len(rest) != size or (not unpacker.eof and unpacker.decompress(unpacker.unconsumed_tail, 1)):
        raise MatlabFileError("a compressed variable is longer or shorter than it says")
    if not unpacker.eof:
        raise MatlabFileError("a compressed variable has no end")
    return tag + rest


def _description(parts: Iterator[_Element], order: str) -> tuple[int, tuple[int, ...], str]:
    """Flags, shape and name with which a variable begins."""
    flags, shape, name = (next(parts, None) for _ in range(3))
    if flags is None or shape is None or name is None:
        raise MatlabFileError("a variable has no flags, shape and name")
    if (flags.kind, len(flags.content)) != (6, 8) or shape.kind != 5 or len(shape.content) % 4:
        raise MatlabFileError("the flags or the shape of a variable are of a wrong type")
    sizes = tuple(int(size) for size in np.frombuffer(shape.content, f"{order}i4"))
    if not 2 <= len(sizes) <= MOST_AXES or min(sizes) < 0:
        raise MatlabFileError(f"a variable has the shape {sizes}")
    if name.kind not in (1, 2, 16):
        raise MatlabFileError("the name of a variable is no text")
    (word,) = struct.unpack(f"{order}I", flags.content[:4])
    return word, sizes, bytes(name.content).decode("latin-1")


def _array(
    parts: Iterator[_Element], flags: int, shape: tuple[int, ...], order: str
) -> np.ndarray | None:
    """The numbers of a variable; None where it is no full array of real numbers."""
    complex_numbers = flags & 0x0800
    if flags & 0xFF not in ARRAY_CLASSES or complex_numbers:
        return None
    data = next(parts, None)
    if data is None or data.kind not in STORED_TYPES:
        raise MatlabFileError("the numbers of a variable are of a type that is none")
    stored = np.dtype(f"{order}{STORED_TYPES[data.kind]}")
    kept = np.dtype(ARRAY_CLASSES[flags & 0xFF])
    if math.prod(shape) * stored.itemsize != len(data.content):
        raise MatlabFileError(f"a variable of shape {shape} has {len(data.content)} bytes")
    if math.prod(shape) * kept.itemsize > MOST_BYTES:
        raise MatlabFileError(f"a variable of shape {shape} is too large")
    return np.frombuffer(data.content, stored).astype(kept).reshape(shape, order="F")
