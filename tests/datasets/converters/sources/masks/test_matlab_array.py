"""MAT-files, against SciPy, and damaged in every byte."""

import struct

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from lidnet_mm.datasets.converters.sources.masks.matlab_array import (
    MatlabFileError,
    read_matlab_array,
)

TYPES = ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8")


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("dtype", TYPES)
def test_arrays_are_read_as_scipy_reads_them(tmp_path, dtype, compressed):
    path = tmp_path / "case.mat"
    array = np.random.default_rng(0).integers(0, 100, (3, 5, 2)).astype(dtype)
    others = {"text": "abc", "cell": np.array([1, "a"], object), "one": 1.5, "c": 1j}
    savemat(path, {**others, "Mask": array}, do_compression=compressed)
    found = read_matlab_array(path, "Mask")
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, loadmat(path)["Mask"])
    np.testing.assert_array_equal(read_matlab_array(path, "one"), [[1.5]])
    for name in ("text", "cell", "c", "absent"):
        assert read_matlab_array(path, name) is None


def test_the_other_byte_order_and_small_types_are_read(tmp_path):
    """As MATLAB writes doubles that are small whole numbers, on a machine of the other order."""

    def element(kind, content):
        return struct.pack(">II", kind, len(content)) + content + bytes(-len(content) % 8)

    parts = element(6, struct.pack(">II", 6, 0)) + element(5, struct.pack(">3i", 2, 1, 3))
    parts += struct.pack(">HH", 4, 1) + b"Mask" + element(2, bytes([1, 2, 3, 4, 5, 6]))
    header = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x01\x00MI"
    path = tmp_path / "case.mat"
    path.write_bytes(header + struct.pack(">II", 14, len(parts)) + parts)
    found = read_matlab_array(path, "Mask")
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, loadmat(path)["Mask"])


@pytest.mark.parametrize("compressed", [False, True])
def test_any_wrong_byte_is_an_error_or_another_number(tmp_path, compressed):
    path = tmp_path / "case.mat"
    savemat(path, {"Mask": np.ones((3, 4, 2), np.uint8)}, do_compression=compressed)
    whole = path.read_bytes()
    for place in range(124, len(whole)):
        for value in (0, 1, 14, 15, 0x7F, 0xFF):
            path.write_bytes(whole[:place] + bytes([value]) + whole[place + 1 :])
            try:
                read_matlab_array(path, "Mask")
            except (MatlabFileError, NotImplementedError):
                continue


def test_a_size_that_is_claimed_takes_no_memory(tmp_path):
    path = tmp_path / "case.mat"
    savemat(path, {"Mask": np.ones((3, 4, 2), np.uint8)})
    whole = bytearray(path.read_bytes())
    place = whole.index(struct.pack("<3i", 3, 4, 2))
    whole[place : place + 12] = struct.pack("<3i", 2**31 - 1, 2**31 - 1, 2**31 - 1)
    path.write_bytes(whole)
    with pytest.raises(MatlabFileError, match=r"2147483647\) has 24 bytes"):
        read_matlab_array(path, "Mask")
