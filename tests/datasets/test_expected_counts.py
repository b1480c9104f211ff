"""Counts of a published data set are set beside an annotation file, differences explained."""

import pytest

from lidnet_mm.datasets.expected_counts import check_expected, unexpected_counts


def content(images=4, boxes=2, **changes):
    """A json of slices of two patients, the second with two series."""
    volumes = [{"patient_id": "a"}, {"patient_id": "b"}, {"patient_id": "b", "series": "2"}]
    records = [
        {"id": i, "height": 512, "width": 512, **volumes[i % 3], **changes} for i in range(images)
    ]
    return {"images": records, "annotations": [{"id": i} for i in range(boxes)]}


FOUND = {"slices": 4, "boxes": 2, "patients": 2, "volumes": 3, "shape": (512, 512)}


def test_nothing_to_say_where_all_agrees():
    assert unexpected_counts(FOUND, content()) == []
    assert unexpected_counts({}, content()) == []


@pytest.mark.parametrize("name", ["slices", "boxes", "patients", "volumes"])
@pytest.mark.parametrize("change", [-1, 1])
def test_a_count_that_differs_is_told_with_both_numbers(name, change):
    (difference,) = unexpected_counts({**FOUND, name: FOUND[name] + change}, content())
    assert difference.startswith(f"{FOUND[name]} {name} and not {FOUND[name] + change} (")


@pytest.mark.parametrize("changes", [{"height": 511}, {"width": 768}])
def test_slices_of_another_shape_are_counted(changes):
    (difference,) = unexpected_counts(FOUND, content(**changes))
    assert difference.startswith("4 slices not of 512 x 512 pixels (")


def test_several_differences_are_all_told():
    assert len(unexpected_counts({"slices": 9, "boxes": 9, "patients": 9}, content())) == 3


@pytest.mark.parametrize(
    ("expected", "problem"),
    [
        ({"images": 3}, "has images: it may have slices, boxes, patients"),
        ({"slices": -1}, "expected slices is -1"),
        ({"slices": 2.5}, r"expected slices is 2\.5"),
        ({"slices": "3"}, "expected slices is '3'"),
        ({"shape": (512,)}, r"expected shape is \(512,\)"),
        ({"shape": (512, None)}, "expected shape"),
    ],
)
def test_what_cannot_be_compared_is_refused(expected, problem):
    with pytest.raises(ValueError, match=problem):
        check_expected(expected)


def test_what_a_config_may_write_is_accepted():
    check_expected({**FOUND, "shape": [512, 512]})
