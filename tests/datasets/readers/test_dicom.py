"""A DICOM series becomes the same volume whatever its names, orientation and encoding."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from dicom_files import SYNTAXES, compress
from pydicom import dcmread
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from lidnet_mm.datasets.readers import DicomVolume


def read_with_simpleitk(folder: Path) -> SimpleITK.Image:
    """The series as ITK's own reader gives it, in display order."""
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    return SimpleITK.DICOMOrient(reader.Execute(), "LPS")


def real_series(real_data) -> list[Path]:
    """Folders of the real DICOM series."""
    folders = sorted({path.parent for path in real_data.glob("lung_pet_ct_dx/**/*.dcm")})
    if not folders:
        pytest.skip("no DICOM in the real data")
    return folders


def test_real_series_equals_simpleitk(real_data):
    for folder in real_series(real_data):
        image, volume = read_with_simpleitk(folder), DicomVolume(folder)
        truth = SimpleITK.GetArrayFromImage(image)
        assert (volume.num_slices, *volume.slice_shape) == truth.shape
        np.testing.assert_allclose(volume.spacing, image.GetSpacing()[1::-1])
        np.testing.assert_allclose(volume.slice_position(0), image.GetOrigin(), atol=1e-4)
        for index in range(volume.num_slices):
            np.testing.assert_array_equal(volume.read_slice(index), truth[index])
            header = dcmread(volume.slice_files[index], stop_before_pixels=True)
            assert volume.sop_instance_uids[index] == header.SOPInstanceUID
            np.testing.assert_allclose(volume.slice_position(index), header.ImagePositionPatient)


def test_real_series_with_a_slice_missing(real_data):
    volume = next(
        DicomVolume(folder) for folder in real_series(real_data) if "A0002" in str(folder)
    )
    assert (volume.uniform, volume.missing_slices) == (False, 1)
    assert volume.gaps == ((4, pytest.approx(16.0)),)
    assert volume.slice_spacing == pytest.approx(8.0)


@pytest.mark.parametrize("orientation", ["HFS", "HFP", "FFS", "FFP", "turned"])
def test_display_order_from_any_position_of_the_patient(write_series, hu_volume, orientation):
    truth = hu_volume(slices=6, height=5, width=7)
    volume = DicomVolume(write_series(truth, orientation=orientation))
    assert (volume.num_slices, volume.slice_shape) == (6, (5, 7))
    assert volume.spacing == pytest.approx((0.5, 0.8))
    assert (volume.slice_spacing, volume.uniform, volume.gaps) == (pytest.approx(3.0), True, ())
    itk = read_with_simpleitk(volume.path)
    for index in (3, 0, 5):
        slice_ = volume.read_slice(index)
        assert slice_.dtype == np.float32
        assert slice_.flags.c_contiguous
        np.testing.assert_array_equal(slice_, truth[index])
        for row, column in ((0, 0), (4, 2)):
            place = (-20.0 + 0.8 * column, 30.0 + 0.5 * row, -400.0 + 3.0 * index)
            np.testing.assert_allclose(volume.voxel_position(index, row, column), place)
            itk_place = itk.TransformIndexToPhysicalPoint([column, row, index])
            np.testing.assert_allclose(itk_place, place, atol=1e-6)


def test_each_slice_has_its_own_rescale(write_series, hu_volume):
    truth = hu_volume(slices=4)

    def change(index, dataset):
        dataset.RescaleSlope, dataset.RescaleIntercept = (index + 1) * 0.5, -1000 - index

    volume = DicomVolume(write_series(truth, change=change))
    for index in range(4):
        expected = (truth[index] + 1024) * (index + 1) * 0.5 - 1000 - index
        np.testing.assert_allclose(volume.read_slice(index), expected)
    itk = SimpleITK.ReadImage(str(volume.slice_files[3]))
    np.testing.assert_allclose(volume.read_slice(3), SimpleITK.GetArrayFromImage(itk)[0])


def test_signed_values_without_rescale_stay_as_they_are_and_padding_is_air(write_series, hu_volume):
    truth = hu_volume(slices=2)
    truth[:, 0, :] = -2000

    def change(index, dataset):
        del dataset.RescaleSlope, dataset.RescaleIntercept
        dataset.PixelRepresentation, dataset.PixelPaddingValue = 1, -2000
        dataset.PixelData = truth[index].tobytes()

    volume = DicomVolume(write_series(hu_volume(slices=2), change=change))
    np.testing.assert_array_equal(volume.read_slice(1)[1:], truth[1, 1:])
    assert (volume.read_slice(1)[0] == -1000).all()


