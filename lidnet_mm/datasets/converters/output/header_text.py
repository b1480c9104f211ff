"""Copy a NIfTI volume without the texts in its header that may name a patient."""

import gzip
from pathlib import Path
from typing import IO

import nibabel as nib
import numpy as np

from lidnet_mm.atomic_write import written_whole

TEXT_FIELDS = ("descrip", "aux_file", "db_name", "data_type", "intent_name")


def copy_without_header_text(source: Path, target: Path) -> None:
    """Copy a volume bit by bit but for its header's free texts and extensions, which are cleared.

    The stored integers, their slope and intercept, and the affines stay as they are. A ``.gz``
    gets no name and no time in its own header either.

    Args:
        source: NIfTI-1 or NIfTI-2 file, single (``.nii`` or ``.nii.gz``).
        target: File to write, whole or not at all; ``.gz`` compresses.
    """
    image = nib.load(source)
    header = header_without_text(image)
    raw = image.dataobj.get_unscaled()
    with written_whole(target) as stream:
        if target.suffix == ".gz":
            with gzip.GzipFile("", "wb", 6, stream, mtime=0) as packed:
                _write(packed, header, raw)
        else:
            _write(stream, header, raw)


def header_without_text(image: nib.Nifti1Image) -> nib.Nifti1Header:
    """Header of a single file with the image's stored type, scale and forms, and no texts."""
    header = image.header.copy()
    header.set_slope_inter(image.dataobj.slope, image.dataobj.inter)
    header.extensions.clear()
    for field in TEXT_FIELDS:
        if field in header.keys():  # noqa: SIM118 - a header is no mapping; NIfTI-2 has fewer
            header[field] = b""
    header["vox_offset"] = header.single_vox_offset
    return header


def _write(stream: IO[bytes], header: nib.Nifti1Header, raw: np.ndarray) -> None:
    """Write header and voxels, slice by slice in file order."""
    header.write_to(stream)
    stream.write(b"\0" * (int(header["vox_offset"]) - stream.tell()))
    stored = raw.astype(header.get_data_dtype(), copy=False)
    for part in np.moveaxis(stored, -1, 0):
        stream.write(part.tobytes(order="F"))
