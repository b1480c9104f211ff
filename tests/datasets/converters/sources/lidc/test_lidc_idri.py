"""LIDC-IDRI's layout: DICOM by PyDICOM, and readings of known squares."""

import numpy as np
import pydicom
import pytest

from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.source_case import UnusableCaseError
from lidnet_mm.datasets.converters.sources.lidc.lidc_idri import LidcIdri

ROWS, COLUMNS, SLICES = 40, 50, 6
PRONE = (-1, 0, 0, 0, -1, 0)


def around(x, y, width, height):
    """Corners of the line just outside of a rectangle, as (x, y)."""
    left, top, right, bottom = x - 1, y - 1, x + width, y + height
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def roi(uid, points, inclusion="TRUE"):
    edges = "".join(
        f"<edgeMap><xCoord>{x}</xCoord><yCoord>{y}</yCoord></edgeMap>" for x, y in points
    )
    return (
        f"<roi><imageZposition>0</imageZposition><imageSOP_UID>{uid} </imageSOP_UID>"
        f"<inclusion>{inclusion}</inclusion>{edges}</roi>"
    )


def nodule(*rois, grade=3):
    characteristics = f"<characteristics><malignancy>{grade}</malignancy></characteristics>"
    rois = "".join(rois)
    return f"<unblindedReadNodule>{characteristics}{rois}</unblindedReadNodule>"


def write_reading(path, series, *sessions, root="LidcReadMessage"):
    head = f"<ResponseHeader><SeriesInstanceUid>{series}</SeriesInstanceUid></ResponseHeader>"
    body = "".join(f"<readingSession>{session}</readingSession>" for session in sessions)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f'<?xml version="1.0"?><{root} xmlns="http://www.nih.gov">{head}{body}</{root}>'
    )


@pytest.fixture
def root(tmp_path):
    return tmp_path / "LIDC größer"


@pytest.fixture
def write_scan(root, write_ct):
    """Function that writes a CT and returns its folder and the UID of each slice, from inferior."""

    def write(name="LIDC-IDRI-0001", series="1.4.1", slices=SLICES, **changes):
        folder = root / name / "01-01-2000-1" / f"3000566-{series}"
        uids = []
        for index in range(slices):
            hu = np.random.default_rng(index).integers(-1000, 200, (ROWS, COLUMNS))
            file = folder / f"1-{slices - index:03d}.dcm"
            common = {"height": 2.5 * index, "patient": name, "series": series}
            uids.append(write_ct(file, hu, **{**common, **changes}))
        return folder, uids

    return write


def four_readers(uids):
    """Readers of one nodule on slices 1 to 3; the fourth only on slice 1."""
    boxes = [(10, 20, 6, 8), (11, 20, 6, 8), (10, 21, 6, 8), (10, 20, 6, 8)]
    return [
        nodule(*(roi(uids[i], around(*one)) for i in ((1, 2, 3) if reader < 3 else (1,))), grade=g)
        for reader, (one, g) in enumerate(zip(boxes, (2, 3, 4, 5), strict=True))
    ]


def sizes(content):
    return {
        index: [(box.x, box.y, box.width, box.height) for box in boxes]
        for index, boxes in content.boxes.items()
    }


@pytest.mark.parametrize("beside", [True, False])
def test_boxes_of_a_nodule_of_four_readers(write_scan, find_cases, root, beside):
    folder, uids = write_scan()
    path = folder / "069.xml" if beside else root / "tcia-lidc-xml" / "157" / "158.xml"
    write_reading(path, "1.4.1", *four_readers(uids))
    (case,) = find_cases(LidcIdri(), root).cases
    assert (case.patient, case.series) == ("LIDC-IDRI-0001", "1.4.1")
    content = case.read()
    assert sizes(content) == {index: [(10, 20, 6, 8)] for index in (1, 2, 3)}
    (box,) = content.boxes[1]
    assert box.attributes == {"nodule": 1, "readers": 4, "malignancy": 3.5}
    assert content.annotated == set(range(SLICES)) and not content.left_out


