"""Which data results were made on, without a word of it."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from lidnet_mm.file_digest import sha256_of


@dataclass(frozen=True)
class DataDigest:
    """A converted data set.

    Attributes:
        title (str): Its name in a report.
        annotations (dict[str, str]): SHA-256 by name of the annotation file.
        num_volumes (int): Files of images.
        num_bytes (int): Their size.
        volumes (str): SHA-256 of a list of their names and sizes: other, more or fewer files give
            another one. What is in them is not read.
    """

    title: str
    annotations: dict[str, str]
    num_volumes: int
    num_bytes: int
    volumes: str


def digest_data(data_root: str | Path, title: str) -> DataDigest:
    """Digest of a converted data set.

    Args:
        data_root (str | Path): Its folder, with ``annotations/*.json``.
        title (str): Its name in a report.

    Returns:
        DataDigest: Without any path.

    Raises:
        FileNotFoundError: If there are no annotation files.
    """
    root = Path(data_root)
    files = sorted(root.glob("annotations/*.json"))
    if not files:
        raise FileNotFoundError(f"no annotations/*.json in {root}: is it a converted data set?")
    volumes = sorted(
        path
        for path in root.rglob("*")
        if path.is_file() and "annotations" not in path.relative_to(root).parts[:1]
    )
    listed = [(path.relative_to(root).as_posix(), path.stat().st_size) for path in volumes]
    text = "".join(f"{name}\t{size}\n" for name, size in listed)
    return DataDigest(
        title=title,
        annotations={path.name: sha256_of(path) for path in files},
        num_volumes=len(listed),
        num_bytes=sum(size for _, size in listed),
        volumes=hashlib.sha256(text.encode()).hexdigest(),
    )
