"""DeepLesion's layout, its pictures written by OpenCV."""

import csv

import cv2
import numpy as np
import pytest

from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.source_case import UnusableCaseError
from lidnet_mm.datasets.converters.sources.deeplesion.deeplesion import DeepLesion
from lidnet_mm.datasets.converters.sources.deeplesion.lesion_table import COLUMNS
from lidnet_mm.datasets.readers import open_volume

SIZE = (40, 50)


def row(name: str, box: str, **changes) -> dict:
    """A row of the table; the part is that of the patient's number."""
    patient = int(name.split("_")[0])
    values = {
        "File_name": name,
        "Patient_index": patient,
        "Bounding_boxes": box,
        "Lesion_diameters_Pixel_": "12, 8",
        "Coarse_lesion_type": 5 if patient > 1 else -1,
        "Possibly_noisy": 0,
        "Spacing_mm_px_": "0.5, 0.5, 2",
        "Train_Val_Test": min(patient, 3),
    }
    return {**values, **changes}


@pytest.fixture
def write_source(tmp_path):
    """Function that writes the table and a picture for each row: 400 HU inside of its boxes."""

    def write(*rows: dict, folder: str = "source", pictures: bool = True):
        root = tmp_path / folder
        (root / "Images_png").mkdir(parents=True)
        with (root / "DL_info.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(rows)
        planes: dict[str, np.ndarray] = {}
        for number, values in enumerate(rows):
            noise = np.random.default_rng(number).integers(-1000, 100, SIZE)
            plane = planes.setdefault(values["File_name"], noise)
            x1, y1, x2, y2 = (round(float(word)) for word in values["Bounding_boxes"].split(","))
            plane[max(y1 - 1, 0) : y2, max(x1 - 1, 0) : x2] = 400  # the first pixel is number 1
        for name, plane in planes.items() if pictures else ():
            path = root / "Images_png" / name[:-8] / name[-7:]
            path.parent.mkdir(exist_ok=True)
            cv2.imwrite(str(path), (plane + 32768).astype(np.uint16))
        return root

    return write


THREE = (
    row("000001_01_01_010.png", "11, 21, 20, 30"),
    row("000001_01_01_010.png", "31, 5, 40, 12"),
    row("000001_01_01_004.png", "6, 6, 15, 18"),
    row("000002_01_01_030.png", "11, 21, 20, 30"),
    row("000003_02_01_040.png", "8, 9, 20, 30", Coarse_lesion_type=4),
)


def test_boxes_hold_the_painted_lesions_in_the_published_parts(
    write_source, converted, boxes_by_slice, tmp_path
):
    parts = converted(DeepLesion(), write_source(*THREE))
    assert [len(parts[name]["images"]) for name in ("train", "val", "test")] == [2, 1, 1]
    for document in parts.values():
        for image in document["images"]:
            plane = open_volume(tmp_path / "converted" / image["file_name"]).read_slice(0)
            covered = np.zeros(plane.shape, bool)
            for box in boxes_by_slice(document)[image["patient_id"], image["slice_index"]]:
                x, y, width, height = box["bbox"]
                # edges are at the centres of the outermost pixels, as the table has them
                covered[int(y) : int(y + height) + 1, int(x) : int(x + width) + 1] = True
            np.testing.assert_array_equal(covered, plane == 400)
            assert image["file_name"].endswith(".png")
            assert (image["spacing"], image["slice_thickness"]) == ([0.5, 0.5], 2.0)
    lesion = parts["val"]["annotations"][0]
    assert (lesion["long_diameter_mm"], lesion["short_diameter_mm"]) == (6.0, 4.0)
    assert lesion["lesion_type"] == "lung"
    assert "lesion_type" not in parts["train"]["annotations"][0]


def test_slices_of_a_series_run_towards_superior(write_source, find_cases):
    case = find_cases(DeepLesion(), write_source(*THREE)).cases[0]
    assert (case.patient, case.series, case.part) == ("1", "000001_01_01", "train")
    content = case.read()
    assert [len(content.boxes[index]) for index in range(2)] == [2, 1]  # 010 is below 004
    assert content.annotated == {0, 1}


def test_parts_are_drawn_on_demand(write_source, converted):
    rows = [row(f"{patient:06d}_01_01_001.png", "5, 5, 20, 20") for patient in range(3, 7)]
    parts = converted(DeepLesion(), write_source(*rows), "--split", "train=3", "val=0", "test=1")
    assert {name: len(document["images"]) for name, document in parts.items()} == {
        "train": 3,
        "test": 1,
    }


def test_noisy_rows_are_left_out_or_kept(write_source, find_cases):
    root = write_source(*THREE, row("000004_01_01_001.png", "5, 5, 20, 20", Possibly_noisy=1))
    found = find_cases(DeepLesion(), root)
    assert len(found.cases) == 3
    assert [(left.what, left.reason, left.count) for left in found.left_out] == [
        ("annotation", "possibly noisy", 1)
    ]
    assert len(find_cases(DeepLesion(), root, "--keep-noisy").cases) == 4


def test_types_choose_lesions(write_source, find_cases):
    root = write_source(*THREE)
    found = find_cases(DeepLesion(), root, "--types", "liver", "pelvis")
    assert [case.patient for case in found.cases] == ["3"]
    assert {left.reason: left.count for left in found.left_out} == {
        "the type of the lesion is not given": 3,
        "a lesion of another type": 1,
    }
    with pytest.raises(SystemExit):
        find_cases(DeepLesion(), root, "--types", "heart")


def test_missing_pictures_are_left_out(write_source, find_cases):
    root = write_source(*THREE)
    (root / "Images_png" / "000001_01_01" / "010.png").unlink()
    found = find_cases(DeepLesion(), root)
    ((left,)) = found.left_out
    assert (left.what, left.source, left.count) == ("slice", "000001_01_01/010.png", 1)
    assert len(found.cases) == 3 and len(found.cases[0].read().boxes) == 1
    for picture in (root / "Images_png").rglob("*.png"):
        picture.unlink()
    with pytest.raises(ConversionError, match="no picture of a lesion"):
        find_cases(DeepLesion(), root)


def test_boxes_outside_and_double_rows_are_left_out(write_source, converted, tmp_path):
    rows = (*THREE, THREE[0], row("000001_01_01_010.png", "60, 5, 70, 12"))
    train = converted(DeepLesion(), write_source(*rows))["train"]
    assert len(train["annotations"]) == 3
    log = (tmp_path / "converted" / "conversion.json").read_text()
    assert "the same lesion comes twice" in log and "outside of the image" in log
    assert "000001_01_01" not in log + str(train)


def test_a_series_of_two_spacings_or_sizes_is_unusable(write_source, find_cases):
    rows = (*THREE[:2], {**THREE[2], "Spacing_mm_px_": "0.6, 0.6, 2"})
    case = find_cases(DeepLesion(), write_source(*rows)).cases[0]
    with pytest.raises(UnusableCaseError, match=r"spacings.*0\.5.*0\.6.*correct") as caught:
        case.read()
    assert "000001_01_01" not in caught.value.reason
    root = write_source(*THREE, folder="sizes")
    cv2.imwrite(str(root / "Images_png/000001_01_01/004.png"), np.zeros((9, 9), np.uint16))
    with pytest.raises(UnusableCaseError, match="differ in size"):
        find_cases(DeepLesion(), root).cases[0].read()


def test_a_picture_of_8_bits_is_unusable(write_source, find_cases):
    root = write_source(*THREE)
    cv2.imwrite(str(root / "Images_png/000002_01_01/030.png"), np.zeros(SIZE, np.uint8))
    with pytest.raises(UnusableCaseError, match="8 bits"):
        find_cases(DeepLesion(), root).cases[1].read()


def test_a_patient_in_two_parts_is_refused(write_source, converted, capsys):
    root = write_source(*THREE, row("000001_02_01_001.png", "5, 5, 20, 20", Train_Val_Test=3))
    assert converted(DeepLesion(), root, status=1) == {}
    assert "patient 1: the source gives the parts test, train" in capsys.readouterr().err


def test_another_folder_is_refused_with_what_it_holds(write_source, find_cases, tmp_path):
    with pytest.raises(ConversionError, match=r"no DL_info\.csv.*holds nothing"):
        (tmp_path / "empty").mkdir()
        find_cases(DeepLesion(), tmp_path / "empty")
    root = write_source(*THREE, folder="größere Läsionen", pictures=False)
    (root / "Images_png").rmdir()
    with pytest.raises(ConversionError, match=r"no folder Images_png.*holds DL_info\.csv"):
        find_cases(DeepLesion(), root)


def test_series_of_the_published_table(real_data, find_cases, tmp_path):
    table = real_data / "deeplesion" / "DL_info.csv"
    (tmp_path / "DL_info.csv").symlink_to(table)
    with table.open(newline="") as file:
        names = {values["File_name"] for values in csv.DictReader(file)}
    for name in names:
        picture = tmp_path / "Images_png" / name[:-8] / name[-7:]
        picture.parent.mkdir(parents=True, exist_ok=True)
        picture.touch()
    found = find_cases(DeepLesion(), tmp_path)
    assert not found.left_out
    assert {case.series for case in found.cases} == {name[:-8] for name in names}
    assert all(int(case.series.split("_")[0]) == int(case.patient) for case in found.cases)
