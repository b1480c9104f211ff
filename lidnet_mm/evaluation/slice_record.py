"""``records.json``: what a test run found on each slice, without the images."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lidnet_mm.atomic_write import write_whole
from lidnet_mm.evaluation.texture_source import PYRADIOMICS

INFINITE = "inf"
"""Stands for infinity, the PSNR of equal images, as JSON has none."""


@dataclass(frozen=True)
class LesionRecord:
    """One annotated lesion of a slice, and how well the denoised image keeps it.

    Attributes:
        box (tuple[float, float, float, float]): x1 y1 x2 y2 in pixels.
        size_mm (float): Larger side of the box.
        diameter_mm (float | None): Diameter of the whole lesion where its annotation tells one.
        psnr (float | None): dB in the box, on the window of the slice; infinite where both images
            are the same, None where no pixel centre lies in the box.
        rmse (float | None): HU in the box, both images clipped to the window; None as for ``psnr``.
        correlation (float | None): Absolute error of GLCM correlation; None where the lesion has
            no texture to compare.
        homogeneity (float | None): The same of homogeneity.
        energy (float | None): The same of energy.
        flattened (bool): Whether NDCT has texture there and the denoised image has none.
    """

    box: tuple[float, float, float, float]
    size_mm: float
    diameter_mm: float | None
    psnr: float | None
    rmse: float | None
    correlation: float | None
    homogeneity: float | None
    energy: float | None
    flattened: bool

    def diameter_or_size(self, size: str) -> float:
        """Its size in mm, as ``'section'`` (larger side on this slice) or ``'diameter'``.

        Raises:
            ValueError: If ``size`` is neither, or the annotation tells no diameter.
        """
        if size == "section":
            return self.size_mm
        if size != "diameter":
            raise ValueError(f"size must be 'section' or 'diameter', got {size!r}")
        if self.diameter_mm is None:
            raise ValueError("a lesion has no diameter_mm in its annotation; use size='section'")
        return self.diameter_mm


@dataclass(frozen=True, eq=False)
class SliceRecord:
    """One test slice: its lesions, what the judge found, and how close the image is to NDCT.

    Attributes:
        patient (str): Pseudonym.
        series (str): Which of the patient's volumes; empty where there is one.
        slice_index (int): From 0 towards superior.
        spacing (tuple[float, float]): (row, column) in mm, of the pixels that boxes count in.
        lesions (list[LesionRecord]): Annotated lesions, in the order of the annotation file.
        boxes (np.ndarray): float32 (m, 4), x1 y1 x2 y2 in pixels, predicted.
        scores (np.ndarray): float32 (m,), in [0, 1].
        psnr (float): dB on the window; infinite where both images are the same.
        ssim (float): SSIM on the window.
        rmse (float): RMSE on [0, 1] of the window.
        texture (str): What measured the lesions' texture, such as ``PyRadiomics 3.0.1``.
    """

    patient: str
    series: str
    slice_index: int
    spacing: tuple[float, float]
    lesions: list[LesionRecord]
    boxes: np.ndarray
    scores: np.ndarray
    psnr: float
    ssim: float
    rmse: float
    texture: str

    @property
    def identity(self) -> tuple[str, str, int]:
        """Patient, series and slice: what tells it from all other slices."""
        return self.patient, self.series, self.slice_index

    @property
    def lesion_boxes(self) -> np.ndarray:
        """float64 (n, 4), x1 y1 x2 y2 in pixels."""
        return np.array([lesion.box for lesion in self.lesions], dtype=np.float64).reshape(-1, 4)

    def to_dict(self) -> dict[str, Any]:
        """The record as it stands in the file."""
        lesions = [asdict(lesion) for lesion in self.lesions]
        return {
            "patient": self.patient,
            "series": self.series,
            "slice_index": self.slice_index,
            "spacing": list(self.spacing),
            "psnr": _number(self.psnr),
            "ssim": self.ssim,
            "rmse": self.rmse,
            "texture": self.texture,
            "lesions": [{**lesion, "psnr": _number(lesion["psnr"])} for lesion in lesions],
            "boxes": [_shortest(box) for box in self.boxes],
            "scores": _shortest(self.scores),
        }

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any]) -> "SliceRecord":
        """A record from its entry in the file. An older one names no source of its texture.

        Raises:
            KeyError: If a field is missing.
            TypeError: If a field is unknown or no number.
            ValueError: If a field is no number, or boxes and scores differ in number.
        """
        boxes = np.array(entry["boxes"], dtype=np.float32).reshape(-1, 4)
        scores = np.array(entry["scores"], dtype=np.float32).reshape(-1)
        if len(boxes) != len(scores):
            raise ValueError(f"{len(boxes)} boxes but {len(scores)} scores")
        row, column = entry["spacing"]
        return cls(
            patient=str(entry["patient"]),
            series=str(entry["series"]),
            slice_index=int(entry["slice_index"]),
            spacing=(float(row), float(column)),
            lesions=[_lesion(lesion) for lesion in entry["lesions"]],
            boxes=boxes,
            scores=scores,
            psnr=float(entry["psnr"]),
            ssim=float(entry["ssim"]),
            rmse=float(entry["rmse"]),
            texture=str(entry.get("texture", PYRADIOMICS)),
        )


def write_records(path: str | Path, records: Sequence[SliceRecord]) -> None:
    """Write the records of a test run, whole or not at all, one a line.

    Every number is read back as it was, bit by bit.

    Args:
        path (str | Path): The file; its folder is created.
        records (Sequence[SliceRecord]): One a slice, in the order of COCO's image ids, which
            decides between detections of the same score.

    Raises:
        ValueError: If a slice stands there twice, or a value is NaN.
    """
    check_identities(records, str(path))
    lines = [json.dumps(record.to_dict(), allow_nan=False) for record in records]
    write_whole(Path(path), ("[\n" + ",\n".join(lines) + "\n]\n").encode())


def read_records(path: str | Path) -> list[SliceRecord]:
    """Read the records of a test run.

    Args:
        path (str | Path): The file.

    Returns:
        list[SliceRecord]: In the order of the file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it holds no records; the message names file, entry and remedy.
    """
    try:
        entries = json.loads(Path(path).read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not valid JSON ({error}): score again") from error
    if not isinstance(entries, list):
        raise ValueError(f"{path}: records are a list, not {type(entries).__name__}: score again")
    records = [_checked(entry, f"{path}, entry {index}") for index, entry in enumerate(entries)]
    check_identities(records, str(path))
    return records


def check_identities(records: Sequence[SliceRecord], where: str) -> None:
    """Refuse a slice that stands there twice.

    Args:
        records (Sequence[SliceRecord]): The records.
        where (str): What errors call them.

    Raises:
        ValueError: The message names the slice.
    """
    seen = set()
    for record in records:
        if record.identity in seen:
            raise ValueError(f"{where}: {slice_name(record.identity)} has two records")
        seen.add(record.identity)


def slice_name(identity: tuple[str, str, int]) -> str:
    """A slice in words, such as ``patient case_0003, slice 12``."""
    patient, series, index = identity
    return f"patient {patient}{f', series {series}' if series else ''}, slice {index}"


def _checked(entry: Any, where: str) -> SliceRecord:
    """A record, or an error that says which entry is wrong."""
    try:
        return SliceRecord.from_dict(entry)
    except KeyError as error:
        raise ValueError(f"{where} has no {error}: score again") from error
    except (ArithmeticError, AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"{where} is no record of a slice ({error}): score again") from error


def _lesion(entry: Mapping[str, Any]) -> LesionRecord:
    """A lesion from its entry."""
    psnr = entry["psnr"]
    box = tuple(float(edge) for edge in entry["box"])
    if len(box) != 4:
        raise ValueError(f"the box of a lesion has {len(box)} edges")
    return LesionRecord(**{**entry, "box": box, "psnr": None if psnr is None else float(psnr)})


def _number(value: float | None) -> float | str | None:
    """A value for JSON; infinity as a text that ``float`` understands."""
    return INFINITE if value == math.inf else value


def _shortest(values: np.ndarray) -> list[float]:
    """The shortest decimals that are read back as the same float32."""
    return [float(str(value)) for value in np.asarray(values, dtype=np.float32)]