def test_unused_high_bits_are_no_hu(write_series, hu_volume):
    truth = hu_volume(slices=1)

    def change(index, dataset):
        values = (truth[0] + 1024).astype(np.uint16) | 0x8000  # an overlay's bit
        dataset.BitsStored, dataset.HighBit = 12, 11
        dataset.PixelData = values.tobytes()

    volume = DicomVolume(write_series(truth, change=change))
    np.testing.assert_array_equal(volume.read_slice(0), truth[0])


@pytest.mark.parametrize(
    ("heights", "gaps", "missing"),
    [
        ((0, 2, 4, 10, 12), ((2, 6.0),), 2),
        ((0, 2, 6), ((1, 4.0),), 1),
        ((0, 2, 4, 6, 9, 11, 17), ((3, 3.0), (5, 6.0)), 3),
    ],
)
@pytest.mark.parametrize("orientation", ["HFS", "FFS"])
def test_gaps_are_told_and_places_stay_true(
    write_series, hu_volume, heights, gaps, missing, orientation
):
    truth = hu_volume(slices=len(heights))
    volume = DicomVolume(write_series(truth, heights=heights, orientation=orientation))
    assert not volume.uniform
    assert (volume.gaps, volume.missing_slices) == (gaps, missing)
    assert volume.slice_spacing == pytest.approx(2.0)
    for index, height in enumerate(heights):
        np.testing.assert_allclose(volume.slice_position(index), (-20.0, 30.0, height))
        np.testing.assert_array_equal(volume.read_slice(index), truth[index])


def test_slices_closer_than_the_others_are_not_uniform_and_no_gap(write_series, hu_volume):
    volume = DicomVolume(write_series(hu_volume(slices=5), heights=(0, 2, 4, 5, 7)))
    assert (volume.uniform, volume.gaps, volume.missing_slices) == (False, (), 0)


def test_positions_rounded_by_the_scanner_are_uniform(write_series, hu_volume):
    heights = np.round(np.arange(9) * 1.25, 1)
    volume = DicomVolume(write_series(hu_volume(slices=9), heights=heights))
    assert volume.uniform
    assert volume.slice_spacing == pytest.approx(1.25)


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ({"SliceThickness": 5.0}, 5.0),
        ({"SliceThickness": 5.0, "SpacingBetweenSlices": -2.5}, 2.5),
        ({"SliceThickness": None}, None),
    ],
)
def test_single_slice_has_its_stated_thickness(write_series, hu_volume, stated, expected):
    def change(_, dataset):
        for keyword, value in stated.items():
            setattr(dataset, keyword, value)

    folder = write_series(hu_volume(slices=1), change=change)
    for source in (folder, next(folder.iterdir())):
        volume = DicomVolume(source)
        assert (volume.num_slices, volume.slice_spacing, volume.uniform) == (1, expected, True)
        np.testing.assert_array_equal(volume.read_slice(0), hu_volume(slices=1)[0])


def test_enhanced_multi_frame(enhanced, save, hu_volume, tmp_path):
    truth = hu_volume(slices=5) // 4 * 4
    path = save(enhanced(truth, order=(2, 0, 4, 1, 3), slopes=(1, 2, 4, 2, 1)), tmp_path / "ct")
    volume = DicomVolume(path)
    assert (volume.num_slices, volume.slice_shape) == (5, truth.shape[1:])
    assert volume.spacing == pytest.approx((0.5, 0.8))
    assert volume.uniform
    assert set(volume.slice_files) == {path}
    for index in range(5):
        np.testing.assert_array_equal(volume.read_slice(index), truth[index])
        np.testing.assert_allclose(
            volume.slice_position(index), (-20.0, 30.0, -400.0 + 3.0 * index)
        )


def test_frames_of_a_compressed_file(enhanced, save, hu_volume, tmp_path):
    truth = hu_volume(slices=4)
    dataset = enhanced(truth, order=(3, 1, 0, 2), slopes=(1, 1, 1, 1))
    dataset = dcmread(save(dataset, tmp_path / "ct.dcm"))
    dataset.compress(RLELossless)
    dataset.save_as(tmp_path / "ct.dcm")
    volume = DicomVolume(tmp_path / "ct.dcm")
    for index in (2, 0, 3, 1):
        np.testing.assert_array_equal(volume.read_slice(index), truth[index])


