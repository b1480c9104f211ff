"""Where a pixel of the display order lies in the stored picture, and places between pixels."""

import numpy as np
import pydicom
import pytest
import SimpleITK

from lidnet_mm.datasets.readers import open_volume


@pytest.mark.parametrize("orientation", ["HFS", "HFP", "FFS", "FFP", "turned"])
def test_stored_pixel_of_dicom_is_the_one_that_is_shown(write_series, hu_volume, orientation):
    truth = hu_volume(slices=2, height=4, width=5)
    volume = open_volume(write_series(truth, orientation=orientation))
    for index, path in enumerate(volume.slice_files):
        stored = pydicom.dcmread(path).pixel_array.astype(int)
        for row, column in np.ndindex(4, 5):
            assert stored[volume.stored_pixel(row, column)] - 1024 == truth[index, row, column]


def test_place_between_pixels_is_that_of_simpleitk(write_volume, hu_volume):
    for stored in ("LPS", "RAS", "SPL"):
        path = write_volume(hu_volume(), f"{stored}.nii.gz", stored)
        image = SimpleITK.DICOMOrient(SimpleITK.ReadImage(str(path)), "LPS")
        place = image.TransformContinuousIndexToPhysicalPoint((7.25, 3.5, 2))
        np.testing.assert_allclose(open_volume(path).voxel_position(2, 3.5, 7.25), place, atol=1e-3)
