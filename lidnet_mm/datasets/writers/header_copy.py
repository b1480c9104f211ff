"""The header of a DICOM object, free of the way in which its file was written."""

import copy
import re

import numpy as np
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException
from pydicom.uid import JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLSNearLossless

from lidnet_mm.datasets.writers.volume_writer import WriteError

WORD_BYTES = {"OW": 2, "OL": 4, "OF": 4, "OV": 8, "OD": 8}
"""Bytes of a word of what PyDICOM leaves in the byte order of the file."""

LOSSY = {
    JPEGBaseline8Bit: "ISO_10918_1",
    JPEGExtended12Bit: "ISO_10918_1",
    JPEGLSNearLossless: "ISO_14495_1",
}
"""Encodings that always lose something, and how DICOM calls their method."""

CONVERSION_ERRORS = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    NotImplementedError,
    BytesLengthException,
)
"""What PyDICOM raises on values that are none of their kind."""

OVERLAYS = range(0x6000, 0x6020, 2)
OVERLAY_DATA = 0x3000


def header_copy(source: Dataset) -> Dataset:
    """Copy a header, to be written with other pixels in any encoding.

    Private attributes, the bytes before the header, and overlays that lie in unused bits of the old
    pixels are left out. That the pixels were once compressed with loss is kept where the encoding
    alone says it.

    Args:
        source: The header as read from a file, without pixels.

    Returns:
        The copy.

    Raises:
        WriteError: It cannot be read to its end.
    """
    image = Dataset()
    try:
        content = copy.deepcopy(source)
        content.remove_private_tags()
        if content.original_encoding[1] is False:
            content.walk(_in_little_endian)
        for element in content:
            group = element.tag.group
            if group not in OVERLAYS or (group, OVERLAY_DATA) in content:
                image.add(element)
    except CONVERSION_ERRORS as error:
        raise WriteError(
            f"the header of {getattr(source, 'filename', 'the source')} is damaged"
            f"{_place(error)}; correct it, or export the series again"
        ) from error
    lossy = LOSSY.get(getattr(source, "file_meta", {}).get("TransferSyntaxUID"))
    if lossy and image.get("LossyImageCompression") != "01":
        image.LossyImageCompression, image.LossyImageCompressionMethod = "01", lossy
    return image


def _place(error: Exception) -> str:
    """Where PyDICOM found a value that it cannot read; its message may quote it, this does not."""
    found = re.search(r"\(([0-9a-fA-F]{4}), ?([0-9a-fA-F]{4})\)", str(error))
    return f" at ({found[1]},{found[2]})" if found else ""


def _in_little_endian(_: Dataset, element: DataElement) -> None:
    """Turn the bytes of words that were read from a big endian file."""
    size = WORD_BYTES.get(element.VR)
    if size and element.value:
        element.value = np.frombuffer(element.value, f"u{size}").byteswap().tobytes()
