"""Checkpoints that are written whole, and never at the price of the one before."""

import shutil
from pathlib import Path

from mmengine.fileio import LocalBackend, register_backend

from lidnet_mm.atomic_write import PART, write_whole

BACKEND = "lidnet_atomic"
"""Its name in ``backend_args``."""

RETIRED = ".retired"
"""Ending of a checkpoint that goes once the next one is on the disk."""


class CheckpointWriteError(OSError):
    """A checkpoint cannot be written; the message names it, the reason and a remedy."""


@register_backend(BACKEND)
class AtomicFileBackend(LocalBackend):
    """Files of one folder that one process writes, such as the checkpoints of a training.

    A file is written under a temporary name, flushed to the disk and renamed: under its own name
    it is complete. MMEngine's ``CheckpointHook`` removes the oldest checkpoint, or the best one so
    far, *before* it writes the next. Here a removed file is only renamed to ``<name>.retired``;
    it goes when the next one is written, and has its name back if that fails.

    Example:
        >>> checkpoint = dict(type='CheckpointHook', backend_args=dict(backend='lidnet_atomic'))
    """

    def put(self, obj: bytes, filepath: str | Path) -> None:
        """Write a file, then delete the retired ones and what earlier kills left in its folder.

        Args:
            obj (bytes): What it holds.
            filepath (str | Path): The file.

        Raises:
            CheckpointWriteError: If it cannot be written; all files before it are as they were.
        """
        path = Path(filepath)
        try:
            write_whole(path, obj, durable=True)
        except OSError as error:
            _bring_back(path.parent)
            raise CheckpointWriteError(_what_to_do(path, len(obj), error)) from error
        for leftover in [*_retired(path.parent), *path.parent.glob(f"*.pth.*{PART}")]:
            leftover.unlink(missing_ok=True)

    def remove(self, filepath: str | Path) -> None:
        """Let a file go as soon as the next one is written.

        Args:
            filepath (str | Path): The file.
        """
        path = Path(filepath)
        path.replace(path.with_name(path.name + RETIRED))


def _retired(folder: Path) -> list[Path]:
    """Files of a folder that wait for the next one."""
    return sorted(folder.glob(f"*{RETIRED}"))


def _bring_back(folder: Path) -> None:
    """Give the retired files of a folder their names back."""
    for retired in _retired(folder):
        retired.replace(retired.with_name(retired.name.removesuffix(RETIRED)))


def _what_to_do(path: Path, size: int, error: OSError) -> str:
    """Why a checkpoint cannot be written, and what to do."""
    kept = ", ".join(sorted(file.name for file in path.parent.glob("*.pth"))) or "none"
    return (
        f"Cannot write the checkpoint {path} of {size / 1e6:.1f} MB: {error.strerror or error}"
        f"{_free_space(path.parent)}. Checkpoints before it are untouched: {kept}."
        " Free space or make the folder writable and train again with --resume; fewer checkpoints"
        " are kept with default_hooks.checkpoint.max_keep_ckpts"
    )


def _free_space(folder: Path) -> str:
    """What is left on the disk of a folder; nothing where there is no such folder."""
    if not folder.is_dir():
        return ""
    return f" ({shutil.disk_usage(folder).free / 1e6:.1f} MB free)"
