"""Intensities that are no Hounsfield units."""

import numpy as np
import pytest

from lidnet_mm.datasets.converters.checks.hounsfield_check import check_finite, check_hounsfield
from lidnet_mm.datasets.converters.conversion_error import ConversionError


@pytest.mark.parametrize("lowest, highest", [(-1024, 3071), (-1000, 0), (-120, 400), (-3024, 1500)])
def test_hounsfield_units_pass(lowest, highest):
    check_hounsfield(lowest, highest, "here")


@pytest.mark.parametrize(
    ("lowest", "highest", "message"),
    [
        (0, 1, "no air.*0..1"),
        (0, 255, "no air.*8-bit"),
        (0, 4095, "no air.*scl_inter"),
        (24, 2000, "no air.*RescaleIntercept"),
        (-1, 1, "normalisation"),
        (-3.2, 4.1, "normalisation"),
        (-1000, -1000, "normalisation"),
    ],
)
def test_other_ranges_are_refused_with_a_remedy(lowest, highest, message):
    with pytest.raises(ConversionError, match=rf"here: .*{lowest:g} to {highest:g}.*{message}"):
        check_hounsfield(lowest, highest, "here")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused_with_their_place(value):
    image = np.zeros((5, 6))
    image[3, 2] = image[4, 5] = value
    with pytest.raises(ConversionError, match=r"slice 7: 2 intensities.*row 3, column 2"):
        check_finite(image, "slice 7")
    check_finite(np.zeros((5, 6)), "slice 7")
