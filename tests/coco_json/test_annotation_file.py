"""Whatever is written into a json: its boxes are read as drawn, or it is refused by name."""

import json
import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lidnet_mm.coco_json.annotation_file import parse_annotations, read_annotation_file

OFTEN = settings(deadline=None, max_examples=60)
HEIGHT, WIDTH, SLICES = 48, 64, 4


def document(boxes):
    """A json of four slices; ``boxes`` are (slice, x, y, width, height)."""
    return {
        "images": [
            {
                "id": k + 1,
                "file_name": "volumes/a.nii.gz",
                "slice_index": k,
                "height": HEIGHT,
                "width": WIDTH,
                "patient_id": "a",
                "spacing": [0.7, 0.7],
            }
            for k in range(SLICES)
        ],
        "annotations": [
            {
                "id": n + 1,
                "image_id": k + 1,
                "category_id": 1,
                "bbox": box,
                "area": box[2] * box[3],
                "iscrowd": 0,
            }
            for n, (k, *box) in enumerate(boxes)
        ],
        "categories": [{"id": 1, "name": "lesion"}, {"id": 2, "name": "cyst"}],
    }


def read(content):
    return parse_annotations(json.dumps(content).encode(), "mine/train.json")


def drawn_in(content):
    """(slice, category name, x, y, width, height) of all boxes, whatever their ids."""
    slices = {image["id"]: image["slice_index"] for image in content["images"]}
    names = {category["id"]: category["name"] for category in content["categories"]}
    return sorted(
        (slices[box["image_id"]], names[box["category_id"]], *box["bbox"])
        for box in content["annotations"]
    )


def each(part, **changes):
    """A change of every record: a key's new value, of its old one; None takes the key out."""

    def change(content):
        for place, record in enumerate(content[part]):
            for key, value in changes.items():
                if value is None:
                    record.pop(key, None)
                else:
                    record[key] = value(place, record.get(key))

    return change


def one(part, **changes):
    """The same of the last record."""

    def change(content):
        for key, value in changes.items():
            record = content[part][-1]
            record.update({key: value(record[key])}) if value else record.pop(key)

    return change


def texts(content):
    """Ids of slices are names."""
    each("images", id=lambda _, v: f"slice {v}")(content)
    each("annotations", image_id=lambda _, v: f"slice {v}")(content)


def from_0(content):
    each("categories", id=lambda n, _: n)(content)
    each("annotations", category_id=lambda *_: 0)(content)


READ_AS_DRAWN = {
    "area missing": each("annotations", area=None),
    "area 0": each("annotations", area=lambda *_: 0),
    "id missing": each("annotations", id=None),
    "iscrowd missing": each("annotations", iscrowd=None),
    "ids from 1 on each image": each("annotations", id=lambda n, _: n % 2 + 1),
    "ids from 0": each("annotations", id=lambda n, _: n),
    "ignored": each("annotations", iscrowd=None, ignore=lambda *_: True),
    "ids of boxes' slices are texts": each("annotations", image_id=lambda _, v: str(v)),
    "ids of slices are names": texts,
    "categories from 0": from_0,
    "slices with a decimal point": each("images", slice_index=lambda _, v: float(v)),
    "sizes with a decimal point": each("images", height=lambda _, v: float(v)),
    "patients are numbers": each("images", patient_id=lambda *_: 7),
    "a box twice, word by word": lambda c: c["annotations"].append(dict(c["annotations"][0])),
}
REFUSED = {
    "corners": each("annotations", bbox=lambda _, b: [b[0], b[1], b[0] + b[2], b[1] + b[3]]),
    "corners reversed": one("annotations", bbox=lambda b: [b[0] + b[2], b[1], -b[2], b[3]]),
    "no height": one("annotations", bbox=lambda b: [*b[:3], 0]),
    "three numbers": one("annotations", bbox=lambda b: b[:3]),
    "words": one("annotations", bbox=lambda b: [str(v) for v in b]),
    "truth values": one("annotations", bbox=lambda b: [True, True, True, True]),
    "not a number": one("annotations", bbox=lambda b: [math.nan, *b[1:]]),
    "infinite": one("annotations", bbox=lambda b: [*b[:2], math.inf, b[3]]),
    "enormous": one("annotations", bbox=lambda b: [*b[:2], 1e30, b[3]]),
    "an integer of 400 digits": one("annotations", bbox=lambda b: [*b[:2], 10**400, b[3]]),
    "past the border": one("annotations", bbox=lambda b: [WIDTH - 2, *b[1:2], 9, b[3]]),
    "outside": one("annotations", bbox=lambda b: [WIDTH + 0.5, *b[1:2], 0.5, b[3]]),
    "no box": one("annotations", bbox=None),
    "area below 0": one("annotations", area=lambda v: -v),
    "of no slice": one("annotations", image_id=lambda _: 99),
    "of no category": one("annotations", category_id=lambda _: 7),
    "crowd of 2": one("annotations", iscrowd=lambda _: 2),
    "slice between two": one("images", slice_index=lambda v: v + 0.5),
    "slice twice": lambda c: c["images"].append({**c["images"][0], "id": 77}),
    "two slices of one id": one("images", id=lambda v: v - 1),
    "volume of two patients": one("images", patient_id=lambda v: "b"),
    "no patient": one("images", patient_id=lambda v: ""),
    "no spacing": one("images", spacing=None),
    "spacing of 0": one("images", spacing=lambda v: [0.7, 0]),
    "category twice": lambda c: c["categories"].append({"id": 3, "name": "lesion"}),
    "category id twice": lambda c: c["categories"].append({"id": 1, "name": "node"}),
    "category without name": one("categories", name=None),
}
RECORD = r"annotations\[|bbox of all annotations|image |1 image ids|volume |categories\["


