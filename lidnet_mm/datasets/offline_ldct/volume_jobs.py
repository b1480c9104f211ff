"""The volumes of a converted data set, and the slices of each that its annotation files use."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from lidnet_mm.coco_json.annotation_file import read_annotation_file
from lidnet_mm.datasets.annotated_slices import require_volumes, slice_fields, warn_of_corrections
from lidnet_mm.datasets.readers import CTVolume, open_volume
from lidnet_mm.datasets.readers.open_volumes import READERS
from lidnet_mm.datasets.transforms import LoadCTSlice, SimulateLowDose
from lidnet_mm.file_digest import sha256_of

IDENTITY = ("patient_id", "series", "slice_index", "spacing", "slice_thickness")
"""What of a slice's record its LDCT may depend on besides its pixels."""


@dataclass
class VolumeJob:
    """A volume whose slices are to be simulated.

    Attributes:
        source: Its file or folder.
        name: Path of its LDCT below the folder of the LDCT set, with ``/``.
        simulate: The simulation.
        slices: Position in the file → description of the slice, as a training has it.
    """

    source: Path
    name: str
    simulate: SimulateLowDose
    slices: dict[int, dict[str, Any]] = field(default_factory=dict)

    def volume(self) -> CTVolume:
        """The open volume."""
        return open_volume(self.source)

    def sample(self, position: int) -> dict[str, Any]:
        """Description of the slice at a position in the file."""
        return dict(self.slices[position])

    def ldct(self, position: int) -> np.ndarray:
        """LDCT of the slice at a position in the file: (H, W) float32 in HU."""
        return self.simulate(LoadCTSlice()(self.sample(position)))["img"][..., 0]

    def digest(self) -> str:
        """SHA-256 of the bytes of the volume's files and of what the records say of its slices."""
        digest = hashlib.sha256()
        for path in self.volume().files:
            digest.update(bytes.fromhex(sha256_of(path)))
        for position in sorted(self.slices):
            sample = self.sample(position)
            identity = [position, *(sample.get(key) for key in IDENTITY)]
            digest.update(json.dumps(identity).encode())
        return digest.hexdigest()


def find_annotation_files(data: Path) -> list[Path]:
    """Annotation files of a converted data set.

    Args:
        data: Its root.

    Raises:
        FileNotFoundError: There is none.
    """
    files = sorted((data / "annotations").glob("*.json"))
    if not files:
        raise FileNotFoundError(
            f"{data / 'annotations'} has no json: give the folder of a converted data set"
            " (tools/dataset_converters)"
        )
    return files


def volume_jobs(
    data: Path, annotation_files: Sequence[Path], simulate: SimulateLowDose
) -> list[VolumeJob]:
    """Collect the volumes, in the order in which they are first named.

    Args:
        data: Root of the data set.
        annotation_files: Its annotation files.
        simulate: The simulation.

    Returns:
        One job a volume.

    Raises:
        FileNotFoundError: A volume is missing.
        ValueError: An annotation file is not right, a volume lies outside of the root, two have one
            name, or one slice is described in two ways.
    """
    jobs: dict[Path, VolumeJob] = {}
    names: dict[str, Path] = {}
    for path in annotation_files:
        for info in _slices(data, path):
            source = Path(info["img_path"])
            if source not in jobs:
                job = jobs[source] = VolumeJob(source, ldct_name(source, data), simulate)
                other = names.setdefault(job.name, source)
                if other != source:
                    raise ValueError(
                        f"{other} and {source} would have one LDCT, {job.name}: rename one of them"
                        f" there and in {path}"
                    )
            _add(jobs[source], info)
    return list(jobs.values())


def ldct_name(source: Path, data: Path) -> str:
    """Path of a volume's LDCT below the folder of the LDCT set.

    Raises:
        ValueError: The volume lies outside of the data set.
    """
    if not source.is_relative_to(data) or ".." in source.relative_to(data).parts:
        raise ValueError(f"volume {source} lies outside of {data}: copy it there, or make a link")
    name = source.relative_to(data)
    suffixes = sorted(READERS, key=len, reverse=True)
    suffix = next((s for s in suffixes if name.name.lower().endswith(s)), "")
    stem = name.name[: len(name.name) - len(suffix)]
    return str(PurePosixPath(*name.parts[:-1], f"{stem}.nii.gz"))


def _slices(data: Path, path: Path) -> list[dict[str, Any]]:
    """The slices of an annotation file as the test of any training would describe them."""
    found = read_annotation_file(path)
    slices = [
        {
            "img_path": str(data / record["file_name"]),
            "height": record["height"],
            "width": record["width"],
            **slice_fields(record, {"img": str(data)}),
        }
        for record in found.content["images"]
    ]
    require_volumes(slices, path)
    warn_of_corrections(found.corrected, path)
    return slices


def _add(job: VolumeJob, info: dict[str, Any]) -> None:
    """Add a slice, which several annotation files may name, but only alike."""
    position = info["slice_in_file"]
    if position in job.slices:
        known = job.sample(position)
        if [known.get(key) for key in IDENTITY] != [info.get(key) for key in IDENTITY]:
            raise ValueError(
                f"slice {position} of {job.source} is described in two ways (patient"
                f" {known['patient_id']}, slice {known['slice_index']}, and patient"
                f" {info['patient_id']}, slice {info['slice_index']}): correct the annotation files"
            )
        return
    job.slices[position] = info
