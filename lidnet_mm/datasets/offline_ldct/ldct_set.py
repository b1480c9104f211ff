"""A folder with the LDCT of a converted data set at one setting, filled by one process or many."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lidnet_mm.atomic_write import write_whole
from lidnet_mm.coco_json.annotation_file import read_annotation_file
from lidnet_mm.datasets.offline_ldct.abandoned_parts import remove_abandoned_parts
from lidnet_mm.datasets.offline_ldct.ldct_file import STORES, digest_of, write_ldct
from lidnet_mm.datasets.offline_ldct.shard import Shard
from lidnet_mm.datasets.offline_ldct.volume_jobs import (
    VolumeJob,
    find_annotation_files,
    ldct_name,
    volume_jobs,
)
from lidnet_mm.datasets.transforms import SimulateLowDose
from lidnet_mm.json_file import read_json
from lidnet_mm.output_path import OutputPathError, check_name, check_output_folder

SETTINGS = "settings.json"


@dataclass(frozen=True)
class SetProgress:
    """What a run did, and what there is now.

    Attributes:
        made: Volumes that it simulated.
        kept: Volumes of its shard that were there already.
        missing: Volumes that other shards have still to make.
        annotation_files: What it wrote; empty while volumes are missing.
    """

    made: int
    kept: int
    missing: int
    annotation_files: tuple[Path, ...]


class LDCTSet:
    """The LDCT of all slices that the annotation files of a data set name.

    Each volume gets a NIfTI of its own with a digest of all that it depends on, settings and
    source; one that is there with the right digest is not made again. The order of the volumes and
    the processes that make them do not change a byte.

    Args:
        data: Root of the converted data set.
        out: Folder of the LDCT; None is ``data/ldct/NAME``, NAME from the settings.
        simulate: The simulation, without cache; a slice gets the noise that it has in tests.
        name: Name of the setting, for ``out=None``.
        store: ``'float32'``, the LDCT bit by bit as ``SimulateLowDose`` makes it, or ``'int16'``,
            rounded to whole HU in less than half the space.

    Raises:
        FileNotFoundError: The data set has no annotation files, or a volume is missing.
        ValueError: The folder holds LDCT of another setting, something that is read lies where it
            would be written, the name is a path, or the data set is not right.
    """

    def __init__(
        self, data: Path, out: Path | None, simulate: SimulateLowDose, name: str, store: str
    ) -> None:
        if store not in STORES:
            raise ValueError(f"store must be {' or '.join(STORES)}, not {store!r}")
        if simulate.cache is not None:
            raise ValueError("an LDCT set is itself a cache: leave cache_dir out")
        self.data = data = data.resolve()
        if out is None:
            check_name(name, "--name")
        self.out = data / "ldct" / name if out is None else out.resolve()
        self.store = store
        self.settings = {**simulate.settings, "store": store}
        self.annotations = find_annotation_files(data)
        self.jobs = volume_jobs(data, self.annotations, simulate)
        self._check_out()
        self._digests: dict[str, str] = {}

    def run(self, shard: Shard, progress: Callable[[int], object] | None = None) -> SetProgress:
        """Make what is missing of a shard; write the annotation files once nothing is missing.

        Args:
            shard: The part of the volumes to make.
            progress: Called with a number of slices as they are done.

        Returns:
            What was done.

        Raises:
            ValueError: A slice cannot be simulated, or the folder holds LDCT of another setting.
            VolumeError: A slice cannot be read.
        """
        self._claim()
        remove_abandoned_parts(self.out)
        tell = progress or (lambda count: None)
        own = shard.of(self.jobs)
        made = sum(self._make(job, tell) for job in own)
        missing = sum(not self._is_made(job) for job in self.jobs)
        self._claim()
        written = () if missing else tuple(self._write_annotations())
        return SetProgress(made, len(own) - made, missing, written)

    def slices_of(self, shard: Shard) -> int:
        """Number of slices of a shard."""
        return sum(len(job.slices) for job in shard.of(self.jobs))

    @property
    def ldct_prefix(self) -> str:
        """Folder to which ``ldct_file_name`` is relative, as ``data_prefix['ldct']`` takes it."""
        return "" if self.out.is_relative_to(self.data) else str(self.out)

    def _check_out(self) -> None:
        """Refuse a folder in which what is read would be lost."""
        folders = {job.source.parent for job in self.jobs} - {self.data}
        read = [("the data set", self.data / "annotations"), *(("its NDCT", f) for f in folders)]
        check_output_folder(self.out, read)
        volumes = {os.path.realpath(file) for job in self.jobs for file in job.volume().files}
        for name in (job.name for job in self.jobs):
            if os.path.realpath(self.out / name) in volumes:
                raise OutputPathError(
                    f"{self.out / name} is a volume of the NDCT: write to another folder"
                )

    def _claim(self) -> None:
        """Note the settings in the folder, or compare with those noted."""
        path = self.out / SETTINGS
        if not path.exists():
            write_whole(path, f"{json.dumps(self.settings, indent=1)}\n".encode())
        noted = read_json(path, "remove it, or the folder", dict)
        if noted != self.settings:
            different = ", ".join(
                f"{key} {noted.get(key)} (asked for {self.settings.get(key)})"
                for key in sorted(noted.keys() | self.settings.keys())
                if noted.get(key) != self.settings.get(key)
            )
            raise ValueError(
                f"{self.out} holds LDCT of other settings: {different}. Give another folder or"
                " --name, or remove this one"
            )

    def _digest(self, job: VolumeJob) -> str:
        """What the LDCT of a volume depends on."""
        if job.name not in self._digests:
            text = json.dumps([self.settings, job.digest()], sort_keys=True)
            self._digests[job.name] = hashlib.sha256(text.encode()).hexdigest()
        return self._digests[job.name]

    def _is_made(self, job: VolumeJob) -> bool:
        """Whether the right LDCT of a volume is there."""
        found = digest_of(self.out / job.name)
        return found is not None and found == self._digest(job)

    def _make(self, job: VolumeJob, tell: Callable[[int], object]) -> bool:
        """Simulate a volume that is not there; says whether it did."""
        if self._is_made(job):
            tell(len(job.slices))
            return False
        positions = sorted(job.slices)
        write_ldct(
            self.out / job.name,
            job.volume(),
            job.sample(positions[0]),
            _simulated(job, positions, tell),
            self.store,
            self._digest(job),
        )
        return True

    def _write_annotations(self) -> Iterator[Path]:
        """Write each annotation file again with the LDCT of its slices."""
        for source in self.annotations:
            content = read_annotation_file(source).content
            content["info"] = {**content.get("info", {}), "ldct": self.settings}
            content["images"] = [self._with_ldct(record) for record in content["images"]]
            path = self.out / "annotations" / source.name
            write_whole(path, f"{json.dumps(content, allow_nan=False)}\n".encode())
            yield path

    def _with_ldct(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """An image record that names its LDCT."""
        name = self.out / ldct_name(self.data / record["file_name"], self.data)
        root = self.out if self.ldct_prefix else self.data
        return {
            **record,
            "ldct_file_name": name.relative_to(root).as_posix(),
            "ldct_slice_index": record.get("slice_in_file", record["slice_index"]),
        }


def _simulated(
    job: VolumeJob, positions: Sequence[int], tell: Callable[[int], object]
) -> Iterator[tuple[int, np.ndarray]]:
    """The LDCT of the slices of a volume, one after the other."""
    for position in positions:
        yield position, job.ldct(position)
        tell(1)
