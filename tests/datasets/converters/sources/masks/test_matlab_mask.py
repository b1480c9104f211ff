"""Masks of MATLAB, written by SciPy."""

import numpy as np
import pytest
from scipy.io import savemat

from lidnet_mm.datasets.converters.source_case import UnusableCaseError
from lidnet_mm.datasets.converters.sources.masks.matlab_mask import read_matlab_mask

MASK = np.random.default_rng(0).integers(0, 2, (5, 6, 7), dtype=np.uint8)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("dtype", [np.uint8, np.float64, bool])
def test_a_mask_is_read_as_it_was_stored(tmp_path, dtype, compressed):
    path = tmp_path / "PAT001.mat"
    savemat(path, {"Other": 1, "Mask": MASK.astype(dtype)}, do_compression=compressed)
    np.testing.assert_array_equal(read_matlab_mask(path), MASK)


def test_version_7_3_is_refused_with_the_way_out(tmp_path):
    path = tmp_path / "PAT001.mat"
    text = b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124)
    path.write_bytes(text + b"\x00\x02IM" + bytes(512))
    with pytest.raises(
        UnusableCaseError, match=r"7\.3 \(HDF5\).*save -v7, variable Mask"
    ) as caught:
        read_matlab_mask(path)
    assert "PAT001" not in caught.value.reason


@pytest.mark.parametrize("compressed", [False, True])
def test_a_file_cut_short_anywhere_is_refused(tmp_path, compressed):
    path = tmp_path / "PAT001.mat"
    savemat(path, {"Mask": MASK}, do_compression=compressed)
    whole = path.read_bytes()
    for size in range(len(whole) - 8):  # the last element is padded to 8 bytes
        path.write_bytes(whole[:size])
        with pytest.raises(UnusableCaseError, match="copy it again"):
            read_matlab_mask(path)


@pytest.mark.parametrize(
    "content", [{"mask": MASK}, {"Mask": MASK[0]}, {"Mask": "text"}, {"Mask": {"a": 1}}]
)
def test_another_content_is_refused(tmp_path, content):
    savemat(tmp_path / "PAT001.mat", content)
    with pytest.raises(UnusableCaseError, match="no 3-D array of numbers called Mask"):
        read_matlab_mask(tmp_path / "PAT001.mat")
