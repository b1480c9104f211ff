"""Several scans of one person are in one part of the split."""

import json

import pytest

from lidnet_mm.datasets.converters.command_line import convert_as_told, parse
from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.sources.masks.nifti_masks import NiftiMasks

FLAT = ("--image", "{patient}_{scan}_ct.nii.gz", "--mask", "{patient}_{scan}_seg.nii.gz")
NAMES = [f"p{person:02d}_{scan}" for person in range(6) for scan in ("scan1", "scan2", "followup")]


@pytest.fixture
def write_flat(source, write_volume, hu_volume):
    """Function that writes a volume and a mask of each name into one folder."""

    def write(names):
        image = hu_volume(2, 20, 24)
        for number, name in enumerate(names):
            image[0, 0, 0] = number  # no two are the same
            write_volume(image, f"source/{name}_ct.nii.gz")
            write_volume((image > 2900).astype("uint8"), f"source/{name}_seg.nii.gz")

    return write


@pytest.fixture
def parts(source, tmp_path):
    """Function that converts, and tells in which parts the scans of each person are."""

    def convert(*switches):
        key = tmp_path / "key.csv"
        arguments = [str(source), str(tmp_path / "out"), "--overwrite", "--key", str(key)]
        options = parse(NiftiMasks(), arguments=[*arguments, *switches])
        convert_as_told(NiftiMasks(), options)
        names = {}
        for line in key.read_text().splitlines()[1:]:
            patient, _, source_patient, source_series = line.split(",")
            names.setdefault(patient, set()).add((source_patient, source_series))
        found = {}
        for path in (tmp_path / "out" / "annotations").iterdir():
            for image in json.loads(path.read_text())["images"]:
                for person, _ in names[image["patient_id"]]:
                    found.setdefault(person, set()).add(path.stem)
        return found, names

    return convert


def test_a_pattern_with_scans_keeps_a_person_in_one_part(write_flat, parts, warnings_logged):
    write_flat(NAMES)
    found, names = parts(*FLAT)
    assert sorted(found) == [f"p{person:02d}" for person in range(6)]
    assert all(len(of_person) == 1 for of_person in found.values())
    assert {frozenset(scan for _, scan in scans) for scans in names.values()} == {
        frozenset(("scan1", "scan2", "followup"))
    }
    assert warnings_logged() == ""


def test_names_taken_for_patients_are_told(write_flat, parts, warnings_logged):
    write_flat(NAMES)
    found, _ = parts("--image", "{patient}_ct.nii.gz", "--mask", "{patient}_seg.nii.gz")
    assert len(found) == len(NAMES)
    (warning,) = warnings_logged().splitlines()
    assert "p00_followup, p00_scan1, p00_scan2;" in warning and "and 1 more" in warning
    assert "{patient}_{scan}_ct.nii.gz" in warning and "--patients" in warning


def test_a_table_of_patients_joins_names_that_nothing_else_tells(
    write_flat, parts, tmp_path, warnings_logged
):
    names = ["a", "b", "c", "d", "e"]
    write_flat(names)
    table = tmp_path / "who.csv"
    table.write_text("name,patient\na,one\nb,one\nc,two\nd,three\ne,three\n")
    patterns = ("--image", "{patient}_ct.nii.gz", "--mask", "{patient}_seg.nii.gz")
    found, _ = parts(*patterns, "--patients", str(table))
    assert sorted(found) == ["one", "three", "two"]
    assert all(len(of_person) == 1 for of_person in found.values())
    assert warnings_logged() == ""
    table.write_text("name,patient\na,one\n")
    with pytest.raises(ConversionError, match="no row for b and 3 more"):
        parts(*patterns, "--patients", str(table))


def test_scans_in_one_pattern_only_are_refused(write_flat, parts):
    write_flat(NAMES[:2])
    with pytest.raises(ConversionError, match=r"write \{scan\} in both or in none"):
        parts("--image", FLAT[1], "--mask", "{patient}_seg.nii.gz")


def test_two_scans_where_one_is_expected_name_the_remedy(write_flat, parts):
    write_flat(NAMES[:2])
    with pytest.raises(ConversionError, match=r"patient p00: .*two files.*write \{scan\}"):
        parts("--image", "{patient}_*_ct.nii.gz", "--mask", "{patient}_*_seg.nii.gz")


def test_a_scan_without_a_mask_is_named(write_flat, parts, source):
    write_flat(NAMES[:2])
    (source / "p00_scan2_seg.nii.gz").unlink()
    with pytest.raises(ConversionError, match=r"^patient p00, scan scan2: .*has no mask"):
        parts(*FLAT)
