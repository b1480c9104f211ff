"""One volume under the names of several patients, who may be in two parts of the split."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lidnet_mm.datasets.converters.numbering import NumberedCase
from lidnet_mm.datasets.converters.source_case import Note

DIGEST = "voxels"
"""Key of :func:`digest_of` in a case's record."""


def digest_of(hu: np.ndarray) -> str:
    """Name the voxels of a volume, whatever its file and header.

    Args:
        hu: (S, H, W) HU.

    Returns:
        32 hexadecimal digits, equal where shape, type and all voxels are.
    """
    digest = hashlib.blake2b(f"{hu.shape} {hu.dtype}".encode(), digest_size=16)
    digest.update(np.ascontiguousarray(hu))
    return digest.hexdigest()


def same_volumes(
    cases: Sequence[NumberedCase], records: Sequence[Mapping[str, Any]]
) -> tuple[Note, ...]:
    """Find volumes that different patients share.

    Args:
        cases: All cases.
        records: Theirs, in the same order; those without a digest were not used.

    Returns:
        A note for each such volume, with the source's names of its patients and their parts.
    """
    groups: dict[str, dict[str, str]] = {}
    for case, record in zip(cases, records, strict=True):
        if DIGEST in record:
            groups.setdefault(record[DIGEST], {})[case.source.patient] = case.part
    return tuple(
        Note(
            "different patients have a volume of the same voxels: remove the copies, or give all "
            "scans of one person one name",
            ", ".join(f"{patient} ({part})" for patient, part in patients.items()),
        )
        for patients in groups.values()
        if len(patients) > 1
    )