@st.composite
def drawn_boxes(draw):
    """Boxes inside of their slices: one right of its own width, so that none could be corners."""
    boxes = [(0, 40, 3, 6, 5)]
    for _ in range(draw(st.integers(0, 4))):
        kind = st.integers if draw(st.booleans()) else st.floats
        width, height = draw(kind(1, 20)), draw(kind(1, 20))
        x, y = draw(kind(0, WIDTH - 21)), draw(kind(0, HEIGHT - 21))
        boxes.append((draw(st.integers(0, SLICES - 1)), x, y, width, height))
    return sorted(set(boxes))


@OFTEN
@given(boxes=drawn_boxes(), changes=st.sets(st.sampled_from(sorted(READ_AS_DRAWN)), max_size=5))
def test_what_can_be_meant_in_one_way_is_read_as_drawn(boxes, changes):
    content = document(boxes)
    for name in sorted(changes):
        READ_AS_DRAWN[name](content)
    found = read(content).content
    assert drawn_in(found) == [(k, "lesion", *box) for k, *box in boxes]
    ids = [box["id"] for box in found["annotations"]]
    assert len({*ids}) == len(ids) and all(isinstance(one, int) and one > 0 for one in ids)
    assert all(box["area"] > 0 and box["iscrowd"] in (0, 1) for box in found["annotations"])


@OFTEN
@given(
    boxes=drawn_boxes(),
    harmless=st.sets(st.sampled_from(["id missing", "ids from 0", "a box twice, word by word"])),
    harmful=st.sampled_from(sorted(REFUSED)),
)
def test_what_cannot_is_refused_with_file_and_record(boxes, harmless, harmful):
    content = document(boxes)
    REFUSED[harmful](content)
    for name in sorted(harmless):
        READ_AS_DRAWN[name](content)
    with pytest.raises(ValueError, match=r"mine/train\.json") as refused:
        read(content)
    message = str(refused.value)
    assert re.match(RECORD, message), message
    assert "\n" not in message and len(message) < 4000


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.one_of(st.floats(), st.integers(-5, 80), st.text(max_size=2)), max_size=5),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
)
PLACES = [
    (part, key) for part, records in document([(0, 1, 1, 2, 2)]).items() for key in records[0]
]


@OFTEN
@given(
    boxes=drawn_boxes(), changes=st.lists(st.tuples(st.sampled_from(PLACES), ANYTHING), max_size=3)
)
def test_no_value_makes_a_lesion_a_negative(boxes, changes):
    content = document(boxes)
    for (part, key), value in changes:
        content[part][-1][key] = value
    try:
        found = read(content).content
    except ValueError as error:
        assert "mine/train.json" in str(error)
        return
    assert len(found["annotations"]) == len(boxes)
    images = {image["id"]: image for image in found["images"]}
    for box in found["annotations"]:
        x, y, width, height = box["bbox"]
        image = images[box["image_id"]]
        assert 0 <= x < x + 1 <= x + width <= image["width"] + 1e-9
        assert 0 <= y < y + 1 <= y + height <= image["height"] + 1e-9


