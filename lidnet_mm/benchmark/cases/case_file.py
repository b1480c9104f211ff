"""Example slices of a test run, as files."""

import io
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from lidnet_mm.benchmark.cases.array_file import ANY, TEXT, read_arrays
from lidnet_mm.benchmark.cases.case import Case, NeighbourSlice
from lidnet_mm.damaged_file import DamagedFileError, job_anew
from lidnet_mm.whole_file import write_whole

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


def read_case(folders: Mapping[str, Path], number: int, window: tuple[float, float]) -> Case | None:
    """One case from what several methods recorded.

    Args:
        folders (Mapping[str, Path]): Folder of the cases by title of the image, in the order of
            columns.
        number (int): Of the case.
        window (tuple[float, float]): HU limits in which to show it.

    Returns:
        Case | None: With the neighbours that all methods recorded; None where one of them lacks the
            case itself.

    Raises:
        ValueError: If the methods recorded different slices: they were tested on other data.
    """
    if not folders:
        return None
    offsets = set.intersection(*(_offsets(folder, number) for folder in folders.values()))
    if 0 not in offsets:
        return None
    slices = {offset: _read_slice(folders, number, offset) for offset in offsets}
    name, own = slices.pop(0)
    neighbours = [part for _, part in slices.values()]
    return Case(name, own.images, own.ground_truth, own.detections, window, neighbours=neighbours)


def _offsets(folder: Path, number: int) -> set[int]:
    """Slices of a case that a method recorded."""
    found = (NAME.fullmatch(path.name) for path in folder.glob(f"{number:03d}*.npz"))
    return {int(name[2] or 0) for name in found if name and int(name[1]) == number}


def _read_slice(
    folders: Mapping[str, Path], number: int, offset: int
) -> tuple[str, NeighbourSlice]:
    """Name and content of one slice of a case."""
    kept = {title: read_recorded(case_path(at, number, offset)) for title, at in folders.items()}
    names = {recorded.name for recorded in kept.values()}
    if len(names) > 1:
        raise ValueError(
            f"case {number} is {' and '.join(sorted(names))} for different methods: score them "
            "again on the same data"
        )
    first = next(iter(kept.values()))
    return first.name, NeighbourSlice(
        offset,
        {title: recorded.image for title, recorded in kept.items()},
        first.ground_truth,
        {title: (recorded.boxes, recorded.scores) for title, recorded in kept.items()},
    )
