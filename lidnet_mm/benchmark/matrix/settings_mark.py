"""Which settings a folder of a comparison belongs to, so that no others reuse what it holds."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from lidnet_mm.apis.load_config import load_config
from lidnet_mm.atomic_write import write_whole

MARK = "settings.sha256"
"""File that holds the digest; a folder without it belongs to unknown, hence other, settings."""


class OtherSettingsError(RuntimeError):
    """A folder holds what was made with other settings."""


def settings_digest(configs: Iterable[Path], data_root: str, seed: int) -> str:
    """Digest of all that a training or a score is made from.

    Neither where the configs lie nor how the data's folder is written counts.

    Args:
        configs (Iterable[Path]): Config files: of a training its own, of a score the judge's, too.
        data_root (str): Converted data.
        seed (int): Seed of the training.

    Returns:
        str: SHA-256 of the resolved configs, the data's folder and the seed, in hexadecimal.
    """
    root = str(Path(data_root).resolve())
    resolved = [load_config(path, {"data_root": root}).to_dict() for path in configs]
    for config in resolved:
        config.pop("judge", None)  # where it lies; what it is has a digest of its own
    text = json.dumps([resolved, seed], sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()


def mark_settings(folder: Path, digest: str) -> None:
    """Note in a folder which settings it belongs to, before anything else is written there."""
    write_whole(folder / MARK, f"{digest}\n".encode())


def check_settings(folders: Iterable[tuple[Path, str]]) -> None:
    """Refuse folders that belong to other settings.

    Args:
        folders (Iterable[tuple[Path, str]]): Folders in use and the digests they should have.

    Raises:
        OtherSettingsError: If any has another digest or none; the message names all of these.
    """
    others = [str(folder) for folder, digest in folders if noted_digest(folder) != digest]
    if others:
        raise OtherSettingsError(
            "made with other settings (config, data folder or seed): "
            f"{', '.join(others)}. Give another --work-dir, or delete these folders to make them "
            "anew."
        )


def noted_digest(folder: Path) -> str | None:
    """Digest noted in a folder; None where there is none."""
    mark = folder / MARK
    return mark.read_text(encoding="utf-8").strip() if mark.is_file() else None
