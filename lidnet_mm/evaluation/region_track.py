"""Regions of one slice along a training, as a file."""

import io
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from lidnet_mm.array_file import ANY, TEXT, read_arrays
from lidnet_mm.atomic_write import write_whole
from lidnet_mm.damaged_file import DamagedFileError

LAYOUTS = {
    "name": TEXT, "iterations": (ANY,), "counts": (ANY,), "regions": (ANY, 4),
    "image": (ANY, ANY), "ground_truth": (ANY, 4),
}  # fmt: skip


WITHOUT = "delete it, and training and report go on without these recordings"
"""What to do where a file is damaged."""


@dataclass(frozen=True)
class RegionTrack:
    """Regions of one slice along a training.

    Attributes:
        name (str): Pseudonym of the slice, such as ``case_0003, slice 12``.
        iterations (tuple[int, ...]): When they were recorded, rising.
        regions (tuple[np.ndarray, ...]): (K_i, 4) each, x1 y1 x2 y2 in pixels, best first.
        image (np.ndarray): (H, W) HU, the slice as it was denoised last.
        ground_truth (np.ndarray): Lesion boxes (n, 4), x1 y1 x2 y2 in pixels.
        label (str): The training in a report.
    """

    name: str = ""
    iterations: tuple[int, ...] = ()
    regions: tuple[np.ndarray, ...] = ()
    image: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    ground_truth: np.ndarray = field(default_factory=lambda: np.zeros((0, 4)))
    label: str = ""

    def with_entry(
        self, iteration: int, regions: np.ndarray, shown: dict[str, Any]
    ) -> "RegionTrack":
        """The track with one more recording.

        Args:
            iteration (int): When.
            regions (np.ndarray): (K, 4).
            shown (dict): ``name``, ``image`` and ``ground_truth``.

        Returns:
            RegionTrack: A new one.
        """
        return replace(
            self,
            iterations=(*self.iterations, iteration),
            regions=(*self.regions, np.asarray(regions, dtype=np.float32).reshape(-1, 4)),
            **shown,
        )


def write_regions(track: RegionTrack, path: Path) -> None:
    """Write a track, whole or not at all.

    Args:
        track (RegionTrack): The track.
        path (Path): A ``.npz`` file; its folder is created.
    """
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        name=track.name,
        iterations=np.array(track.iterations, dtype=np.int64),
        counts=np.array([len(found) for found in track.regions], dtype=np.int64),
        regions=np.concatenate([*track.regions, np.zeros((0, 4), np.float32)]),
        image=track.image,
        ground_truth=track.ground_truth,
    )
    write_whole(path, buffer.getvalue())


def read_regions(path: Path, label: str = "", until: int | None = None) -> RegionTrack:
    """Read a track.

    Args:
        path (Path): The file.
        label (str): The training in a report. Defaults to none.
        until (int, optional): Leave out what was recorded later, as by a run that was resumed from
            an earlier checkpoint. Defaults to all.

    Returns:
        RegionTrack: An empty one where there is no such file.

    Raises:
        DamagedFileError: If it holds something else.
    """
    if not path.is_file():
        return RegionTrack(label=label)
    kept = read_arrays(path, LAYOUTS, remedy=WITHOUT)
    counts, iterations = kept["counts"], kept["iterations"].tolist()
    if len(counts) != len(iterations) or counts.sum() != len(kept["regions"]):
        raise DamagedFileError(path, "its recordings and regions differ in number", WITHOUT)
    parts = np.split(kept["regions"], np.cumsum(counts)[:-1]) if len(counts) else []
    chosen = [n for n, it in enumerate(iterations) if until is None or it <= until]
    return RegionTrack(
        name=kept["name"],
        iterations=tuple(iterations[n] for n in chosen),
        regions=tuple(parts[n] for n in chosen),
        image=kept["image"],
        ground_truth=kept["ground_truth"],
        label=label,
    )


def find_regions(folder: Path, label: str) -> list[RegionTrack]:
    """All tracks of a training.

    Args:
        folder (Path): Its work dir.
        label (str): The training in a report.

    Returns:
        list[RegionTrack]: In the order of their numbers; none where none were recorded.
    """
    return [read_regions(path, label) for path in sorted(folder.glob("regions/*.npz"))]
