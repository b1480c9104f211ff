"""DICOM UIDs that follow from what they name: the same run gives the same ones."""

import hashlib

from pydicom.uid import generate_uid

from lidnet_mm.datasets.readers import CTVolume, DicomVolume
from lidnet_mm.file_digest import sha256_of


def derived_uid(*parts: str) -> str:
    """A UID that follows from texts: from other ones another.

    Args:
        parts: Any number of texts; where one ends and the next begins counts.
    """
    text = "\0".join(("lidnet_mm", *parts)).encode("utf-8", "surrogateescape")
    return generate_uid(entropy_srcs=[hashlib.sha256(text).hexdigest()])


def source_identity(volume: CTVolume) -> tuple[str, ...]:
    """What tells a volume from all others, wherever it lies.

    Args:
        volume: The source.

    Returns:
        The UIDs of a DICOM series and its images, since one series may hold several volumes. Where
        they are not stated, and of any other format, a digest of the files and of one slice: files
        of several patients have the same name, and a header may leave the voxels to other files.

    Raises:
        OSError: A file cannot be read.
        VolumeError: The slice cannot be read.
    """
    if isinstance(volume, DicomVolume):
        uids = (volume.series_uid, *volume.sop_instance_uids)
        if all(uids):
            return uids
    digest = hashlib.sha256()
    for path in volume.files:
        digest.update(bytes.fromhex(sha256_of(path)))
    digest.update(volume.read_slice(volume.num_slices // 2).tobytes())
    return (digest.hexdigest(),)
