"""Several acquisitions in one series are told apart, and one acquisition never is taken apart."""

import re

import numpy as np
import pytest
from pydicom.dataset import Dataset

from lidnet_mm.datasets.readers import DicomVolume, VolumeError
from lidnet_mm.datasets.readers.dicom_passes import passes, without_odd
from lidnet_mm.datasets.readers.dicom_slice import read_dicom_slices


@pytest.fixture
def series(write_series, hu_volume):
    """Function that writes slices at heights with elements of each; returns what they say."""

    def write(heights, **elements):
        def change(index, dataset):
            dataset.InstanceNumber = index + 1
            for keyword, values in elements.items():
                setattr(dataset, keyword, values[index])

        folder = write_series(hu_volume(slices=len(heights)), heights=heights, change=change)
        return [one for path in sorted(folder.iterdir()) for one in read_dicom_slices(path)]

    return write


def found(slices):
    """Name → heights of each pass."""
    return {one.name: sorted(each.position[2] for each in one.slices) for one in passes(slices)}


UP = [0.0, 2.0, 4.0, 6.0]
HALF = [1.0, 3.0, 5.0, 7.0]
ONE_TWO = [1, 1, 1, 1, 2, 2, 2, 2]


@pytest.mark.parametrize(
    "second", [UP, HALF, [0.7, 2.7, 4.7, 6.7], [4.0, 6.0, 8.0, 10.0], [5.0, 7.0, 9.0, 11.0]]
)
@pytest.mark.parametrize(
    ("keyword", "values"),
    [
        ("AcquisitionNumber", ONE_TWO),
        ("ConvolutionKernel", ["B30f"] * 4 + ["B60f"] * 4),
        ("NominalPercentageOfCardiacPhase", [30] * 4 + [70] * 4),
        ("ImageType", [["ORIGINAL", "PRIMARY", "AXIAL", n] for n in "AAAABBBB"]),
    ],
)
def test_passes_are_told_by_what_the_headers_say(series, keyword, values, second):
    groups = found(series([*UP, *second], **{keyword: values}))
    assert list(groups.values()) == [UP, second] or list(groups.values()) == [second, UP]
    assert all(name.startswith(keyword) for name in groups)


@pytest.mark.parametrize("second", [UP, HALF])
def test_passes_are_told_by_the_order_of_instance_number(series, second):
    groups = found(series([*UP, *second]))
    assert sorted(groups) == ["run of InstanceNumber 1", "run of InstanceNumber 2"]
    assert list(groups.values()) == [UP, second] or list(groups.values()) == [second, UP]


def test_passes_of_passes(series):
    heights = [*UP, *UP, *UP, *UP]
    kernels = (["B30f"] * 4 + ["B60f"] * 4) * 2
    groups = found(series(heights, AcquisitionNumber=[1] * 8 + [2] * 8, ConvolutionKernel=kernels))
    assert all(heights == UP for heights in groups.values())
    assert sorted(groups) == [
        f"AcquisitionNumber {number}, ConvolutionKernel {kernel}"
        for number in (1, 2)
        for kernel in ("B30f", "B60f")
    ]


@pytest.mark.parametrize(
    ("heights", "elements"),
    [
        ([*UP, 8.0, 10.0, 12.0, 14.0], {"AcquisitionNumber": ONE_TWO}),  # blocks
        ([*UP, *HALF], {"AcquisitionNumber": list(range(8)), "InstanceNumber": [1] * 8}),
        ([0.0, 4.0, 1.0, 5.0, 2.0, 6.0, 3.0, 7.0], {"AcquisitionTime": ["1", "2"] * 4}),
        ([*UP, *HALF], {"InstanceNumber": [1, 3, 5, 7, 2, 4, 6, 8]}),
        ([*UP, *HALF], {"InstanceNumber": [3, 8, 1, 6, 5, 2, 7, 4]}),  # renumbered at random
        (  # a part of the scan with another kind of image
            [float(k) for k in range(8)],
            {"ImageType": [["ORIGINAL", "PRIMARY", n] for n in "AAABBAAA"]},
        ),
    ],
)
def test_what_is_one_volume_stays_one(series, heights, elements):
    assert list(found(series(heights, **elements))) == [""]


def test_a_stranger_between_even_slices_is_a_pass_of_its_own(series):
    groups = found(series([*UP, 3.1], AcquisitionNumber=[2, 2, 2, 2, 1], InstanceNumber=[1] * 5))
    assert groups == {"AcquisitionNumber 2": UP, "AcquisitionNumber 1": [3.1]}


def test_a_folder_of_two_passes_is_refused_by_name(series, tmp_path):
    series([*UP, *HALF], AcquisitionNumber=ONE_TWO)
    with pytest.raises(VolumeError, match=r"2 passes.*4 slices of AcquisitionNumber") as caught:
        DicomVolume(tmp_path / "series")
    assert re.search(r"AcquisitionNumber 1.*AcquisitionNumber 2|2.*1", str(caught.value))


def test_an_odd_slice_of_a_folder_is_left_out_and_named(series, tmp_path, caplog):
    heights = [2.0 * index for index in range(11)]
    spacings = [[0.5, 0.8]] * 10 + [[0.6, 0.6]]
    slices = series(heights, PixelSpacing=spacings)
    kept, odd = without_odd(slices)
    assert len(kept) == 10 and "another PixelSpacing" in odd[0][1]
    volume = DicomVolume(tmp_path / "series")
    assert volume.num_slices == 10
    assert volume.ignored == ((odd[0][0].file, odd[0][1]),)


def test_more_than_one_in_ten_is_not_odd(series):
    slices = series([2.0 * index for index in range(9)], PixelSpacing=[[1, 1]] * 8 + [[2, 2]])
    kept, odd = without_odd(slices)
    assert (len(kept), odd) == (9, [])


def test_a_slanted_stack_has_no_slice_beside_it(series):
    places = [[3.0 * index, 0, 2.0 * index] for index in range(12)]
    slices = series([0.0] * 12, ImagePositionPatient=places)
    assert len(without_odd(slices)[0]) == 12
    assert np.ptp([each.position[0] for each in slices]) == 33


def test_phases_in_one_multi_frame_file_are_passes(enhanced, save, hu_volume, tmp_path):
    dataset = enhanced(hu_volume(slices=3), order=(0, 1, 2, 0, 1, 2), slopes=[1] * 6)
    for frame, group in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        content = Dataset()
        content.TemporalPositionIndex = frame // 3 + 1
        group.FrameContentSequence = [content]
    slices = read_dicom_slices(save(dataset, tmp_path / "4d.dcm"))
    assert [one.name for one in passes(slices)] == [
        "TemporalPositionIndex 1",
        "TemporalPositionIndex 2",
    ]
    for phase in passes(slices):
        volume = DicomVolume.of_slices(phase.slices)
        np.testing.assert_array_equal(volume.read_slice(2), hu_volume(slices=3)[2])
