"""What is left out is named, but not by the thousand."""

from lidnet_mm.datasets.converters.left_out_lines import left_out_lines
from lidnet_mm.datasets.converters.source_case import LeftOut

MISSING = [LeftOut("slice", "no picture", f"{k}.png") for k in range(1000)]


def test_the_first_of_many_are_named_and_the_others_counted():
    (line,) = left_out_lines(MISSING, 2)
    assert line == "1000 x slice: no picture: 0.png; 1.png; and 998 more (--verbose names all)"


def test_all_are_named_where_asked_for():
    (line,) = left_out_lines(MISSING, None)
    assert "999.png" in line
    assert "more" not in line


def test_reasons_and_kinds_are_apart_and_counts_add_up():
    entries = [
        LeftOut("file", "no CT", "a.dcm", count=3),
        LeftOut("slice", "no CT", "b.dcm"),
        LeftOut("patient", "of another class", count=7),
        LeftOut("file", "no CT", "c.dcm"),
    ]
    assert left_out_lines(entries, 5) == [
        "4 x file: no CT: a.dcm and 2 more; c.dcm",
        "1 x slice: no CT: b.dcm",
        "7 x patient: of another class",
    ]
