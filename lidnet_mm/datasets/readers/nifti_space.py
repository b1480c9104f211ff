"""How the voxels of a NIfTI volume lie in the patient: units, sform and qform."""

import logging
from pathlib import Path

import nibabel
import numpy as np
from mmengine.logging import print_log
from nibabel.affines import voxel_sizes
from nibabel.spatialimages import HeaderDataError

from lidnet_mm.datasets.readers.volume import VolumeError

MM_OF_UNIT = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}
"""mm of NIfTI's units: unknown, which is mm with everyone, metre, mm, micron."""

SAME_SIZE = 0.01
"""Largest relative difference of equal sizes of voxels."""

SAME_DIRECTION = 0.02
"""Largest angle (rad) between equal directions of axes."""

SAME_PLACE = 0.1
"""Largest distance in mm of equal places."""


def affine_in_mm(path: Path, image: nibabel.Nifti1Image) -> np.ndarray:
    """The affine of a volume, in mm whatever its unit.

    Args:
        path: Its file, for messages.
        image: The volume.

    Returns:
        (4, 4), stored voxel indices to mm in RAS+. It is the sform where there is one, as nibabel
        takes it; ITK takes the qform.

    Raises:
        VolumeError: The unit is unknown to NIfTI, or sform and qform differ in size or direction,
            so that the reader decides where left is.
    """
    code = int(image.header["xyzt_units"]) & 7
    if code not in MM_OF_UNIT:
        raise VolumeError(
            f"Cannot read {path}: its unit of length is {code}, which NIfTI does not know; set"
            " xyzt_units to 2 (mm) in the header where that is right"
        )
    _check_forms(path, image.header, MM_OF_UNIT[code])
    return np.diag([MM_OF_UNIT[code]] * 3 + [1.0]) @ image.affine


def _check_forms(path: Path, header: nibabel.Nifti1Header, unit_mm: float) -> None:
    """Compare what the header says twice."""
    try:
        sform = header.get_sform(coded=True)[0]
        qform = header.get_qform(coded=True)[0]
    except (HeaderDataError, ValueError) as error:
        raise VolumeError(
            f"Cannot read {path}: its qform is no rotation ({error}); write the right orientation"
            " into both sform and qform"
        ) from error
    if sform is None and qform is None:
        print_log(
            f"{path} states no orientation (sform and qform codes are 0): its axes are taken"
            f" as {''.join(nibabel.aff2axcodes(header.get_best_affine()))}",
            logger="current",
            level=logging.WARNING,
        )
    elif sform is not None and not np.isfinite(sform).all():
        return  # the volume is refused for it
    elif sform is not None and qform is not None:
        _compare(path, sform * unit_mm, qform * unit_mm)
    elif sform is not None:
        _compare_sizes(path, voxel_sizes(sform) * unit_mm, header, unit_mm)


def _compare(path: Path, sform: np.ndarray, qform: np.ndarray) -> None:
    """Refuse forms of other sizes or directions; name those of other places."""
    sizes = voxel_sizes(sform), voxel_sizes(qform)
    if not np.allclose(*sizes, rtol=SAME_SIZE, atol=0):
        raise _two_forms(path, *(f"voxels of {_shown(size)} mm" for size in sizes))
    cosines = np.sum(sform[:3, :3] * qform[:3, :3], axis=0) / (sizes[0] * sizes[1])
    if (cosines < np.cos(SAME_DIRECTION)).any():
        axes = (_axes(form) for form in (sform, qform))
        raise _two_forms(path, *(f"axes that run {each}" for each in axes))
    shift = float(np.abs(sform[:3, 3] - qform[:3, 3]).max())
    if shift > SAME_PLACE:
        print_log(
            f"{path}: its sform and qform lie {shift:.3g} mm apart; the sform is taken",
            logger="current",
            level=logging.WARNING,
        )


def _compare_sizes(
    path: Path, sizes: np.ndarray, header: nibabel.Nifti1Header, unit_mm: float
) -> None:
    """Name a pixdim that differs from the only form, which decides."""
    stated = np.abs(np.asarray(header["pixdim"][1:4], dtype=float)) * unit_mm
    if not np.allclose(sizes, stated, rtol=SAME_SIZE, atol=0):
        print_log(
            f"{path}: its sform has voxels of {_shown(sizes)} mm, its pixdim of {_shown(stated)};"
            " the sform is taken",
            logger="current",
            level=logging.WARNING,
        )


def _two_forms(path: Path, sform: str, qform: str) -> VolumeError:
    """The error for forms that differ."""
    return VolumeError(
        f"Cannot read {path}: its sform has {sform}, its qform {qform}, so programs differ in what"
        " is left, above or how large; find out which is right and write it into both, image and"
        " mask alike"
    )


def _axes(affine: np.ndarray) -> str:
    """Where the axes of a form run to, in letters and as a matrix."""
    letters = "".join(str(code) for code in nibabel.aff2axcodes(affine))
    unit = affine[:3, :3] / voxel_sizes(affine)
    return f"to {letters} {np.round(unit, 3).tolist()}"


def _shown(sizes: np.ndarray) -> str:
    """Sizes as text."""
    return " x ".join(f"{size:g}" for size in sizes)
