"""An example slice of a test run, as a file."""

import io
import re
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from lidnet_mm.array_file import ANY, TEXT, read_arrays
from lidnet_mm.atomic_write import write_whole
from lidnet_mm.damaged_file import DamagedFileError, job_anew

NAME = re.compile(r"(\d{3,})([+-]\d+)?\.npz")
LAYOUTS = {
    "name": TEXT, "image": (ANY, ANY), "ground_truth": (ANY, 4), "boxes": (ANY, 4),
    "scores": (ANY,),
}  # fmt: skip


@dataclass(frozen=True)
class RecordedSlice:
    """One slice as one method shows it.

    Attributes:
        name (str): Pseudonym, such as ``case_0003, slice 12``.
        image (np.ndarray): (H, W) HU, what the judge was given.
        ground_truth (np.ndarray): Lesion boxes (n, 4), x1 y1 x2 y2 in pixels.
        boxes (np.ndarray): Predicted boxes (m, 4).
        scores (np.ndarray): (m,), in [0, 1].
        input (np.ndarray, optional): (H, W) HU, what the denoiser was given.
    """

    name: str
    image: np.ndarray
    ground_truth: np.ndarray
    boxes: np.ndarray
    scores: np.ndarray
    input: np.ndarray | None = None


def case_path(folder: Path, number: int, offset: int = 0) -> Path:
    """Where a slice is kept.

    Args:
        folder (Path): Folder of the cases.
        number (int): Of the case.
        offset (int): Slices towards superior from its own. Defaults to 0.

    Returns:
        Path: Such as ``003.npz`` or ``003-1.npz``.
    """
    return folder / (f"{number:03d}{offset:+d}.npz" if offset else f"{number:03d}.npz")


def write_recorded(recorded: RecordedSlice, path: Path) -> None:
    """Write a slice, whole or not at all.

    Args:
        recorded (RecordedSlice): The slice.
        path (Path): Of :func:`case_path`.
    """
    buffer = io.BytesIO()
    content = {name: value for name, value in asdict(recorded).items() if value is not None}
    np.savez_compressed(buffer, **content)
    write_whole(path, buffer.getvalue())


def read_recorded(path: Path) -> RecordedSlice:
    """Read a slice.

    Args:
        path (Path): The file.

    Returns:
        RecordedSlice: The slice.

    Raises:
        DamagedFileError: If it holds something else.
    """
    remedy = job_anew(path.parent.parent)  # a job that is done does not miss its cases
    recorded = RecordedSlice(**read_arrays(path, LAYOUTS, {"input": (ANY, ANY)}, remedy))
    if len(recorded.boxes) != len(recorded.scores):
        raise DamagedFileError(
            path, f"{len(recorded.boxes)} boxes but {len(recorded.scores)} scores", remedy
        )
    return recorded
