"""Files of converted slices: NIfTI volumes, 16-bit pictures, or links to the source."""

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import nibabel as nib
import numpy as np

from lidnet_mm.atomic_write import write_whole
from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.output.header_text import copy_without_header_text
from lidnet_mm.datasets.readers import CTVolume, NiftiVolume
from lidnet_mm.datasets.readers.png import HU_OF_ZERO

STORES = ("nifti", "png", "link")
LINKED_SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".mha")
"""Files that hold a whole volume and can be read through a link."""

COMPRESSION = 3
"""Of ``.nii.gz``: a few per cent larger than at 9, many times as fast."""


@dataclass(frozen=True)
class SliceFile:
    """Where a slice of the dataset is.

    Attributes:
        name: Path relative to the dataset's root.
        index: Position in that file.
    """

    name: str
    index: int


def link_volume(root: Path, stem: str, volume: CTVolume) -> dict[int, SliceFile]:
    """Make a link to the source's file.

    Args:
        root: Folder of the dataset.
        stem: Name of the link below ``volumes/``, without suffix.
        volume: The volume.

    Returns:
        Slice → where it is.

    Raises:
        ConversionError: The source is no single file that can be read through a link.
    """
    suffix = next((s for s in LINKED_SUFFIXES if volume.path.name.lower().endswith(s)), None)
    if suffix is None or not volume.path.is_file():
        raise ConversionError(
            f"{volume.path}: --store link works with {', '.join(LINKED_SUFFIXES)} only; use "
            "--store nifti or png"
        )
    path = root / "volumes" / f"{stem}{suffix}"
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)  # of an earlier attempt
    path.symlink_to(volume.path.absolute())
    return _positions(path, root, range(volume.num_slices))


def write_nifti(
    root: Path, stem: str, volume: CTVolume, hu: np.ndarray, folder: str = "volumes"
) -> dict[int, SliceFile]:
    """Write a whole volume.

    A NIfTI source is copied with its stored values and axes, without its header's texts. Anything
    else is written in display order with its place in the patient.

    Args:
        root: Folder of the dataset.
        stem: Name of the file, without suffix.
        volume: The volume, whose slices are evenly spaced.
        hu: (S, H, W) all its slices in HU, or labels, in an integer or float type.
        folder: Folder below ``root``.

    Returns:
        Slice → where it is.
    """
    source = volume.path.name.lower()
    copied = isinstance(volume, NiftiVolume) and folder == "volumes"
    suffix = ".nii" if copied and source.endswith(".nii") else ".nii.gz"
    path = root / folder / f"{stem}{suffix}"
    path.parent.mkdir(exist_ok=True)
    if copied:
        copy_without_header_text(volume.path, path)
    else:
        image = nib.Nifti1Image(hu.transpose(2, 1, 0), display_affine(volume))
        image.header.set_xyzt_units("mm")
        write_whole(path, _compressed(image))
    return _positions(path, root, range(volume.num_slices))


def write_pictures(
    root: Path, stem: str, slices: Sequence[int], hu: np.ndarray
) -> dict[int, SliceFile]:
    """Write slices as 16-bit grey PNG files, value = HU + 32768.

    Args:
        root: Folder of the dataset.
        stem: Name of their folder below ``volumes/``.
        slices: Slices to write.
        hu: (len(slices), H, W) in HU; rounded to integers.

    Returns:
        Slice → where it is.

    Raises:
        ConversionError: A value is beyond 16 bits.
    """
    files = {}
    for index, plane in zip(slices, hu, strict=True):
        values = np.rint(plane).astype(np.int64) - HU_OF_ZERO
        if values.min() < 0 or values.max() > np.iinfo(np.uint16).max:
            raise ConversionError(
                f"{stem}, slice {index}: {plane.min():g} to {plane.max():g} HU do not fit into 16 "
                "bits; use --store nifti"
            )
        name = f"volumes/{stem}/{index:04d}.png"
        _, packed = cv2.imencode(".png", values.astype(np.uint16))
        write_whole(root / name, packed.tobytes())
        files[index] = SliceFile(name, 0)
    return files


def display_affine(volume: CTVolume) -> np.ndarray:
    """Affine of an array [column, row, slice] of a volume's slices in display order.

    Args:
        volume: The volume.

    Returns:
        (4, 4) to mm in RAS+: columns run to the left, rows to posterior, slices to superior.
    """
    row, column = volume.spacing
    affine = np.diag([-column, -row, volume.slice_spacing, 1.0])
    affine[:3, 3] = volume.slice_position(0) * (-1.0, -1.0, 1.0)
    return affine


def _positions(path: Path, root: Path, slices: Sequence[int]) -> dict[int, SliceFile]:
    """Slices that lie in one file in their own order."""
    name = path.relative_to(root).as_posix()
    return {index: SliceFile(name, index) for index in slices}


def _compressed(image: nib.Nifti1Image) -> bytes:
    """A NIfTI file as gzip without name and time."""
    return gzip.compress(image.to_bytes(), COMPRESSION, mtime=0)
