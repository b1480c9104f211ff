"""Free text in a table that a spreadsheet opens."""

import re

FORMULA = re.compile(r"[=+\-@\t\r]")
"""What a formula begins with."""

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def table_cell(text: str) -> str:
    """Text for a cell of a CSV file, so that no spreadsheet runs it as a formula.

    Args:
        text: Any text, such as the name of a folder.

    Returns:
        The text; one that begins like a formula, and is no number, gets an apostrophe in front,
        which spreadsheets take for the mark of a text.
    """
    if FORMULA.match(text) and not NUMBER.fullmatch(text):
        return f"'{text}"
    return text
