"""DeepLesion's table."""

import csv
from collections import Counter

import numpy as np
import pytest

from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.sources.deeplesion.lesion_table import COLUMNS, read_lesions

ROW = {
    "File_name": "000007_01_02_003.png",
    "Patient_index": "7",
    "Bounding_boxes": "11, 21.5, 41, 61",
    "Lesion_diameters_Pixel_": "20, 10",
    "Coarse_lesion_type": "5",
    "Possibly_noisy": "0",
    "Spacing_mm_px_": "0.5, 0.5, -2",
    "Train_Val_Test": "3",
}


def write_table(folder, **changes):
    table = folder / "DL_info.csv"
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows([ROW, {**ROW, **changes}])
    return table


def published(real_data):
    """Rows of the published table, and the lesions read from them."""
    table = real_data / "deeplesion" / "DL_info.csv"
    with table.open(newline="") as file:
        return list(csv.DictReader(file)), read_lesions(table)


def measured(row):
    """(4, 2) ends of the long and the short diameter, 1 at the centre of the first pixel."""
    return np.array(row["Measurement_coordinates"].split(","), dtype=float).reshape(4, 2)


def test_published_boxes_hold_the_measured_diameters_and_5_pixels(real_data):
    rows, lesions = published(real_data)
    assert len(lesions) == 158
    for row, lesion in zip(rows, lesions, strict=True):
        ends = measured(row) - 0.5  # our pixel column 3 reaches from 3 to 4
        assert lesion.box == pytest.approx([*(ends.min(0) - 5), *(ends.max(0) + 5)], abs=0.01)
        assert min(lesion.box) > 0 and max(lesion.box) < 512


def test_published_diameters_are_the_lengths_of_the_measured_lines(real_data):
    rows, lesions = published(real_data)
    for row, lesion in zip(rows, lesions, strict=True):
        ends = measured(row)
        lengths = np.linalg.norm([ends[0] - ends[1], ends[2] - ends[3]], axis=1)
        assert lesion.diameters == pytest.approx(lengths, abs=0.002)
        long, short = (value * lesion.spacing[0] for value in lesion.diameters)
        assert 2 < short <= long < 130


def test_published_types_are_those_of_val_and_test(real_data):
    _, lesions = published(real_data)
    assert {lesion.kind for lesion in lesions if lesion.part == "train"} == {""}
    assert all(lesion.kind for lesion in lesions if lesion.part != "train")
    kinds = Counter(lesion.kind for lesion in lesions)
    del kinds[""]
    assert kinds == {
        "abdomen": 18,
        "soft-tissue": 14,
        "mediastinum": 9,
        "lung": 5,
        "liver": 5,
        "pelvis": 2,
    }


def test_published_slice_numbers_grow_towards_inferior(real_data):
    rows, lesions = published(real_data)
    depth = [float(row["Normalized_lesion_location"].split(",")[2]) for row in rows]
    mean = {
        kind: np.mean([z for z, lesion in zip(depth, lesions, strict=True) if lesion.kind == kind])
        for kind in ("lung", "liver", "pelvis")
    }
    assert mean["lung"] < mean["liver"] < mean["pelvis"]  # it grows from head to foot
    slopes = []
    for series in {lesion.series for lesion in lesions}:
        places = {
            lesion.slice_number: z
            for z, lesion in zip(depth, lesions, strict=True)
            if lesion.series == series
        }
        if len(places) > 1:
            slopes.append(np.polyfit(list(places), list(places.values()), 1)[0])
    assert len(slopes) > 20 and min(slopes) > 0


def test_a_row_is_read(tmp_path):
    lesion = read_lesions(write_table(tmp_path))[0]
    assert (lesion.series, lesion.picture, lesion.slice_number) == ("000007_01_02", "003.png", 3)
    assert lesion.box == (10.5, 21.0, 40.5, 60.5)
    assert lesion.spacing == (0.5, 0.5, 2.0)
    assert (lesion.patient, lesion.kind, lesion.noisy, lesion.part) == (7, "lung", False, "test")


@pytest.mark.parametrize(
    "change",
    [
        {"File_name": "000007_01_02_003.jpg"},
        {"File_name": "../../../etc_01_01_003.png"},
        {"Patient_index": ""},
        {"Bounding_boxes": "11, 21.5, 41"},
        {"Bounding_boxes": "11, nan, 41, 61"},
        {"Lesion_diameters_Pixel_": "20; 10"},
        {"Coarse_lesion_type": "9"},
        {"Spacing_mm_px_": "0, 0.5, 2"},
        {"Train_Val_Test": "4"},
    ],
)
def test_a_bad_row_is_refused_with_its_line(tmp_path, change):
    with pytest.raises(ConversionError, match=r"DL_info\.csv, line 3 is not .*download"):
        read_lesions(write_table(tmp_path, **change))


def test_another_table_is_refused_by_its_columns(tmp_path):
    table = tmp_path / "DL_info.csv"
    table.write_text("File_name,Patient_index\n")
    with pytest.raises(ConversionError, match=r"no column Bounding_boxes.*DL_info\.csv"):
        read_lesions(table)
