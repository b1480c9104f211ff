"""Source folders of patients, written by SimpleITK."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

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
