"""What is wrong with a DICOM file or series."""

import struct
import zlib

from lidnet_mm.datasets.readers.volume import VolumeError

READ_ERRORS = (
    OSError,
    EOFError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    NotImplementedError,
    RuntimeError,
    ArithmeticError,
    MemoryError,
    struct.error,
    zlib.error,
)
"""What PyDICOM and its decoders raise on a file that is damaged or breaks the standard."""


class DicomError(VolumeError):
    """A DICOM file or series that cannot be used.

    Args:
        message: What is wrong, with file, value and remedy.
        reason: The same in a few words that name nothing of the source: no file, UID or patient.
    """

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class NotASliceError(DicomError):
    """A file that is fine but holds no CT slice in HU: a localizer, a report, an iodine map."""


def damaged(path: object, problem: object) -> DicomError:
    """The error for a file that is cut short or no DICOM at all.

    Args:
        path: The file.
        problem: What was found.
    """
    return DicomError(
        f"Cannot read the header of {path}: {problem}; the file is damaged or incomplete, copy it"
        " again",
        "damaged or incomplete; copy it again",
    )
