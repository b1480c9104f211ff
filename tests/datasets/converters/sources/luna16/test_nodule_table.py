"""LUNA16's table."""

import pytest

from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.sources.luna16.nodule_table import ListedNodule, read_nodules

HEADER = "seriesuid,coordX,coordY,coordZ,diameter_mm\n"


def test_the_published_table_is_read_completely(real_data):
    nodules = read_nodules(real_data / "luna16" / "annotations.csv")
    every = [nodule for found in nodules.values() for nodule in found]
    assert (len(nodules), len(every)) == (601, 1186)  # as published
    assert 3 <= min(n.diameter_mm for n in every) < max(n.diameter_mm for n in every) < 35
    assert all(len(set(found)) == len(found) for found in nodules.values())


def test_rows_of_a_series_are_kept_together(tmp_path):
    table = tmp_path / "annotations.csv"
    table.write_text(f"\ufeff{HEADER}1.2,-1.5,2,3e1,4\n1.3,0,0,0,5\n1.2,1,2,3,6\n", "utf-8")
    assert read_nodules(table) == {
        "1.2": [ListedNodule((-1.5, 2.0, 30.0), 4.0), ListedNodule((1.0, 2.0, 3.0), 6.0)],
        "1.3": [ListedNodule((0.0, 0.0, 0.0), 5.0)],
    }


@pytest.mark.parametrize(
    "row",
    ["1.2,1,2,3", "1.2,1,2,x,4", "1.2,1,2,nan,4", "1.2,1,2,3,0", "1.2,1,2,3,-4", "1.2,1,,3,4"],
)
def test_a_bad_row_is_refused_with_its_line(tmp_path, row):
    table = tmp_path / "annotations.csv"
    table.write_text(f"{HEADER}1.2,1,2,3,4\n{row}\n")
    with pytest.raises(ConversionError, match=r"annotations\.csv, line 3.*download"):
        read_nodules(table)


def test_another_table_is_refused_by_its_columns(tmp_path):
    table = tmp_path / "annotations.csv"
    table.write_text("seriesuid,coordX,coordY,coordZ,class\n")
    with pytest.raises(ConversionError, match=r"no column diameter_mm.*annotations\.csv"):
        read_nodules(table)
    table.write_bytes(b"\xff\xfe\x00s")
    with pytest.raises(ConversionError, match="cannot be read"):
        read_nodules(table)
