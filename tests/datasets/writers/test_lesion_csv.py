"""The table of lesions, read by Python's csv module."""

import csv
import dataclasses

import numpy as np
import pytest

from lidnet_mm.datasets.writers.lesion_csv import COLUMNS, write_lesions_csv


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_rows_hold_slices_places_and_the_key_image(series, tmp_path):
    path = tmp_path / "new" / "lesions.csv"
    write_lesions_csv(path, series.lesions, series.volume.sop_instance_uids)
    first, second = rows_of(path)
    assert (first["number"], first["label"], first["score"]) == ("1", "nodule", "0.875000")
    assert [first[name] for name in ("first_slice", "last_slice", "key_slice")] == ["1", "3", "2"]
    assert first["key_sop_instance_uid"] == "1.2.3.4.3"
    assert [float(first[f"key_{edge}"]) for edge in ("x1", "y1", "x2", "y2")] == [3, 3, 12, 13]
    assert float(first["diameter_mm"]) == pytest.approx(9 * 0.8)
    assert float(first["extent_mm"]) == pytest.approx(3 * 2.5)
    centre = [float(second[f"centre_{axis}_mm"]) for axis in "xyz"]
    np.testing.assert_allclose(centre, series.place(5, 30, 15), atol=1e-3)
    assert "planted" not in path.read_text().lower()


def test_what_is_not_known_is_empty(series, tmp_path):
    lesion = dataclasses.replace(
        series.lesions[0], centre_mm=None, diameter_mm=None, extent_mm=None
    )
    write_lesions_csv(tmp_path / "lesions.csv", [lesion])
    (row,) = rows_of(tmp_path / "lesions.csv")
    empty = {name for name in COLUMNS if name.endswith("_mm")} | {"key_sop_instance_uid"}
    assert {name for name, value in row.items() if value == ""} == empty


def test_no_lesion_leaves_the_head_line(tmp_path):
    write_lesions_csv(tmp_path / "lesions.csv", [])
    assert (tmp_path / "lesions.csv").read_text() == ",".join(COLUMNS) + "\n"


@pytest.mark.parametrize(
    "label", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\n=1", " =1", '=1","=2']
)
def test_no_cell_begins_like_a_formula(series, tmp_path, label):
    box = dataclasses.replace(series.lesions[0].key_box, label=label)
    lesion = dataclasses.replace(series.lesions[0], boxes=(box,), key_box=box)
    write_lesions_csv(tmp_path / "lesions.csv", [lesion])
    with (tmp_path / "lesions.csv").open(newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert f"'{label.strip()}" in cells
    numbers = [cell for cell in cells if cell[:1] == "-"]
    assert all(float(number) < 0 for number in numbers)
    assert not [cell for cell in cells if cell[:1] in "=+@\t\r\n" and cell]