def test_all_problems_are_in_one_message_and_many_are_counted():
    content = document([(0, 40, 3, 6, 5), *((k % 4, k, 2, 3, 4) for k in range(20))])
    each("annotations", category_id=lambda *_: 7)(content)
    content["images"][1]["spacing"] = [0.7]
    with pytest.raises(
        ValueError, match=r"^image 2 .*spacing.*; 21 more: annotations\[0\]"
    ) as refused:
        read(content)
    message = str(refused.value)
    assert message.count("annotations[") == 9 and "and 12 not named here" in message


CORNERS = [[10, 8, 20, 24], [30, 20, 40, 33]]


@pytest.mark.parametrize("last", [0, 1])
def test_corners_are_told_by_their_areas(last):
    content = document([(k, *box) for k, box in enumerate(CORNERS)])
    for record, (x0, y0, x1, y1) in zip(content["annotations"], CORNERS, strict=True):
        record["area"] = (x1 - x0 + last) * (y1 - y0 + last)
    with pytest.raises(
        ValueError, match=r"mine/train\.json is corners x1, y1, x2, y2, as the areas"
    ):
        read(content)


def test_boxes_that_may_be_corners_are_refused_without_an_area_and_read_with_it():
    content = document([(0, 3, 4, 5, 6)])
    assert drawn_in(read(content).content) == [(0, "lesion", 3, 4, 5, 6)]
    each("annotations", area=None)(content)
    with pytest.raises(ValueError, match=r"may be corners .* write .*area = width \* height"):
        read(content)


@pytest.mark.parametrize("box", [(0.1, 0.2, 0.15, 0.3), (0, 0, 0.5, 1)])
def test_fractions_of_the_slice_are_refused_and_a_box_of_one_pixel_is_not(box):
    with pytest.raises(ValueError, match=r"mine/train\.json is fractions .* in pixels"):
        read(document([(0, *box), (1, *box)]))
    read(document([(0, 0, 0, 1, 1)]))
    read(document([(0, 0, 0, 0.5, 1), (1, 3, 2, 10, 12)]))


def test_a_last_pixel_counted_twice_is_cut_with_a_word():
    content = document([(0, 40, 3, 6, 5), (1, WIDTH - 8, -0.5, 9, 6)])
    found = read(content)
    assert drawn_in(found.content)[1] == (1, "lesion", WIDTH - 8, 0, 8, 5.5)
    assert found.corrected == ("1 cut at the border of the slice",)


def test_a_box_thinner_than_a_pixel_is_a_pixel_inside_of_the_slice():
    content = document([(0, 40, 3, 6, 5), (1, WIDTH - 0.25, 5.5, 0.25, 0.5)])
    assert drawn_in(read(content).content)[1] == (1, "lesion", WIDTH - 1, 5.25, 1, 1)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_no_content(tmp_path, encoding):
    content = document([(0, 40, 3, 6, 5)])
    path = tmp_path / "train.json"
    path.write_text(json.dumps(content), encoding=encoding)
    assert read_annotation_file(path).content["annotations"] == content["annotations"]


def test_what_a_converter_writes_is_read_unchanged():
    content = document([(0, 40, 3, 6, 5), (2, 1.5, 2.25, 3, 4)])
    found = read(content)
    assert (found.content, found.corrected) == (content, ())


def test_a_key_twice_would_lose_half_of_the_boxes():
    text = json.dumps(document([(0, 40, 3, 6, 5)]))
    doubled = text[:-1] + ', "annotations": []}'
    with pytest.raises(ValueError, match=r"train\.json is not valid json .*'annotations' twice"):
        parse_annotations(doubled.encode(), "train.json")


def test_a_json_deeper_than_any_is_refused():
    with pytest.raises(ValueError, match=r"train\.json is not valid json"):
        parse_annotations(b"[" * 100_000, "train.json")


def test_a_slice_with_two_ldcts_is_two_samples():
    content = document([(0, 40, 3, 6, 5)])
    for record in content["images"]:
        record["ldct_file_name"] = "a.nii.gz"
    again = [{**r, "id": r["id"] + 10, "ldct_file_name": "b.nii.gz"} for r in content["images"]]
    content["images"] += again
    assert len(read(content).content["images"]) == 2 * SLICES