@pytest.mark.parametrize(
    ("outline", "slice_1", "slice_2"),
    [
        ("half", (10, 20, 6, 8), (10, 20, 6, 8)),
        ("union", (10, 20, 7, 9), (10, 20, 7, 9)),
        ("mean", (10.25, 20.25, 6, 8), (31 / 3, 61 / 3, 6, 8)),
    ],
)
def test_the_outline_is_an_option(write_scan, find_cases, root, outline, slice_1, slice_2):
    folder, uids = write_scan()
    write_reading(folder / "069.xml", "1.4.1", *four_readers(uids))
    found = sizes(find_cases(LidcIdri(), root, "--outline", outline).cases[0].read())
    for index, expected in ((1, slice_1), (2, slice_2), (3, slice_2)):
        assert found[index] == [pytest.approx(expected)]


@pytest.mark.parametrize(("consensus", "nodules"), [(1, 4), (2, 3), (3, 2), (4, 1)])
def test_a_nodule_needs_as_many_readers_as_told(write_scan, find_cases, root, consensus, nodules):
    folder, uids = write_scan()
    sessions = [
        "".join(nodule(roi(uids[n], around(5 + 8 * n, 10, 5, 5))) for n in range(4 - reader))
        for reader in range(4)
    ]  # the nodule of slice 0 by four readers, that of slice 3 by one
    write_reading(folder / "1.xml", "1.4.1", *sessions)
    content = find_cases(LidcIdri(), root, "--consensus", str(consensus)).cases[0].read()
    assert sizes(content) == {n: [(5 + 8 * n, 10, 5, 5)] for n in range(nodules)}
    assert [boxes[0].attributes["nodule"] for boxes in content.boxes.values()] == [
        n + 1 for n in range(nodules)
    ]
    unclear = set(range(nodules, 4))
    assert content.annotated == set(range(SLICES)) - unclear
    assert sum(one.count for one in content.left_out) == len(unclear)


def test_marks_and_non_nodules_are_counted_and_only_marks_cost_a_negative(
    write_scan, find_cases, root
):
    folder, uids = write_scan()
    mark = nodule(roi(uids[0], [(30, 30)]))
    other = f"<nonNodule><imageSOP_UID>{uids[5]}</imageSOP_UID></nonNodule>"
    first, second, third, fourth = four_readers(uids)
    write_reading(folder / "1.xml", "1.4.1", first + mark, second + mark + other, third, fourth)
    content = find_cases(LidcIdri(), root).cases[0].read()
    assert {(one.reason, one.count) for one in content.left_out} == {
        ("a non-nodule", 1),
        ("the mark of a nodule below 3 mm", 2),
    }
    assert content.annotated == {1, 2, 3, 4, 5} and set(content.boxes) == {1, 2, 3}


def test_a_hole_is_no_nodule(write_scan, find_cases, root):
    folder, uids = write_scan()
    # the hole cuts off all but the leftmost 4 columns of the nodule
    line, hole = around(10, 20, 12, 8), around(15, 18, 9, 12)
    one = nodule(roi(uids[2], line), roi(uids[2], hole, "FALSE"))
    write_reading(folder / "1.xml", "1.4.1", one, one, one)
    content = find_cases(LidcIdri(), root).cases[0].read()
    assert sizes(content) == {2: [(10, 20, 4, 8)]}
    assert content.boxes[2][0].area == 4 * 8


def test_boxes_are_turned_as_the_slices_are(write_scan, find_cases, root):
    folder, uids = write_scan(orientation=PRONE)
    write_reading(folder / "1.xml", "1.4.1", *four_readers(uids))
    content = find_cases(LidcIdri(), root).cases[0].read()
    assert sizes(content)[1] == [(COLUMNS - 10 - 6, ROWS - 20 - 8, 6, 8)]


