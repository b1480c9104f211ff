"""LUNA16's layout, written by SimpleITK."""

import numpy as np
import pytest

from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.source_case import UnusableCaseError
from lidnet_mm.datasets.converters.sources.luna16.luna16 import Luna16
from lidnet_mm.datasets.readers import open_volume

HEADER = "seriesuid,coordX,coordY,coordZ,diameter_mm"
SHAPE, SPACING, ORIGIN = (10, 32, 40), (2.0, 0.7, 0.9), (-20.0, 30.0, -400.0)
CENTRE, DIAMETER = (-3.3, 41.2, -391.1), 9.0
NODULE = ",".join(map(str, (*CENTRE, DIAMETER)))


@pytest.fixture
def write_scan(write_volume, tmp_path):
    """Function that writes ``luna/subset<k>/<uid>.mhd``: a bright ball in noise below 0 HU."""

    def write(uid: str, subset: int = 0, stored: str = "LPS", folder: str = "luna"):
        array = np.random.default_rng(0).integers(-1000, 0, SHAPE, dtype=np.int16)
        grid = np.stack(np.meshgrid(*map(np.arange, SHAPE), indexing="ij"), axis=-1)
        world = grid[..., ::-1] * SPACING[::-1] + ORIGIN
        array[np.linalg.norm(world - CENTRE, axis=-1) < DIAMETER / 2] = 500
        write_volume(array, f"{folder}/subset{subset}/{uid}.mhd", stored, SPACING, ORIGIN)
        return tmp_path / folder

    return write


def write_table(root, *rows):
    (root / "annotations.csv").write_text("\n".join([HEADER, *rows]) + "\n")


@pytest.mark.parametrize("stored", ["LPS", "RAS", "RPI", "LAI"])
def test_boxes_hold_the_ball_whatever_the_directions(
    write_scan, converted, boxes_by_slice, tmp_path, stored
):
    root = write_scan("1.2.3", stored=stored)
    direction = "TransformMatrix = 1 0 0 0 1 0 0 0 1"
    assert (direction in (root / "subset0" / "1.2.3.mhd").read_text()) == (stored == "LPS")
    write_table(root, f"1.2.3,{NODULE}")
    document = converted(Luna16(), root, "--split", "train=1.0")["train"]
    volume = open_volume(tmp_path / "converted" / document["images"][0]["file_name"])
    found = boxes_by_slice(document)
    assert len(found) == SHAPE[0]
    for (_, index), boxes in found.items():
        rows, columns = np.nonzero(volume.read_slice(index) == 500)
        assert len(boxes) == (len(rows) > 0)
        for box in boxes:
            x, y, width, height = box["bbox"]
            assert x < columns.min() + 0.5 and columns.max() + 0.5 < x + width
            assert y < rows.min() + 0.5 and rows.max() + 0.5 < y + height
            assert width == pytest.approx(columns.max() - columns.min() + 1, abs=1.2)
            assert height == pytest.approx(rows.max() - rows.min() + 1, abs=1.2)
            assert box["diameter_mm"] == DIAMETER
    lesions = [index for (_, index), boxes in found.items() if boxes]
    assert lesions == [3, 4, 5, 6]


def test_a_box_over_the_edge_is_clipped_to_the_image(write_scan, converted):
    root = write_scan("1.2.3")
    write_table(root, f"1.2.3,{ORIGIN[0]},{ORIGIN[1]},{ORIGIN[2]},7.2")
    document = converted(Luna16(), root, "--split", "train=1.0")["train"]
    x, y, width, height = document["annotations"][0]["bbox"]
    assert (x, y) == (0, 0)
    assert (width, height) == pytest.approx((0.5 + 3.6 / 0.9, 0.5 + 3.6 / 0.7), abs=1e-4)


