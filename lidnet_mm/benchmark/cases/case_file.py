"""A case from the slices that test runs of several methods kept."""

from collections.abc import Mapping
from pathlib import Path

from lidnet_mm.benchmark.cases.case import Case, NeighbourSlice
from lidnet_mm.evaluation.recorded_slice import NAME, case_path, read_recorded


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
