"""The key of a conversion: which pseudonym is whose, and the only way back."""

import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path

from lidnet_mm.atomic_write import write_whole
from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.numbering import NumberedCase
from lidnet_mm.datasets.converters.output.resumable_folder import lock_file, partial_folder
from lidnet_mm.output_path import OutputPathError, check_output_file
from lidnet_mm.table_cell import table_cell

COLUMNS = ("patient", "series", "source_patient", "source_series")


def check_key(path: Path, out: Path, cases: Sequence[NumberedCase]) -> None:
    """Refuse a key that cannot be written, before hours of conversion, or would destroy one.

    Args:
        path: The key's file.
        out: Folder of the dataset.
        cases: What is converted.

    Raises:
        ConversionError: It lies in the dataset, where names would be passed on, is a folder or
            cannot be written, or is there and holds something else.
    """
    places = [("the dataset", out), ("the unfinished dataset", partial_folder(out)),
              ("the dataset's lock", lock_file(out))]  # fmt: skip
    for what, place in places:
        real = Path(os.path.realpath(path))
        if real.is_relative_to(os.path.realpath(place)):
            raise ConversionError(f"--key {path} lies in {what}; give a file elsewhere")
    try:
        check_output_file(path)
    except OutputPathError as error:
        raise ConversionError(f"--key {path} is a folder; give a file") from error
    above = next(folder for folder in path.absolute().parents if folder.exists())
    if not above.is_dir() or not os.access(above, os.W_OK):
        raise ConversionError(f"--key {path} cannot be written; give a file elsewhere")
    try:
        _refuse_other(path, cases)
    except FileExistsError as error:
        raise ConversionError(str(error)) from error


def write_key(path: Path, cases: Sequence[NumberedCase]) -> None:
    """Write which pseudonym is whose, whole or not at all.

    Args:
        path: A file of :func:`check_key`.
        cases: What was converted.

    Raises:
        OSError: It cannot be written, or a file with something else appeared there meanwhile.
    """
    _refuse_other(path, cases)
    write_whole(path, _content(cases))


def _refuse_other(path: Path, cases: Sequence[NumberedCase]) -> None:
    """Refuse to take the place of another key; the same one is what an earlier attempt left."""
    if not path.is_symlink() and not path.exists():
        return
    if not path.is_file() or path.read_bytes() != _content(cases):
        raise FileExistsError(
            f"--key {path} exists and holds something else; an older key is the only way back from "
            "its pseudonyms: give a new file, or move that one away"
        )


def _content(cases: Sequence[NumberedCase]) -> bytes:
    r"""The table; names that are no text in UTF-8 have their bytes as ``\udcff``."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for case in cases:
        cells = (case.patient, case.series, case.source.patient, case.source.series)
        writer.writerow([table_cell(cell) for cell in cells])
    return text.getvalue().encode(errors="backslashreplace")