def test_nearness_is_that_of_slices_unless_told(write_scan, find_cases, root):
    folder, uids = write_scan()
    sessions = [nodule(roi(uids[index], around(10, 10, 5, 5))) for index in (2, 2, 3)]
    write_reading(folder / "1.xml", "1.4.1", *sessions)
    near = find_cases(LidcIdri(), root).cases[0].read()
    assert {boxes[0].attributes["readers"] for boxes in near.boxes.values()} == {3}
    far = find_cases(LidcIdri(), root, "--near-mm", "2.4").cases[0].read()
    assert not far.boxes and far.annotated == {0, 1, 4, 5}


def test_outlines_without_a_slice_or_beyond_the_image_are_counted(write_scan, find_cases, root):
    folder, uids = write_scan()
    sessions = four_readers(uids)
    sessions[0] += nodule(roi("9.9", around(5, 5, 3, 3)))
    sessions[1] += nodule(roi(uids[4], around(COLUMNS - 4, 5, 5, 3)))
    sessions[2] += nodule(roi(uids[4], [(5, 5), (6, 5)]))
    write_reading(folder / "1.xml", "1.4.1", *sessions)
    content = find_cases(LidcIdri(), root).cases[0].read()
    assert {(one.reason, one.count) for one in content.left_out} == {
        ("an outline on a slice that is not there", 1),
        ("an outline beyond the image", 1),
        ("a nodule whose outlines enclose no pixel", 3),
    }
    assert content.annotated == {0, 1, 2, 3, 5}


def test_files_that_belong_to_no_ct_are_named(write_scan, find_cases, root):
    folder, uids = write_scan()
    write_scan("LIDC-IDRI-0002", "1.4.2")
    write_scan("LIDC-IDRI-0003", "1.4.3", Modality="DX", SOPClassUID="1.2.840.10008.5.1.4.1.1.1.1")
    write_reading(folder / "069.xml", "1.4.1", *four_readers(uids))
    (folder / "copy").mkdir()
    (folder / "copy" / "1.xml").write_bytes((folder / "069.xml").read_bytes())
    write_reading(root / "xml" / "xray.xml", "1.4.3", "", root="IdriReadMessage")
    write_reading(root / "xml" / "lost.xml", "1.4.9", "")
    (root / "xml" / "bad.xml").write_text("<LidcReadMessage>")
    found = find_cases(LidcIdri(), root)
    assert [case.patient for case in found.cases] == ["LIDC-IDRI-0001"]
    reasons = {
        name: [one.reason for one in found.left_out if name in one.source]
        for name in ("xray.xml", "lost.xml", "bad.xml", "copy/1.xml", "1.4.2", "is DX")
    }
    assert {name: len(texts) for name, texts in reasons.items()} == dict.fromkeys(reasons, 1)
    assert reasons["xray.xml"] == ["the reading of a chest X-ray"]
    assert reasons["lost.xml"] == ["there are no images of its series"]
    assert len(found.left_out) == 6


def test_two_readings_of_one_series_that_differ_cost_the_series(write_scan, find_cases, root):
    for name, series in (("LIDC-IDRI-0001", "1.4.1"), ("LIDC-IDRI-0002", "1.4.2")):
        folder, uids = write_scan(name, series)
        write_reading(folder / "1.xml", series, *four_readers(uids))
    write_reading(folder / "2.xml", "1.4.2", "")
    found = find_cases(LidcIdri(), root)
    assert [case.series for case in found.cases] == ["1.4.1"]
    assert [one.source.endswith(("1.xml", "2.xml")) for one in found.left_out] == [True, True]


def test_too_few_readers_cannot_agree(write_scan, find_cases, root):
    folder, uids = write_scan()
    write_reading(folder / "1.xml", "1.4.1", *four_readers(uids)[:2])
    with pytest.raises(UnusableCaseError, match=r"2 readers, of whom 3 cannot agree") as caught:
        find_cases(LidcIdri(), root).cases[0].read()
    assert "1.xml" in caught.value.source
    assert find_cases(LidcIdri(), root, "--consensus", "2").cases[0].read().boxes


