"""Names that are no text in UTF-8, as archives of other systems unpack them."""

import os
from pathlib import Path

import numpy as np
import pytest

from lidnet_mm.datasets.readers import VolumeError, open_volume


@pytest.mark.parametrize("name", ["a.nii.gz", "a.nii", "a.mha", "a.nrrd"])
def test_they_are_refused_by_name_before_a_reader_crashes(tmp_path, write_volume, name):
    write_volume(np.zeros((2, 8, 8), np.int16), name)
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    folder.mkdir()
    (tmp_path / name).rename(folder / name)
    with pytest.raises(VolumeError, match=r"caf\udce9/a.* is no text in UTF-8; rename it"):
        open_volume(folder / name)
