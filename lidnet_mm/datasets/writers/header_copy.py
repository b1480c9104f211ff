"""The header of a DICOM object, free of the way in which its file was written."""

import copy

import numpy as np
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.uid import JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLSNearLossless

WORD_BYTES = {"OW": 2, "OL": 4, "OF": 4, "OV": 8, "OD": 8}
"""Bytes of a word of what PyDICOM leaves in the byte order of the file."""

LOSSY = {
    JPEGBaseline8Bit: "ISO_10918_1",
    JPEGExtended12Bit: "ISO_10918_1",
    JPEGLSNearLossless: "ISO_14495_1",
}
"""Encodings that always lose something, and how DICOM calls their method."""

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
    """
    content = copy.deepcopy(source)
    content.remove_private_tags()
    if content.original_encoding[1] is False:
        content.walk(_in_little_endian)
    image = Dataset()
    for element in content:
        group = element.tag.group
        if group not in OVERLAYS or (group, OVERLAY_DATA) in content:
            image.add(element)
    lossy = LOSSY.get(getattr(source, "file_meta", {}).get("TransferSyntaxUID"))
    if lossy and image.get("LossyImageCompression") != "01":
        image.LossyImageCompression, image.LossyImageCompressionMethod = "01", lossy
    return image


def _in_little_endian(_: Dataset, element: DataElement) -> None:
    """Turn the bytes of words that were read from a big endian file."""
    size = WORD_BYTES.get(element.VR)
    if size and element.value:
        element.value = np.frombuffer(element.value, f"u{size}").byteswap().tobytes()
