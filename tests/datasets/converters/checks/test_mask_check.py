"""What is a lesion mask and what is not."""

import numpy as np
import pytest

from lidnet_mm.datasets.converters.checks.mask_check import check_fraction, check_labels
from lidnet_mm.datasets.converters.conversion_error import ConversionError


def slice_with(value):
    """(6, 8) float32 zeros with one other value at row 2, column 5."""
    mask = np.zeros((6, 8), np.float32)
    mask[2, 5] = value
    return mask


@pytest.mark.parametrize("value", [0, 1, 255, 3000, np.float32(1 / 255) * np.float32(255)])
def test_labels_pass(value):
    check_labels(slice_with(value), "mask")


@pytest.mark.parametrize("value", [-1, -0.5, -1024])
def test_a_value_below_0_is_refused(value):
    with pytest.raises(ConversionError, match=rf"^mask m: values down to {value}.*--mask"):
        check_labels(slice_with(value), "mask m")


@pytest.mark.parametrize("value", [0.5, 0.01, 0.99, 1.5])
def test_a_value_between_whole_numbers_is_refused(value):
    message = rf"^mask m: 1 values.*first {value} at row 2, column 5.*threshold.*nearest"
    with pytest.raises(ConversionError, match=message):
        check_labels(slice_with(value), "mask m")


def test_a_mask_of_more_than_half_of_the_scan_is_refused():
    check_fraction(50, 100, "mask m")
    with pytest.raises(ConversionError, match=r"^mask m: 51 % of the voxels.*inverted"):
        check_fraction(51, 100, "mask m")
