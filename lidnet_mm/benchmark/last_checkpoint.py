"""The newest checkpoint of a work dir, as MMEngine notes it."""

from pathlib import Path


def last_checkpoint(folder: Path) -> Path | None:
    """Read MMEngine's note of the newest checkpoint.

    ``mmengine.runner.find_latest_checkpoint`` does the same, but prints a line where there is none,
    which is no news while a comparison looks for what is still to do.

    Args:
        folder (Path): Work dir of a training.

    Returns:
        Path | None: The checkpoint; None where there is no note, or a kill left it empty.
    """
    note = folder / "last_checkpoint"
    text = note.read_text(encoding="utf-8").strip() if note.is_file() else ""
    return Path(text) if text else None
