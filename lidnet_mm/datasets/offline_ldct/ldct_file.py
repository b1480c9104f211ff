"""The LDCT of a volume as NIfTI on the volume's grid, written slice by slice."""

import gzip
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from nibabel.spatialimages import HeaderDataError
from nibabel.wrapstruct import WrapStructError

from lidnet_mm.atomic_write import written_whole
from lidnet_mm.datasets.readers import CTVolume

STORES = ("float32", "int16")
"""Types in which HU are stored. ``int16`` rounds: an error of at most 0.5 HU, 0.29 HU rms."""

ABSENT_INT16 = -32768
"""Value of slices that no annotation file uses; NaN where the store is float32, which the loaders
refuse (ITK and what is built on it show 0)."""

COMPRESSION = 1
"""Noise hardly compresses at any level; the highest takes ten times as long."""

MARK = "LDCT "
"""What stands in front of the digest in the header's text."""


def write_ldct(
    path: Path,
    volume: CTVolume,
    sample: dict[str, Any],
    slices: Iterable[tuple[int, np.ndarray]],
    store: str,
    digest: str,
) -> None:
    """Write the LDCT of a volume, whole or not at all.

    The file has all slices of the volume, in display order and at their place in the patient, so
    that a slice has the same position in both files. Those that are not given hold NaN, or -32768
    as int16.

    Args:
        path: The file, ``.nii.gz``.
        volume: The volume.
        sample: Description of one of its slices, for ``spacing`` and ``slice_thickness`` in mm
            where the volume does not tell; its place in the patient is unknown then.
        slices: Position in the file, ascending, and LDCT, (H, W) float32 in HU.
        store: One of ``STORES``.
        digest: What the content depends on, written into the header (see ``digest_of``).

    Raises:
        ValueError: The volume's slices are not evenly spaced, or HU do not fit into int16.
    """
    height, width = volume.slice_shape
    absent = np.full((height, width), np.nan if store == "float32" else ABSENT_INT16, store)
    header = nibabel.Nifti1Header()
    header.set_data_dtype(absent.dtype)
    header.set_data_shape((width, height, volume.num_slices))
    affine = _affine(volume, sample)
    header.set_qform(affine, code="scanner")
    header.set_sform(affine, code="scanner")
    header.set_xyzt_units("mm")
    header.set_slope_inter(1, 0)
    header["descrip"] = f"{MARK}{digest}".encode()
    with (
        written_whole(path) as stream,
        gzip.GzipFile("", "wb", COMPRESSION, stream, mtime=0) as packed,
    ):
        header.write_to(packed)
        done = 0
        for position, ldct in slices:
            for _ in range(done, position):
                packed.write(absent.tobytes())
            packed.write(_stored(ldct, store, path, position).tobytes())
            done = position + 1
        for _ in range(done, volume.num_slices):
            packed.write(absent.tobytes())


def digest_of(path: Path) -> str | None:
    """What the content of an LDCT file depends on.

    Args:
        path: A file of ``write_ldct``.

    Returns:
        The digest in its header; None where there is no such file or it is not one of these.
    """
    try:
        with gzip.open(path) as packed:
            text = bytes(nibabel.Nifti1Header.from_fileobj(packed)["descrip"].item()).decode()
    except FileNotFoundError:
        return None
    except (OSError, EOFError, ValueError, zlib.error, WrapStructError, HeaderDataError):
        return None  # damaged: to be made again
    return text.removeprefix(MARK) if text.startswith(MARK) else None


def _affine(volume: CTVolume, sample: dict[str, Any]) -> np.ndarray:
    """(4, 4) from column, row and slice in display order to mm in RAS+."""
    if not volume.uniform:
        raise ValueError(
            f"the slices of {volume.path} are not evenly spaced, which NIfTI cannot say: convert it"
            " with --store png"
        )
    affine = np.eye(4)
    if volume.spacing is None:
        row, column = sample["spacing"]
        affine[np.diag_indices(3)] = -column, -row, sample.get("slice_thickness") or 1.0
        return affine
    origin = volume.voxel_position(0, 0, 0)
    for axis, voxel in enumerate(((0, 0, 1), (0, 1, 0), (1, 0, 0))):
        affine[:3, axis] = volume.voxel_position(*voxel) - origin
    affine[:3, 3] = origin
    affine[:2] *= -1  # LPS to RAS
    return affine


def _stored(ldct: np.ndarray, store: str, path: Path, position: int) -> np.ndarray:
    """The slice as it is written."""
    if store == "float32":
        return ldct.astype(np.float32, copy=False)
    rounded = np.rint(ldct)
    if rounded.min() <= ABSENT_INT16 or rounded.max() > np.iinfo(np.int16).max:
        raise ValueError(
            f"slice {position} of {path} has {ldct.min():g} to {ldct.max():g} HU, more than int16"
            " holds: use --store float32"
        )
    return rounded.astype(np.int16)