def test_what_has_no_partner_is_counted_and_negatives_stay(write_scan, find_cases, converted):
    root = write_scan("1.2.3")
    write_scan("1.2.4")
    write_table(root, f"1.2.3,{NODULE}", "1.2.9,0,0,0,5", "1.2.9,1,0,0,5")
    found = find_cases(Luna16(), root)
    assert [case.patient for case in found.cases] == ["1.2.3", "1.2.4"]
    ((left,)) = found.left_out
    assert (left.what, left.count, left.source) == ("annotation", 2, "1.2.9")
    assert "1.2.9" not in left.reason
    negative = found.cases[1].read()
    assert not negative.boxes and negative.annotated is None
    document = converted(Luna16(), root, "--split", "train=1.0")["train"]
    assert sum(image["patient_id"] == "case_0002" for image in document["images"]) == SHAPE[0]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (["-3.3,41.2,-300.0,9.0"], "outside of the volume"),
        (["-100.0,41.2,-391.1,9.0"], "outside of the volume"),
        (["-3.3,41.2,-391.0,0.5"], "between two slices"),
        ([NODULE, NODULE], "comes twice"),
    ],
)
def test_a_nodule_that_fits_nowhere_is_left_out(write_scan, find_cases, rows, reason):
    root = write_scan("1.2.3")
    write_table(root, *(f"1.2.3,{row}" for row in rows))
    ((case,)) = find_cases(Luna16(), root).cases
    content = case.read()
    assert [reason in left.reason for left in content.left_out] == [True]
    assert sum(map(len, content.boxes.values())) == (4 if len(rows) == 2 else 0)


def test_subsets_choose_volumes_and_parts(write_scan, find_cases, converted):
    for subset in (0, 3, 8, 9):
        root = write_scan(f"1.2.{subset}", subset)
    write_table(root, *(f"1.2.{subset},{NODULE}" for subset in (0, 3, 8, 9)))
    found = find_cases(Luna16(), root, "--subsets", "0", "9")
    assert [case.patient for case in found.cases] == ["1.2.0", "1.2.9"]
    assert not found.left_out
    parts = converted(Luna16(), root, "--val-subsets", "8", "--test-subsets", "9")
    patients = {
        part: sorted({image["patient_id"] for image in document["images"]})
        for part, document in parts.items()
    }
    assert patients == {
        "train": ["case_0001", "case_0002"],
        "val": ["case_0003"],
        "test": ["case_0004"],
    }
    assert parts["test"]["info"]["converter"]["test_subsets"] == [9]


def test_subsets_and_a_drawn_split_contradict_each_other(write_scan, find_cases):
    root = write_scan("1.2.0")
    write_table(root)
    with pytest.raises(ConversionError, match=r"subset 8.*one of them"):
        find_cases(Luna16(), root, "--val-subsets", "8", "--test-subsets", "8", "9")
    with pytest.raises(ConversionError, match=r"--split draws.*--test-subsets"):
        find_cases(Luna16(), root, "--test-subsets", "9", "--split", "train=1.0")


def test_a_series_in_two_subsets_is_refused(write_scan, find_cases):
    root = write_scan("1.2.3", 0)
    write_scan("1.2.3", 1)
    write_table(root, f"1.2.3,{NODULE}")
    with pytest.raises(ConversionError, match=r"1\.2\.3 comes twice.*keep one"):
        find_cases(Luna16(), root)


def test_a_volume_without_its_voxels_is_unusable(write_scan, find_cases):
    root = write_scan("1.2.3")
    write_table(root, f"1.2.3,{NODULE}")
    (root / "subset0" / "1.2.3.raw").unlink()
    ((case,)) = find_cases(Luna16(), root).cases
    with pytest.raises(UnusableCaseError) as caught:
        case.read()
    assert "1.2.3" not in caught.value.reason and "1.2.3" in caught.value.source


def test_names_with_spaces_and_other_letters(write_scan, find_cases):
    root = write_scan("1.2.3", folder="Lungen größer ähnlich 肺")
    write_table(root, f"1.2.3,{NODULE}")
    ((case,)) = find_cases(Luna16(), root).cases
    assert list(case.read().boxes) == [3, 4, 5, 6]


def test_another_folder_is_refused_with_what_it_holds(tmp_path, write_scan, find_cases):
    with pytest.raises(ConversionError, match=r"no annotations\.csv.*holds nothing"):
        (tmp_path / "empty").mkdir()
        find_cases(Luna16(), tmp_path / "empty")
    with pytest.raises(ConversionError, match="no such folder"):
        find_cases(Luna16(), tmp_path / "absent")
    other = tmp_path / "other"
    (other / "imagesTr").mkdir(parents=True)
    write_table(other)
    with pytest.raises(ConversionError, match=r"no subset0.*holds annotations\.csv, imagesTr"):
        find_cases(Luna16(), other)
    root = write_scan("1.2.3", 4)
    write_table(root)
    with pytest.raises(ConversionError, match="no volume in subset5"):
        find_cases(Luna16(), root, "--subsets", "5")
