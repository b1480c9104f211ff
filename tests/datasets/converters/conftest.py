"""Source folders of patients, written by SimpleITK, and conversions of cases in memory."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from given_cases import Source

from lidnet_mm.datasets.converters.command_line import convert_as_told, parse

SHAPE = (4, 24, 32)


@pytest.fixture
def source(tmp_path) -> Path:
    """Folder below which ``write_patient`` writes."""
    return tmp_path / "source"


@pytest.fixture
def write_patient(write_volume) -> Callable[..., None]:
    """Function that writes ``source/NAME/{image,mask}.nii.gz`` with two lesions in slice 1."""

    def write(name: str, image=None, mask=None, mask_stored=None, mask_geometry=None, **geometry):
        if image is None:
            rng = np.random.default_rng(len(name))
            image = rng.integers(-1000, 400, SHAPE if mask is None else mask.shape, dtype=np.int16)
        if mask is None:
            mask = np.zeros(image.shape, dtype=np.uint8)
            mask[1, 3:7, 5:15] = 1
            mask[1, 12:20, 20:23] = 2
        write_volume(image, f"source/{name}/image.nii.gz", **geometry)
        if mask_stored is not None:
            geometry["stored"] = mask_stored
        write_volume(mask, f"source/{name}/mask.nii.gz", **{**geometry, **(mask_geometry or {})})

    return write


@pytest.fixture
def convert(tmp_path):
    """Function that converts cases to ``tmp_path/out``."""
    (tmp_path / "source").mkdir()

    def convert(*cases, switches=(), split=("train=1.0",), **fields):
        source = Source(cases, **fields)
        words = [] if split is None else ["--split", *split]
        arguments = [str(tmp_path / "source"), str(tmp_path / "out"), *words, *switches]
        return convert_as_told(source, parse(source, arguments=arguments))

    return convert


@pytest.fixture
def written(tmp_path):
    """Function that reads a json of the dataset."""
    return lambda name: json.loads((tmp_path / "out" / name).read_text())
