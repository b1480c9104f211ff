"""DICOM trees with VOC files, written by PyDICOM."""

import json

import numpy as np
import pytest

from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.source_case import UnusableCaseError
from lidnet_mm.datasets.converters.sources.voc.voc_dicom import VocDicom
from lidnet_mm.datasets.readers import open_volume

ROWS, COLUMNS = 40, 50
BRIGHT = 500
PRONE = (-1, 0, 0, 0, -1, 0)
ALL_TRAIN = ("--split", "train=1.0")


def write_xml(path, *boxes, names=None, shape=(ROWS, COLUMNS)):
    """Write boxes (first and last column and row inside, counted from 1) as VOC."""
    names = names or ["tumour"] * len(boxes)
    objects = "".join(
        f"<object><name>{name}</name><bndbox><xmin>{x0}</xmin><ymin>{y0}</ymin>"
        f"<xmax>{x1}</xmax><ymax>{y1}</ymax></bndbox></object>"
        for name, (x0, y0, x1, y1) in zip(names, boxes, strict=True)
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    size = f"<size><width>{shape[1]}</width><height>{shape[0]}</height></size>"
    path.write_text(f"<annotation>{size}{objects}</annotation>")


@pytest.fixture
def write_case(tmp_path, write_ct):
    """Function that writes a series of bright lesions, each with an XML file of its UID.

    ``boxes`` maps a slice to (first column, first row, last column, last row), from 0.
    """

    def write(boxes, patient="P1", series="1.2.3.1", folder="the source", slices=4, **changes):
        uids = []
        for index in range(slices):
            hu = np.random.default_rng(index).integers(-1000, 200, (ROWS, COLUMNS))
            for x0, y0, x1, y1 in boxes.get(index, ()):
                hu[y0 : y1 + 1, x0 : x1 + 1] = BRIGHT
            path = tmp_path / folder / "CT größer" / series / f"1-{index + 1:02d}.dcm"
            common = {"height": 2.0 * index, "patient": patient, "series": series}
            uids.append(write_ct(path, hu, **{**common, **changes}))
            if index in boxes:
                corners = [tuple(value + 1 for value in box) for box in boxes[index]]
                write_xml(tmp_path / folder / "boxes" / f"{uids[-1]}.xml", *corners)
        return uids

    return write


BOXES = {1: [(5, 6, 12, 9)], 2: [(20, 30, 20, 33), (1, 2, 3, 4)]}


@pytest.mark.parametrize("changes", [{}, {"orientation": PRONE}])
def test_boxes_lie_on_their_pixels(write_case, converted, boxes_by_slice, tmp_path, changes):
    write_case(BOXES, **changes)
    document = converted(VocDicom(), tmp_path / "the source", *ALL_TRAIN)["train"]
    found = boxes_by_slice(document)
    assert {place: len(boxes) for place, boxes in found.items()} == {
        ("case_0001", 1): 1,
        ("case_0001", 2): 2,
    }
    files = {image["slice_index"]: image["file_name"] for image in document["images"]}
    for (_, index), boxes in found.items():
        shown = open_volume(tmp_path / "converted" / files[index]).read_slice(0)
        assert shown.shape == (ROWS, COLUMNS)
        marked = np.zeros(shown.shape, bool)
        for x, y, width, height in (box["bbox"] for box in boxes):
            marked[int(y) : int(y + height), int(x) : int(x + width)] = True
        assert (marked == (shown == BRIGHT)).all()


def test_slices_without_a_file_are_no_negatives_but_those_without_an_object_are(
    write_case, converted, tmp_path
):
    uids = write_case(BOXES)
    write_xml(tmp_path / "the source" / "boxes" / f"{uids[3]}.xml")
    document = converted(VocDicom(), tmp_path / "the source", *ALL_TRAIN, "--keep-empty")["train"]
    assert [image["slice_index"] for image in document["images"]] == [1, 2, 3]


def test_only_the_classes_asked_for_become_boxes(write_case, find_cases, tmp_path):
    uids = write_case({})
    boxes = [(1, 1, 2, 2), (3, 3, 4, 4), (5, 5, 6, 6)]
    path = tmp_path / "the source" / f"{uids[0]}.xml"
    write_xml(path, *boxes, names=["node", "tumour", "vessel"])
    arguments = ("--classes", "node", "vessel")
    content = find_cases(VocDicom(), path.parent, *arguments).cases[0].read()
    assert [box.attributes["lesion_type"] for box in content.boxes[0]] == ["node", "vessel"]
    assert [(one.what, one.count, one.slice_index) for one in content.left_out] == [("box", 1, 0)]


def test_a_name_is_written_only_if_the_user_gave_it(write_case, converted, tmp_path):
    uids = write_case({})
    root = tmp_path / "the source"
    boxes = [(1, 1, 2, 2), (3, 3, 4, 4)]
    write_xml(root / f"{uids[0]}.xml", *boxes, names=["node", "Jané Doe"])
    converted(VocDicom(), root, *ALL_TRAIN)
    out = tmp_path / "converted"
    text = "".join(path.read_text() for path in out.rglob("*.json"))
    assert "Jan" not in text and "node" not in text
    document = converted(VocDicom(), root, *ALL_TRAIN, "--overwrite", "--classes", "node")["train"]
    assert [box["lesion_type"] for box in document["annotations"]] == ["node"]
    assert "Jan" not in "".join(path.read_text() for path in out.rglob("*.json"))


def test_names_that_become_one_class_are_told(write_case, find_cases, tmp_path, warnings_logged):
    uids = write_case({})
    for uid, name in zip(uids, ["node", "node", "vessel", "organ"], strict=True):
        write_xml(tmp_path / "the source" / f"{uid}.xml", (1, 1, 2, 2), names=[name])
    (case,) = find_cases(VocDicom(), tmp_path / "the source").cases
    boxes = case.read().boxes
    assert all(box.attributes == {} for (box,) in boxes.values())
    first, second = warnings_logged().splitlines()
    assert "'node', 'vessel': all of them are taken" in first and "--classes NAME" in first
    assert "called 'organ'" in second


def test_corners_are_read_as_told(write_case, find_cases, tmp_path):
    write_case({0: [(5, 6, 12, 9)]})  # written as 6, 7, 13, 10
    found = {}
    for corners in ("from-1", "from-0", "edges"):
        case = find_cases(VocDicom(), tmp_path / "the source", "--corners", corners).cases[0]
        (box,) = case.read().boxes[0]
        found[corners] = (box.x, box.y, box.width, box.height)
    assert found == {"from-1": (5, 6, 8, 4), "from-0": (6, 7, 8, 4), "edges": (6, 7, 7, 3)}


@pytest.fixture
def stems(tmp_path, write_ct):
    """A tree of two series whose slices are called alike, and a third slice."""
    root = tmp_path / "stems"
    hu = np.random.default_rng(0).integers(-1000, 200, (ROWS, COLUMNS))
    write_ct(root / "a" / "1-01.dcm", hu, series="1.1")
    write_ct(root / "b" / "1-01.dcm", hu, series="1.2")
    write_ct(root / "b" / "1-02.dcm", hu, series="1.2", height=2)
    return root


def test_by_stem_the_slice_of_the_same_folder_is_meant(stems, find_cases):
    write_xml(stems / "b" / "1-01.xml", (1, 1, 2, 2))
    write_xml(stems / "boxes" / "1-02.xml", (1, 1, 3, 3))
    found = find_cases(VocDicom(), stems, "--match", "stem")
    assert [case.series for case in found.cases] == ["1.2"]
    boxes = found.cases[0].read().boxes
    assert {index: box.width for index, (box,) in boxes.items()} == {0: 2, 1: 3}
    assert [(one.what, "1.1" in one.source) for one in found.left_out] == [("volume", True)]


def test_by_stem_a_file_that_may_mean_two_slices_is_left_out(stems, find_cases):
    write_xml(stems / "boxes" / "1-01.xml", (1, 1, 2, 2))
    write_xml(stems / "boxes" / "1-02.xml", (1, 1, 3, 3))
    found = find_cases(VocDicom(), stems, "--match", "stem")
    assert set(found.cases[0].read().boxes) == {1}
    reasons = {one.reason for one in found.left_out if one.what == "annotation"}
    assert reasons == {"several slices have its name"}


def test_of_two_files_of_one_slice_a_copy_is_left_out_and_a_difference_both(
    write_case, find_cases, tmp_path
):
    uids = write_case({0: [(1, 1, 2, 2)], 1: [(3, 3, 4, 4)]})
    root = tmp_path / "the source"
    first = (root / "boxes" / f"{uids[0]}.xml").read_bytes()
    (root / "more").mkdir()
    (root / "more" / f"{uids[0]}.xml").write_bytes(first)
    (root / "more" / f"{uids[1]}.xml").write_bytes(first)
    found = find_cases(VocDicom(), root)
    assert set(found.cases[0].read().boxes) == {0}
    assert sorted(one.reason.split(";")[0] for one in found.left_out) == [
        "a copy of another one",
        "another one of the same slice or volume differs",
        "another one of the same slice or volume differs",
    ]


def no_xml(path):
    path.write_text("<annotation>")


def no_voc(path):
    path.write_text("<LidcReadMessage/>")


def entities(path):
    path.write_text('<!DOCTYPE a [<!ENTITY b "c">]><annotation/>')


def other_size(path):
    write_xml(path, (1, 1, 2, 2), shape=(ROWS + 1, COLUMNS))


def turned_corners(path):
    write_xml(path, (9, 1, 2, 2))


@pytest.mark.parametrize("damage", [no_xml, no_voc, entities, other_size, turned_corners])
def test_a_bad_file_costs_its_slice_only(write_case, find_cases, tmp_path, damage):
    uids = write_case(BOXES)
    path = tmp_path / "the source" / "boxes" / f"{uids[1]}.xml"
    damage(path)
    content = find_cases(VocDicom(), tmp_path / "the source").cases[0].read()
    assert set(content.boxes) == content.annotated == {2}
    (left,) = content.left_out
    assert (left.what, left.slice_index) == ("annotation", 1)
    assert str(path) in left.source and uids[1] not in left.reason


def test_a_series_without_a_good_file_is_unusable(write_case, find_cases, tmp_path):
    (uid, *_) = write_case({0: [(1, 1, 2, 2)]})
    no_xml(tmp_path / "the source" / "boxes" / f"{uid}.xml")
    case = find_cases(VocDicom(), tmp_path / "the source").cases[0]
    with pytest.raises(UnusableCaseError, match="none of its annotations") as caught:
        case.read()
    assert uid not in caught.value.reason


def test_a_box_beyond_the_image_is_cut_or_left_out(write_case, converted, tmp_path):
    uids = write_case({0: [(1, 1, 2, 2)]})
    boxes = [(COLUMNS - 3, 1, COLUMNS + 4, 6), (COLUMNS + 9, 1, COLUMNS + 12, 5), (0, 0, 4, 4)]
    write_xml(tmp_path / "the source" / "boxes" / f"{uids[0]}.xml", *boxes)
    document = converted(VocDicom(), tmp_path / "the source", *ALL_TRAIN)["train"]
    found = sorted(one["bbox"] for one in document["annotations"])
    assert found == [[0, 0, 4, 4], [COLUMNS - 4, 0, 4, 6]]


@pytest.mark.parametrize("box", [(1, 1, 1e30, 5), (-1e30, 1, 4, 5), (1, 1, 5, ROWS + 2)])
def test_a_box_larger_than_its_slice_is_neither_lesion_nor_negative(
    write_case, converted, tmp_path, box
):
    uids = write_case({0: [(1, 1, 2, 2)], 1: [(1, 1, 2, 2)]})
    write_xml(tmp_path / "the source" / "boxes" / f"{uids[1]}.xml", box)
    document = converted(VocDicom(), tmp_path / "the source", *ALL_TRAIN, "--keep-empty")["train"]
    assert [image["slice_index"] for image in document["images"]] == [0]
    log = (tmp_path / "converted" / "conversion.json").read_text()
    assert "larger than the image" in log


def test_slices_of_two_spacings_do_not_stop_other_series(write_case, converted, write_ct, tmp_path):
    write_case(BOXES)
    write_case(BOXES, patient="P2", series="1.2.3.2")
    write_case({}, patient="P2", series="1.2.3.2", folder="the source/more", slices=1,
               height=8, PixelSpacing=[0.9, 0.9])  # fmt: skip
    document = converted(VocDicom(), tmp_path / "the source", *ALL_TRAIN)["train"]
    assert {image["patient_id"] for image in document["images"]} == {"case_0001"}
    log = (tmp_path / "converted" / "conversion.json").read_text()
    assert "not one volume of one grid" in log and "1.2.3.2" not in log and "P2" not in log


def test_no_name_of_the_source_is_written(write_case, converted, tmp_path):
    uids = write_case(BOXES, patient="Jané^Doe")
    converted(VocDicom(), tmp_path / "the source", *ALL_TRAIN)
    out = tmp_path / "converted"
    for path in (path for path in out.rglob("*") if path.is_file()):
        content = path.read_bytes() + path.relative_to(out).as_posix().encode()
        for name in ("Jané", "Some^Body", "1.2.3.1", *uids):
            assert name.encode() not in content, path


def test_a_folder_that_lacks_something_is_refused(write_case, find_cases, tmp_path):
    root = tmp_path / "the source"
    (root / "boxes").mkdir(parents=True)
    with pytest.raises(ConversionError, match="no XML file in this folder, which holds boxes"):
        find_cases(VocDicom(), root)
    write_xml(root / "boxes" / "9.9.xml")
    with pytest.raises(ConversionError, match="no DICOM file"):
        find_cases(VocDicom(), root)
    write_case({})
    with pytest.raises(ConversionError, match=r"1 XML files is called after \(--match uid; .*9\.9"):
        find_cases(VocDicom(), root)


def test_where_no_file_is_usable_the_reasons_come_first(write_case, find_cases, tmp_path):
    write_case(BOXES, RescaleType="MGML")
    with pytest.raises(ConversionError) as caught:
        find_cases(VocDicom(), tmp_path / "the source")
    message = str(caught.value)
    assert message.index("4 x file: a map that is not in HU") < message.index("none of its 4 DICOM")
    assert "damaged" not in message and "called after" not in message


def test_a_volume_whose_values_are_no_hu_is_left_out_by_name(
    write_case, converted, tmp_path, caplog
):
    write_case(BOXES)
    no_rescale = {"RescaleSlope": None, "RescaleIntercept": None}
    write_case(BOXES, patient="P2", series="1.2.3.2", **no_rescale)
    document = converted(VocDicom(), tmp_path / "the source", *ALL_TRAIN)["train"]
    assert {image["patient_id"] for image in document["images"]} == {"case_0001"}
    log = (tmp_path / "converted" / "conversion.json").read_text()
    assert "no RescaleSlope or RescaleIntercept" in log and "1.2.3.2" not in log


def test_joined_patients_are_in_one_part_and_counted(write_case, converted, tmp_path, capsys):
    study = {"StudyInstanceUID": "1.7"}
    write_case(BOXES, patient="A1", series="1.7.1", **study)
    write_case(BOXES, patient="A1-2", series="1.7.2", **study)
    for number in range(3):
        boxes = {1: [(5 + number, 6, 12, 9)]}  # no two volumes are the same
        write_case(boxes, patient=f"B{number}", series=f"1.8.{number}")
    parts = converted(VocDicom(), tmp_path / "the source", "--split", "train=2", "val=1", "test=1")
    people = [{image["patient_id"] for image in part["images"]} for part in parts.values()]
    assert sorted(map(len, people)) == [1, 1, 2] and len(set.union(*people)) == 4
    summary = json.loads((tmp_path / "converted" / "conversion.json").read_text())
    assert summary["notes"] == [
        "several PatientIDs in one study or series are taken as one patient"
    ]
    assert "noted:\n  1 x several PatientIDs" in capsys.readouterr().out
