"""A small converted data set: three patients, two annotation files, not all slices used."""

import hashlib
import json
from pathlib import Path

import numpy as np

from lidnet_mm.datasets.ct_lesion_dataset import CTLesionDataset
from lidnet_mm.datasets.transforms import LoadCTSlice, LoadPairedLDCT

SHAPE = (4, 40, 40)
USED = {"train": {"case_0001": (0, 2), "case_0002": (1,)}, "test": {"case_0003": (1, 2, 3)}}
STORED = {"case_0001": "LPS", "case_0002": "RAI", "case_0003": "LPI"}


def disks(seed: int) -> np.ndarray:
    """Water disks of 100 mm with texture, in air: int16 HU in display order."""
    _, height, width = SHAPE
    rows, columns = np.mgrid[:height, :width] - (height - 1) / 2
    texture = np.random.default_rng(seed).normal(0, 20, SHAPE).astype(np.int16)
    return np.where(np.hypot(rows, columns) < 16, texture, np.int16(-1000))


def write_annotations(path: Path, images: list[dict]) -> None:
    """Write an annotation file with a box on its first slice."""
    box = {"id": 1, "image_id": images[0]["id"], "category_id": 1, "bbox": [9, 9, 6, 5]}
    content = {
        "info": {"split": "stated"},
        "images": images,
        "annotations": [{**box, "area": 30, "iscrowd": 0}],
        "categories": [{"id": 1, "name": "nodule"}],
    }
    path.write_text(json.dumps(content))


def pairs(root: Path, ann_file: Path, load: object, **prefix: str) -> dict[tuple, np.ndarray]:
    """(patient, slice) → (H, W, 2), as a training would load them."""
    dataset = CTLesionDataset(
        ann_file=str(ann_file),
        data_root=str(root),
        data_prefix={"img": "", **prefix},
        metainfo={"classes": ("nodule",)},
        pipeline=[LoadCTSlice(), load],
    )
    samples = [dataset[index] for index in range(len(dataset))]
    return {(s["patient_id"], s["slice_index"]): s["img"] for s in samples}


def offline_pairs(root: Path, ann_file: Path, **prefix: str) -> dict[tuple, np.ndarray]:
    """The pairs with the LDCT from disk."""
    return pairs(root, ann_file, LoadPairedLDCT(), **prefix)


def content_of(folder: Path) -> dict[str, str]:
    """Name → digest of all files below a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
