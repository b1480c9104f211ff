"""The size that a header claims, against the file's own and what a CT can have."""

import math
from collections.abc import Sequence
from pathlib import Path

from lidnet_mm.datasets.readers.volume import VolumeError

MOST_ALONG_AN_AXIS = 32767
"""Voxels along one axis; NIfTI-1 holds no more."""

MOST_IN_A_PLANE = 1 << 27
"""Voxels of two axes: 11585 x 11585."""

MOST_IN_MEMORY = 4 << 30
"""Bytes of a volume that can only be read as a whole: 4000 slices of 512 x 512 in float32."""

GZIP_RATIO = 1100
"""Deflate never shrinks by more than 1032."""


def check_claimed_size(
    path: Path,
    shape: Sequence[int],
    voxel_bytes: int,
    *,
    stored: int | None = None,
    deflated: int | None = None,
    whole: bool = False,
    voxels: Path | None = None,
) -> None:
    """Refuse a volume that cannot be as large as its header says, before memory is taken.

    Args:
        path: The volume, for the message.
        shape: Voxels along its axes.
        voxel_bytes: Bytes of one.
        stored: Bytes that the file has for voxels that are not compressed, where they are not.
        deflated: Bytes that it has for voxels compressed by deflate (gzip, zlib, PNG).
        whole: All voxels have to be in memory at once.
        voxels: The file with the voxels, where it is another.

    Raises:
        VolumeError: The file is too small for them, or they are more than a CT has.
    """
    sizes = [int(size) for size in shape]
    claimed = math.prod(sizes) * voxel_bytes
    says = f"its header claims {' x '.join(map(str, sizes))} voxels of {voxel_bytes} bytes"
    largest = sorted(sizes)[-2:]
    if min(sizes) < 1 or largest[-1] > MOST_ALONG_AN_AXIS or math.prod(largest) > MOST_IN_A_PLANE:
        raise VolumeError(f"Cannot read {path}: {says}, no size of a CT; copy or convert it again")
    found = ""
    if stored is not None and claimed > stored:
        found = f"{stored} found"
    elif deflated is not None and claimed > GZIP_RATIO * deflated:
        found = f"{deflated} compressed ones found, which cannot hold them"
    if found:
        raise VolumeError(
            f"Cannot read {path}: {voxels or path} is incomplete, {claimed} bytes of voxels"
            f" expected, {found} ({says}); it is damaged, copy it again"
        )
    if whole and claimed > MOST_IN_MEMORY:
        raise VolumeError(
            f"Cannot read {path}: {says}, and this kind of file is read as a whole, at most"
            f" {MOST_IN_MEMORY >> 30} GiB; convert it to .nii, which is read slice by slice"
        )
