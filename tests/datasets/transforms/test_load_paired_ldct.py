"""The true LDCT partner: the same plane on the same grid, or an error that names both files."""

import numpy as np
import pytest

from lidnet_mm.datasets.readers import VolumeError
from lidnet_mm.datasets.transforms import LoadCTSlice, LoadPairedLDCT

ORIGIN = (-20.0, 30.0, -400.0)


@pytest.fixture
def load(write_volume, hu_volume):
    """Function that loads NDCT slice 2 with an LDCT volume written with changes."""

    def load_pair(ldct_index=2, height=24, transform=None, **changes):
        ndct = write_volume(hu_volume(seed=0), "full.nii.gz", origin=ORIGIN)
        ldct = write_volume(
            hu_volume(height=height, seed=1), "quarter.nii.gz", **{"origin": ORIGIN, **changes}
        )
        results = {
            "img_path": str(ndct),
            "slice_index": 2,
            "patient_id": "case_0001",
            "ldct_path": str(ldct),
            "ldct_slice_index": ldct_index,
        }
        return (transform or LoadPairedLDCT()).transform(LoadCTSlice().transform(results))

    return load_pair


def test_channels_are_ldct_and_ndct(load, hu_volume):
    image = load()["img"]
    assert (image.dtype, image.shape) == (np.float32, (24, 32, 2))
    np.testing.assert_array_equal(image[..., 0], hu_volume(seed=1)[2])
    np.testing.assert_array_equal(image[..., 1], hu_volume(seed=0)[2])


def test_ldct_stored_in_another_axis_order_fits(load, hu_volume):
    image = load(stored="RAI")["img"]
    np.testing.assert_array_equal(image[..., 0], hu_volume(seed=1)[2])


def test_ldct_of_another_range_fits_by_position(load, hu_volume):
    image = load(ldct_index=1, origin=(-20.0, 30.0, -397.0))["img"]
    np.testing.assert_array_equal(image[..., 0], hu_volume(seed=1)[1])


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"height": 23}, r"\(24, 32\) and \(23, 32\) pixels"),
        ({"spacing": (3.0, 0.8, 0.8)}, r"0\.8.* mm spacing"),
        ({"ldct_index": 3}, r"lies at .*-394\.0\] and .*-391\.0\] mm"),
        ({"origin": (-20.0, 30.5, -400.0)}, r"30\.0, .* and .*30\.5"),
        ({"spacing": (3.1, 0.7, 0.7)}, r"lies at .*-394\.0\] and .*-393\.8\] mm"),
    ],
)
def test_mismatch_names_both_files_patient_and_slices(load, changes, problem):
    with pytest.raises(
        VolumeError,
        match=r"Patient case_0001: NDCT slice 2 of .*full\.nii\.gz and LDCT slice \d of"
        rf" .*quarter\.nii\.gz do not match: .*{problem}.*resample",
    ):
        load(**changes)


def test_tolerance_is_in_mm(load):
    shift = {"origin": (-20.0, 30.4, -400.0)}
    assert load(transform=LoadPairedLDCT(tolerance=0.5), **shift)["img"].shape == (24, 32, 2)
    with pytest.raises(VolumeError):
        load(transform=LoadPairedLDCT(tolerance=0.3), **shift)


def test_sample_without_a_pair_is_refused(write_volume, hu_volume):
    results = {"img_path": str(write_volume(hu_volume())), "slice_index": 0, "patient_id": "p"}
    with pytest.raises(ValueError, match=r"Patient p, slice 0 .*has no LDCT.*SimulateLowDose"):
        LoadPairedLDCT().transform(LoadCTSlice().transform(results))


def test_second_pairing_is_refused(load):
    results = load()
    with pytest.raises(ValueError, match=r"LoadPairedLDCT needs the NDCT slice"):
        LoadPairedLDCT().transform(results)


def test_pairing_after_a_crop_is_refused(load):
    results = load()
    results["img"] = results["img"][:10, :, 1]
    with pytest.raises(ValueError, match=r"before the transforms that crop.*after LoadCTSlice"):
        LoadPairedLDCT().transform(results)
