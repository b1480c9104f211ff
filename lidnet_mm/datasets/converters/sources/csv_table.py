"""Rows of a published table of lesions."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from lidnet_mm.datasets.converters.conversion_error import ConversionError


def csv_rows(table: Path, columns: Sequence[str], remedy: str) -> Iterator[tuple[str, dict]]:
    """Read the rows of a table.

    Args:
        table: CSV file with a head line.
        columns: Columns that it must have, others are welcome.
        remedy: Which file to give, for a table without them.

    Yields:
        The file and line of a row, for messages, and its values by column.

    Raises:
        ConversionError: The file cannot be read or lacks a column.
    """
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file)
            missing = [name for name in columns if name not in (rows.fieldnames or ())]
            if missing:
                raise ConversionError(f"{table}: no column {', '.join(missing)}; {remedy}")
            for row in rows:
                yield f"{table}, line {rows.line_num}", row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConversionError(f"{table} cannot be read: {error}; download it again") from error