def test_file_header_tells_ct_where_the_data_set_does_not(write_series, hu_volume):
    def change(_, dataset):
        del dataset.SOPClassUID, dataset.Modality, dataset.ImageType

    volume = DicomVolume(write_series(hu_volume(slices=2), change=change))
    np.testing.assert_array_equal(volume.read_slice(1), hu_volume(slices=2)[1])


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_compressed_pixels(write_series, hu_volume, syntax):
    truth = hu_volume(slices=3, height=40, width=50)
    folder = write_series(truth)
    compress(folder, syntax)
    uid = dcmread(next(folder.iterdir())).file_meta.TransferSyntaxUID
    assert uid.is_compressed
    volume = DicomVolume(folder)
    assert (volume.num_slices, volume.slice_spacing) == (3, pytest.approx(3.0))
    for index in range(3):
        np.testing.assert_array_equal(volume.read_slice(index), truth[index])


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_uncompressed_encodings(write_series, hu_volume, syntax):
    truth = hu_volume(slices=2)

    def change(_, dataset):
        if syntax == ExplicitVRBigEndian:
            values = np.frombuffer(dataset.PixelData, "<u2")
            dataset.PixelData = values.astype(">u2").tobytes()

    volume = DicomVolume(write_series(truth, change=change, syntax=syntax))
    np.testing.assert_array_equal(volume.read_slice(1), truth[1])


def test_deflated_file(write_series, hu_volume):
    truth = hu_volume(slices=2)
    volume = DicomVolume(write_series(truth, syntax=DeflatedExplicitVRLittleEndian))
    np.testing.assert_array_equal(volume.read_slice(1), truth[1])


def test_list_of_files_from_several_folders(write_series, hu_volume, tmp_path):
    truth = hu_volume(slices=4)
    write_series(truth[:2], "a b")
    write_series(truth[2:], "Ångström", heights=(-394.0, -391.0))
    volume = DicomVolume(sorted(tmp_path.glob("*/*.dcm")))
    assert volume.path == tmp_path
    np.testing.assert_array_equal(volume.read_slice(2), truth[2])
    assert [file.parent.name for file in volume.slice_files] == ["a b"] * 2 + ["Ångström"] * 2
    assert (volume.patient_id, volume.series_uid, volume.study_uid) == (
        "Søren",
        "1.2.3.4",
        "1.2.3",
    )


def test_what_is_no_slice_is_ignored(write_series, save, hu_volume, tmp_path):
    truth = hu_volume(slices=3)
    folder = write_series(truth)
    (folder / "LICENSE").write_text("CC BY 4.0")
    (folder / "1.2.xml").write_text("<annotation/>")
    (folder / "empty").touch()
    (folder / "sub-folder").mkdir()
    source = next(folder.glob("*.dcm"))
    report = dcmread(source, stop_before_pixels=True)
    report.Modality, report.SOPClassUID = "SR", "1.2.840.10008.5.1.4.1.1.88.67"
    raw = dcmread(source, stop_before_pixels=True)
    raw.SOPClassUID = "1.2.840.10008.5.1.4.1.1.66"
    scout = dcmread(source)
    scout.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    scout.ImageOrientationPatient = [1, 0, 0, 0, 0, -1]
    pet = dcmread(source)
    pet.Modality = "PT"
    screenshot = dcmread(source)
    screenshot.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    del screenshot.ImagePositionPatient
    index = dcmread(source, stop_before_pixels=True)
    index.SOPClassUID = "1.2.840.10008.1.3.10"
    del index.Modality
    save(index, folder / "DICOMDIR")
    others = {"sr": report, "raw": raw, "scout": scout, "pet": pet, "dose": screenshot}
    for name, dataset in others.items():
        save(dataset, folder / f"{name}.dcm")
    volume = DicomVolume(folder)
    assert volume.num_slices == 3
    np.testing.assert_array_equal(volume.read_slice(1), truth[1])
    assert sorted(file.name for file, _ in volume.ignored) == sorted(
        ["1.2.xml", "DICOMDIR", "LICENSE", "empty", *(f"{name}.dcm" for name in others)]
    )