def test_slices_of_two_spacings_are_unusable(write_scan, find_cases, root, write_ct):
    folder, uids = write_scan()
    write_reading(folder / "1.xml", "1.4.1", *four_readers(uids))
    write_ct(folder / "1-090.dcm", np.zeros((ROWS, COLUMNS), int), height=90, series="1.4.1",
             patient="LIDC-IDRI-0001", PixelSpacing=[0.9, 0.9])  # fmt: skip
    with pytest.raises(UnusableCaseError, match="differ in PixelSpacing") as caught:
        find_cases(LidcIdri(), root).cases[0].read()
    assert "LIDC" not in caught.value.reason


def test_a_whole_conversion(write_scan, converted, boxes_by_slice, root, tmp_path):
    for number in (1, 2, 3):
        folder, uids = write_scan(f"LIDC-IDRI-000{number}", f"1.4.{number}")
        write_reading(folder / "1.xml", f"1.4.{number}", *four_readers(uids))
    parts = converted(
        LidcIdri(), root, "--split", "train=1", "val=1", "test=1", "--min-size-mm", "3"
    )
    assert set(parts) == {"train", "val", "test"}
    for part in parts.values():
        assert len(part["images"]) == SLICES
        assert part["info"]["converter"]["consensus"] == 3
        found = boxes_by_slice(part)
        assert {index: [box["bbox"] for box in boxes] for (_, index), boxes in found.items()} == {
            index: [[10, 20, 6, 8]] if index in (1, 2, 3) else [] for index in range(SLICES)
        }
    text = "".join(path.read_text() for path in (tmp_path / "converted").rglob("*.json"))
    assert "LIDC-IDRI-0" not in text and "1.4.1" not in text


def test_another_folder_is_refused_with_what_it_holds(write_scan, find_cases, root):
    root.mkdir()
    with pytest.raises(ConversionError, match="no XML file in this folder, which holds nothing"):
        find_cases(LidcIdri(), root)
    (root / "voc.xml").write_text("<annotation/>")
    with pytest.raises(ConversionError, match=r"no LidcReadMessage in an XML file.*<annotation>"):
        find_cases(LidcIdri(), root)
    write_reading(root / "1.xml", "1.4.1", "")
    with pytest.raises(ConversionError, match="no DICOM file"):
        find_cases(LidcIdri(), root)
    write_scan(series="1.4.7")
    with pytest.raises(ConversionError, match="no CT series of one of the 2 XML files"):
        find_cases(LidcIdri(), root)


@pytest.mark.parametrize("text", ["-1", "nan", "inf", "far"])
def test_a_distance_is_a_number_of_mm(find_cases, root, text, capsys):
    with pytest.raises(SystemExit):
        find_cases(LidcIdri(), root, "--near-mm", text)
    assert "--near-mm" in capsys.readouterr().err


def test_a_series_of_two_passes_is_left_out_since_one_of_them_was_read(
    write_scan, find_cases, root
):
    write_scan(AcquisitionNumber=1)
    folder, uids = write_scan(name="LIDC-IDRI-0002", series="1.4.2")
    write_reading(folder / "1.xml", "1.4.1", *four_readers(uids))
    write_reading(folder / "2.xml", "1.4.2", *four_readers(uids))
    for number, path in enumerate(sorted(root.rglob("LIDC-IDRI-0001/**/*.dcm"))):
        again = pydicom.dcmread(path)
        again.AcquisitionNumber, again.SOPInstanceUID = 2, f"1.5.{number}"
        again.save_as(path.with_name(f"again{path.name}"))
    found = find_cases(LidcIdri(), root)
    assert [case.series for case in found.cases] == ["1.4.2"]
    assert [one.count for one in found.left_out if "several volumes" in one.reason] == [1, 1]
