"""Weights of others, downloaded once into PyTorch's folder of them."""

import http.client
import os
import re
from pathlib import Path

import torch
from mmengine.dist import barrier, get_rank

SCHEMES = ("http://", "https://")

HASH = re.compile(r"-([0-9a-f]{8,})\.[a-z]+$")
"""The start of a file's SHA-256, which stands at the end of many names."""


class MissingDownloadError(FileNotFoundError):
    """A file is not there and cannot be downloaded; the message says where to put it."""


def is_address(source: str | Path) -> bool:
    """Whether weights are named by an address.

    Args:
        source (str | Path): A file or an address.

    Returns:
        bool: True for http and https.
    """
    return str(source).startswith(SCHEMES)


def downloaded(address: str) -> Path:
    """The file of an address, downloaded where it is not there yet.

    Of several processes the first downloads, and the others wait for it.

    Args:
        address (str): http(s) address.

    Returns:
        Path: The file, in ``checkpoints`` of ``torch.hub.get_dir()``.

    Raises:
        MissingDownloadError: If it cannot be downloaded; names file, folder and address, and what
            does without.
    """
    name = Path(address.partition("?")[0]).name
    file = Path(torch.hub.get_dir()) / "checkpoints" / name
    if get_rank() == 0:
        failure = _fetch(address, file)
    barrier()
    if get_rank() != 0:  # on another computer it is not there yet
        failure = _fetch(address, file)
    if failure is not None:
        raise MissingDownloadError(_what_to_do(address, file, failure)) from failure
    return file


def _fetch(address: str, file: Path) -> Exception | None:
    """Download a file where it is missing; returns why it cannot be."""
    if file.is_file():
        return None
    known = HASH.search(file.name)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(
            address, str(file), hash_prefix=known and known[1], progress=os.isatty(2)
        )
    except (OSError, RuntimeError, ValueError, http.client.HTTPException) as error:
        return error  # the other processes wait for this one
    return None


def _what_to_do(address: str, file: Path, failure: Exception) -> str:
    """Why a file is missing, and what to do."""
    return (
        f"{file.name} is not in {file.parent} and cannot be downloaded "
        f"({failure}): download {address} into that folder by "
        "other means, or do without: a backbone begins untrained with --cfg-options "
        "model.detector.backbone.init_cfg=None (a judge's or plain detector's with "
        "model.backbone.init_cfg=None)"
    )
