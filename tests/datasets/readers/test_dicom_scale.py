"""Whether the values of a DICOM slice are HU."""

import numpy as np
import pytest
from pydicom.dataset import Dataset

from lidnet_mm.datasets.readers import DicomVolume, VolumeError
from lidnet_mm.datasets.readers.dicom_error import NotASliceError
from lidnet_mm.datasets.readers.dicom_slice import read_dicom_slices


@pytest.fixture
def one(write_series, hu_volume):
    """Function that writes one slice with other elements; returns its file."""

    def write(**elements):
        def change(_, dataset):
            for keyword, value in elements.items():
                setattr(dataset, keyword, value)

        return next(write_series(hu_volume(slices=1), change=change).iterdir())

    return write


@pytest.mark.parametrize(
    ("elements", "named"),
    [
        ({"RescaleType": "MGML"}, "RescaleType MGML"),
        ({"RescaleType": "Z_EFF"}, "RescaleType Z_EFF"),
        ({"RescaleType": "HU_MOD"}, "RescaleType HU_MOD"),
        ({"ImageType": ["DERIVED", "PRIMARY", "AXIAL", "MAT_SPECIFIC"]}, "MAT_SPECIFIC"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "AXIAL", "ELECTRON_DENSITY"]}, "ELECTRON_DENSITY"),
        ({"ImageType": ["DERIVED", "SECONDARY", "IODINE_NO_WATER"]}, "IODINE_NO_WATER"),
        ({"ImageType": ["DERIVED", "PRIMARY", "AXIAL", "EFF_ATOMIC_NUM"]}, "EFF_ATOMIC_NUM"),
        ({"ImageType": ["DERIVED", "PRIMARY", "PERFUSION", "CBV"]}, "PERFUSION"),
    ],
)
def test_maps_that_are_not_in_hu_are_left_out_by_name(one, elements, named):
    path = one(**elements)
    with pytest.raises(NotASliceError, match=f"map that is not in HU.*{named}") as caught:
        read_dicom_slices(path)
    assert str(path) in str(caught.value) and str(path) not in caught.value.reason


@pytest.mark.parametrize(
    "elements",
    [
        {"RescaleType": "HU"},
        {"RescaleType": "US"},
        {"ImageType": ["DERIVED", "PRIMARY", "AXIAL", "VMI"], "RescaleType": "HU"},
        {"ImageType": ["DERIVED", "SECONDARY", "MONOE_70KEV"]},
        {"ImageType": ["DERIVED", "PRIMARY", "AXIAL", "VIRTUAL_NON_CONTRAST"]},
        {"ImageType": ["ORIGINAL", "PRIMARY", "AXIAL", "CT_SOM5 SPI"]},
        {"ImageType": ["ORIGINAL", "PRIMARY", "AXIAL", "PERFUSION"]},
    ],
)
def test_what_is_in_hu_is_read(one, hu_volume, elements):
    volume = DicomVolume(one(**elements))
    np.testing.assert_array_equal(volume.read_slice(0), hu_volume(slices=1)[0])


def test_a_lookup_table_in_place_of_slope_and_intercept_is_refused(one):
    table = Dataset()
    table.LUTDescriptor, table.ModalityLUTType, table.LUTData = [2, 0, 16], "HU", bytes(4)
    with pytest.raises(VolumeError, match=r"\.dcm: a ModalityLUTSequence .* RescaleSlope"):
        read_dicom_slices(one(ModalityLUTSequence=[table]))


BODY = np.full((3, 48, 48), -1000)
BODY[:, 8:40, 8:40] = 40
BODY[:, 20:30, 12:18] = -850


def without(*keywords, stored=BODY, padding=None, **elements):
    """A change of slices: elements taken out, others put in, signed values stored."""

    def change(index, dataset):
        for keyword in keywords:
            delattr(dataset, keyword)
        plane = stored[index].astype(np.int16)
        if padding is not None:
            y, x = np.mgrid[:48, :48] - 23.5
            plane[np.hypot(y, x) > 24] = padding
            dataset.PixelPaddingValue = padding
        dataset.PixelRepresentation, dataset.PixelData = 1, plane.tobytes()
        for keyword, value in elements.items():
            setattr(dataset, keyword, value)

    return change


NO_RESCALE = ("RescaleSlope", "RescaleIntercept")


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        (without(*NO_RESCALE, stored=BODY + 1024), "no RescaleSlope and no RescaleIntercept"),
        (without(*NO_RESCALE, stored=BODY + 1024, padding=-2000), "no RescaleSlope"),
        (without(*NO_RESCALE, stored=BODY + 1024, padding=-1000), "no RescaleSlope"),
        (without("RescaleIntercept", stored=BODY + 1024), "no RescaleIntercept"),
        (without("RescaleSlope", stored=(BODY + 1024) // 2), "no RescaleSlope"),
        (
            without(*NO_RESCALE, stored=-BODY, PhotometricInterpretation="MONOCHROME1"),
            "MONOCHROME1",
        ),
    ],
)
def test_values_of_unstated_scale_that_are_no_hu_are_refused(write_series, change, missing):
    folder = write_series(BODY, change=change)
    with pytest.raises(VolumeError, match=f"{missing}.*no air is seen near -1000") as caught:
        DicomVolume(folder)
    assert "RescaleSlope" in caught.value.reason and str(folder) not in caught.value.reason


@pytest.mark.parametrize(
    "change",
    [
        without(*NO_RESCALE),
        without(*NO_RESCALE, padding=-2000),
        without("RescaleSlope", RescaleIntercept=0),
        without(RescaleIntercept=0, PhotometricInterpretation="MONOCHROME1"),
        without(RescaleIntercept=0, HighBit=11),
    ],
)
def test_values_of_unstated_scale_that_look_like_hu_are_read(write_series, change):
    volume = DicomVolume(write_series(BODY, change=change))
    np.testing.assert_array_equal(volume.read_slice(1), BODY[1])


@pytest.mark.parametrize(
    ("elements", "named"),
    [
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "colour picture"),
        ({"Rows": 65535, "Columns": 65535}, "claims 65535 x 65535 pixels"),
        ({"Rows": 0}, "claims 0 x 32 pixels"),
        ({"BitsStored": 20}, "BitsStored 20 of BitsAllocated 16"),
        ({"BitsAllocated": 1, "BitsStored": 1}, "BitsStored 1 of BitsAllocated 1"),
    ],
)
def test_pixels_that_are_no_ct_are_refused_before_they_are_read(one, elements, named):
    with pytest.raises(VolumeError, match=rf"\.dcm: .*{named}"):
        read_dicom_slices(one(**elements))


@pytest.mark.parametrize("value", ["0,5\\0,8", "0.5,0.8", "0.5", "0.5\\nan", "a\\b"])
def test_spacing_that_is_no_two_numbers_is_named_with_its_value(one, value):
    path = one()
    raw = path.read_bytes()
    tag = b"\x28\x00\x30\x00DS"
    start = raw.index(tag)
    length = int.from_bytes(raw[start + 6 : start + 8], "little")
    text = value.encode() + b" " * (len(value) % 2)
    head = tag + len(text).to_bytes(2, "little")
    path.write_bytes(raw[:start] + head + text + raw[start + 8 + length :])
    with pytest.raises(VolumeError) as caught:
        read_dicom_slices(path)
    assert f"PixelSpacing is '{value}', not 2 finite numbers" in str(caught.value)
    assert str(path) in str(caught.value) and "damaged" not in str(caught.value)
