"""Fixtures of the data side: synthetic volumes written by SimpleITK, which the package never uses.

An array in display order, [slice][row towards posterior][column towards left], is how SimpleITK
lays out an LPS image, so what a reader must return is known without any code of ours.
"""

import io
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from dicom_files import enhanced, save, write_series
from mmengine.logging import MMLogger
from mmengine.logging.logger import FilterDuplicateWarning

__all__ = ["enhanced", "save", "write_series"]


@pytest.fixture
def write_volume(tmp_path) -> Callable[..., Path]:
    """Function that writes an array in display order as NIfTI, stored in any axis order."""

    def write(
        array: np.ndarray,
        name: str = "volumes/case_0001.nii.gz",
        stored: str = "LPS",
        spacing: tuple[float, float, float] = (3.0, 0.7, 0.7),
        origin: tuple[float, float, float] = (-20.0, 30.0, -400.0),
    ) -> Path:
        image = SimpleITK.GetImageFromArray(array)
        image.SetSpacing([float(size) for size in spacing[::-1]])
        image.SetOrigin(origin)
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        SimpleITK.WriteImage(SimpleITK.DICOMOrient(image, stored), str(path))
        return path

    return write


@pytest.fixture
def hu_volume() -> Callable[..., np.ndarray]:
    """Function that draws int16 HU between -1024 and 3071, no two slices alike."""

    def draw(slices: int = 5, height: int = 24, width: int = 32, seed: int = 0) -> np.ndarray:
        generator = np.random.default_rng(seed)
        return generator.integers(-1024, 3072, (slices, height, width), dtype=np.int16)

    return draw


@pytest.fixture
def coco_record() -> Callable[..., dict]:
    """Function that makes the image record of a slice."""

    def record(index: int, shape: tuple[int, int], **changes) -> dict:
        content = {
            "id": index + 1,
            "file_name": "volumes/case_0001.nii.gz",
            "slice_index": index,
            "height": shape[0],
            "width": shape[1],
            "patient_id": "case_0001",
            "spacing": [0.7, 0.7],
            "slice_thickness": 3.0,
        }
        return {key: value for key, value in {**content, **changes}.items() if value is not None}

    return record


@pytest.fixture
def write_coco(tmp_path) -> Callable[..., str]:
    """Function that writes a COCO json below ``tmp_path`` and returns its relative name."""

    def write(images: list[dict], annotations: list[dict] = (), categories=("lesion",)) -> str:
        content = {
            "info": {},
            "images": images,
            "annotations": list(annotations),
            "categories": [{"id": i + 1, "name": name} for i, name in enumerate(categories)],
        }
        path = tmp_path / "annotations" / "train.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content))
        return "annotations/train.json"

    return write


@pytest.fixture
def warnings_logged() -> Iterator[Callable[[], str]]:
    """Function that gives the warnings that MMEngine's current logger has shown so far."""
    logger = MMLogger.get_current_instance()
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setLevel(logging.WARNING)
    handler.addFilter(FilterDuplicateWarning(logger.name))  # as on the terminal
    logger.addHandler(handler)
    yield stream.getvalue
    logger.removeHandler(handler)
