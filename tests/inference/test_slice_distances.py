"""What is said of slices that are not evenly spaced, and where they lie."""

import numpy as np
import pytest
from dicom_files import write_series

from lidnet_mm.datasets.readers import open_volume
from lidnet_mm.inference.denoised_series import display_affine_of
from lidnet_mm.inference.slice_distances import uneven_slices

__all__ = ["write_series"]


@pytest.mark.parametrize(
    ("heights", "words"),
    [
        ([0, 2.5, 5, 7.5], None),
        ([0, 2.5, 5, 10], "5 mm, here between slices 2 and 3, instead of 2.5 mm; about 1 missing"),
        ([0, 2.5, 5, 6], "not evenly spaced"),
    ],
)
def test_uneven_slices_are_told_and_have_no_affine(write_series, heights, words):
    volume = open_volume(write_series(np.zeros((4, 8, 8), np.int16), heights=heights))
    said, affine = uneven_slices(volume), display_affine_of(volume)
    if words is None:
        assert said == ()
        np.testing.assert_allclose(affine[2] @ (3, 0, 0, 1), heights[3])
    else:
        assert words in said[0]
        assert affine is None
