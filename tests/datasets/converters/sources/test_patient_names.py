"""Names of one person's scans."""

import pytest

from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.sources.patient_names import (
    read_patients,
    same_person,
    warn_of_same_person,
)

ONE_PERSON = [
    ["p01_scan1", "p01_scan2"],
    ["p01_scan1", "p01_followup"],
    ["p01", "p01_follow_up"],
    ["P01", "p01"],
    ["p1", "p01"],
    ["p01a", "p01b"],
    ["p01_1", "p01_2"],
    ["p01-v1", "p01-v2"],
    ["p01 baseline", "p01 12months"],
    ["003_20190301", "003_20200506"],
    ["mueller_2019-03-01", "mueller_2021"],
    ["mueller-pre", "mueller-post"],
]
PATIENTS = [
    ["case_0001", "case_0002", "case_0010"],
    ["STS_001", "STS_002"],
    ["LIDC-IDRI-0001", "LIDC-IDRI-0002"],
    ["R01-001", "R01-002", "AMC-001"],
    ["lung_scan_001", "lung_scan_002", "lung_scan_003", "lung_scan_004"],
    ["TCGA-17-Z054", "TCGA-17-Z055"],
    ["1.2.3.4", "1.2.3.5"],
    ["2019_01", "2019_02"],
    ["s1", "s2", "s3"],
    ["scan1", "scan2"],
    ["a", "b"],
]


@pytest.mark.parametrize("names", ONE_PERSON, ids=lambda names: names[-1])
def test_scans_of_one_person_are_a_group_of_their_own(names):
    (group,) = same_person([*names, "q07", "r08_scan1"]).values()
    assert sorted(group) == sorted(names)


@pytest.mark.parametrize("names", PATIENTS, ids=lambda names: names[-1])
def test_numbers_of_patients_are_no_scans(names):
    assert same_person(names) == {}


def test_groups_are_told_with_the_remedy(warnings_logged):
    warn_of_same_person(["p1", "p2_scan1", "p2_scan2", "p3"], "write {scan}")
    assert "p2_scan1, p2_scan2" in warnings_logged() and "write {scan}" in warnings_logged()


@pytest.fixture
def table(tmp_path):
    """Function that writes a table."""

    def write(text):
        (tmp_path / "who.csv").write_text(text, encoding="utf-8-sig")
        return tmp_path / "who.csv"

    return write


def test_a_table_tells_who_is_who(table):
    path = table("name,age,patient\na,7,anna\nb,8,anna\nother,9,carl\n")
    assert {name: read_patients(path, ["a", "b"])[name] for name in "ab"} == {
        "a": "anna",
        "b": "anna",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,patient\na,anna\n", r"--patients .*who\.csv has no row for b;"),
        ("name,patient\na,\nb,bob\n", r"line 2: no patient for 'a'"),
        ("name,patient\na,anna\nb,bob\na,carl\n", r"line 4: 'a' is patient anna above and carl"),
        ("name;patient\na;anna\n", r"no column name, patient; .*commas"),
    ],
)
def test_a_table_that_leaves_someone_open_is_refused(table, text, message):
    with pytest.raises(ConversionError, match=message):
        read_patients(table(text), ["a", "b"])
