"""The checkpoint that a training goes on from."""

import logging
import re
import zipfile
import zlib
from pathlib import Path

from mmengine.logging import print_log

from lidnet_mm.engine.atomic_file_backend import RETIRED

NAME = re.compile(rf"iter_(\d+)\.pth({re.escape(RETIRED)})?")
"""Names of the checkpoints of an iteration."""

NOTE = "last_checkpoint"
"""MMEngine's note of the checkpoint that it wrote last."""


class DamagedCheckpointError(ValueError):
    """A checkpoint is incomplete or was changed; the message says what to do."""


def noted_checkpoint(work_dir: Path) -> Path | None:
    """The checkpoint of a work dir that MMEngine's note names, whether it is there or not.

    The note has a whole path. Only the name counts: a work dir that was copied or moved holds
    checkpoints of its own, and those of another are not its own.

    Args:
        work_dir (Path): Work dir of a training.

    Returns:
        Path | None: The checkpoint, in the work dir; None without a note, or where a kill or power
            cut emptied it.
    """
    text = _note(work_dir)
    return work_dir / Path(text).name if text else None


def _note(work_dir: Path) -> str:
    """What the note says; nothing where there is none."""
    note = work_dir / NOTE
    if not note.is_file():
        return ""
    return note.read_text(encoding="utf-8", errors="replace").strip("\0 \n")


def newest_checkpoint(work_dir: Path) -> Path | None:
    """The newest checkpoint that is complete.

    MMEngine's note alone may lie: a kill leaves it empty or one checkpoint behind, a moved folder
    has another path, and the file it names may be cut short. So the files themselves are checked,
    the newest first, with a warning for each that is damaged. Checkpoints of later iterations that
    are older than the note are of an earlier training in the same folder and left aside.

    Args:
        work_dir (Path): Work dir of the training.

    Returns:
        Path | None: The checkpoint; None where there is none.

    Raises:
        DamagedCheckpointError: If there are checkpoints and none of them is complete.
        FileNotFoundError: If the note names one, and there is none in the work dir.
    """
    found = _candidates(work_dir)
    for path in found:
        damage = damage_of(path)
        if damage is None:
            return path
        _warn(f"{path} is damaged ({damage}): going back to the checkpoint before it")
    if found:
        raise DamagedCheckpointError(
            f"none of the {len(found)} checkpoints in {found[0].parent} is complete, see the "
            "warnings above: restore one from a copy, or train from the start without --resume"
        )
    return None


def intact_checkpoint(path: Path) -> Path:
    """A checkpoint that a user named, checked.

    Args:
        path (Path): The checkpoint.

    Returns:
        Path: The same.

    Raises:
        FileNotFoundError: If there is no such file.
        DamagedCheckpointError: If it is damaged.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f"there is no checkpoint {path} to resume from: correct the path, or give --resume "
            "without one for the newest in the work dir"
        )
    damage = damage_of(path)
    if damage is not None:
        raise DamagedCheckpointError(
            f"{path} is damaged ({damage}): give another checkpoint, or --resume without one for "
            "the newest complete one in the work dir"
        )
    return path


def damage_of(path: Path) -> str | None:
    """What is wrong with a checkpoint file, its checksums included, which PyTorch does not check.

    Args:
        path (Path): A file written by ``torch.save``.

    Returns:
        str | None: The reason; None for a complete file.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            record = archive.testzip()
            names = archive.namelist()
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        return str(error)
    if record is not None:
        return f"wrong checksum of {record}"
    if not any(name.endswith("/data.pkl") for name in names):
        return "not written by torch.save"
    return None


def _candidates(work_dir: Path) -> list[Path]:
    """Checkpoints of a training, the newest first."""
    noted = noted_checkpoint(work_dir)
    found = _numbered(work_dir)
    if not found and noted is not None:
        if not noted.is_file():
            raise FileNotFoundError(
                f"{work_dir / NOTE} names {_note(work_dir)}, and there is no checkpoint in "
                f"{work_dir}: bring {noted.name} back, give its path with --resume, or delete the "
                "note to train from the start"
            )
        return [noted]  # under a name that CheckpointHook was given
    last = NAME.fullmatch(noted.name) if noted is not None else None
    if last is not None:
        written, number = (work_dir / NOTE).stat().st_mtime_ns, int(last[1])
        stale = [p for n, p in found if n > number and p.stat().st_mtime_ns < written]
        if stale:
            names = ", ".join(path.name for path in stale)
            _warn(
                f"{work_dir}: {names} older than {noted.name}, of an earlier training: left aside"
            )
        found = [(n, path) for n, path in found if path not in stale]
    return [path for _, path in sorted(found, reverse=True)]


def _numbered(folder: Path) -> list[tuple[int, Path]]:
    """Checkpoints of a folder with their iterations."""
    matches = ((NAME.fullmatch(path.name), path) for path in folder.glob("iter_*"))
    return [(int(match[1]), path) for match, path in matches if match is not None]


def _warn(text: str) -> None:
    """Log a warning."""
    print_log(text, "current", logging.WARNING)
