"""Units, sform and qform of NIfTI, against SimpleITK."""

import nibabel
import numpy as np
import pytest
import SimpleITK

from lidnet_mm.datasets.readers import NiftiVolume, VolumeError

QFORM = np.diag([-0.8, -0.8, 2.5, 1.0])


@pytest.fixture
def save(tmp_path, hu_volume):
    """Function that writes a volume with two forms, or with none of one."""

    def save(sform=QFORM, qform=QFORM, unit="mm", change=lambda header: None):
        image = nibabel.Nifti1Image(hu_volume().transpose(2, 1, 0), None)
        image.set_qform(qform, 1) if qform is not None else image.set_qform(QFORM, 0)
        image.set_sform(sform, 2) if sform is not None else image.set_sform(None, 0)
        image.header.set_xyzt_units(unit)
        change(image.header)
        nibabel.save(image, tmp_path / "case.nii.gz")
        return tmp_path / "case.nii.gz"

    return save


@pytest.mark.parametrize(
    ("unit", "size"), [("mm", 1.0), ("micron", 1e3), ("meter", 1e-3), ("unknown", 1.0)]
)
def test_sizes_and_places_are_mm_whatever_the_unit(save, unit, size):
    form = np.diag([*(QFORM.diagonal()[:3] * size), 1.0])
    form[:3, 3] = np.array([10.0, -20.0, -300.0]) * size
    path = save(form, form, unit)
    volume, reference = NiftiVolume(path), SimpleITK.ReadImage(str(path))
    columns, rows, slices = reference.GetSpacing()
    assert (*volume.spacing, volume.slice_spacing) == pytest.approx((rows, columns, slices))
    assert volume.spacing == pytest.approx((0.8, 0.8))
    np.testing.assert_allclose(volume.slice_position(0), reference.GetOrigin(), rtol=1e-5)


def test_a_size_in_another_unit_than_is_stated_is_refused(save):
    form = np.diag([-800.0, -800.0, 2500.0, 1.0])
    with pytest.raises(VolumeError, match=r"case.*spacing \(800.*, 800.*0\.01 to 20 mm.*its unit"):
        NiftiVolume(save(form, form, "unknown"))


def test_a_unit_that_is_none_is_refused(save):
    def change(header):
        header["xyzt_units"] = 5

    with pytest.raises(VolumeError, match=r"unit of length is 5.*xyzt_units to 2"):
        NiftiVolume(save(change=change))


@pytest.mark.parametrize(
    ("sform", "message"),
    [
        (np.diag([0.8, -0.8, 2.5, 1.0]), "axes that run to RPS.*axes that run to LPS"),
        (np.diag([-1.0, -1.0, 1.0, 1.0]), "voxels of 1 x 1 x 1 mm.*voxels of 0.8 x 0.8 x 2.5 mm"),
        (np.diag([-0.8, 0.8, 2.5, 1.0]), "LAS.*LPS"),
    ],
)
def test_forms_of_other_sizes_or_directions_are_refused(save, sform, message):
    with pytest.raises(VolumeError, match=f"case.nii.gz: its sform has .*{message}.*into both"):
        NiftiVolume(save(sform))


def test_forms_that_differ_by_rounding_pass_in_silence(save, warnings_logged):
    NiftiVolume(save(QFORM * (1 + 1e-5)))
    assert not warnings_logged()


def test_forms_of_other_places_are_named(save, warnings_logged):
    shifted = QFORM.copy()
    shifted[0, 3] = 12
    NiftiVolume(save(shifted))
    assert "sform and qform lie 12 mm apart" in warnings_logged()


def test_a_pixdim_beside_its_only_form_is_named(save, warnings_logged):
    def change(header):
        header["pixdim"][1:4] = 1

    path = save(qform=None, change=change)
    assert NiftiVolume(path).spacing == pytest.approx((0.8, 0.8))
    assert "sform has voxels of 0.8 x 0.8 x 2.5 mm, its pixdim of 1 x 1 x 1" in warnings_logged()


@pytest.mark.parametrize("form", ["sform", "qform"])
def test_one_form_alone_is_enough(save, warnings_logged, form):
    volume = NiftiVolume(save(**{"sform": None, "qform": None, form: QFORM}))
    assert (*volume.spacing, volume.slice_spacing) == pytest.approx((0.8, 0.8, 2.5))
    assert not warnings_logged()
