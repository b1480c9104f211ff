"""Text that a spreadsheet takes for text."""

import pytest

from lidnet_mm.table_cell import table_cell


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd|'/c calc'!A1", "-a", "@SUM(A1)", "\t=1", "-1+2", "=-3"]
)
def test_a_formula_becomes_text(text):
    assert table_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "a", "a=b", "-12", "+1.5e3", "case-1", "'=1"])
def test_other_text_stays(text):
    assert table_cell(text) == text
