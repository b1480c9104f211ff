"""Lesions as a table for spreadsheets."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from lidnet_mm.atomic_write import write_whole
from lidnet_mm.evaluation.lesions import Lesion

COLUMNS = (
    *("number", "label", "score", "first_slice", "last_slice", "key_slice", "num_boxes"),
    *("centre_x_mm", "centre_y_mm", "centre_z_mm", "diameter_mm", "extent_mm"),
    *("key_x1", "key_y1", "key_x2", "key_y2", "key_sop_instance_uid"),
)
"""Head line. The centre is in LPS+, the box of the key slice in pixels, as edges."""

FORMULA_STARTS = ("=", "+", "-", "@")
"""What makes a spreadsheet take a text for a formula."""


def write_lesions_csv(
    path: Path, lesions: Sequence[Lesion], sop_instance_uids: Sequence[str] | None = None
) -> None:
    """Write one row a lesion, whole or not at all.

    What is not known is empty. Texts that a spreadsheet would run as a formula get a ``'`` in
    front.

    Args:
        path: The file.
        lesions: In the order of their numbers, from 1.
        sop_instance_uids: SOP Instance UID of each slice of the volume; None where it has none.

    Raises:
        OSError: It cannot be written.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for number, lesion in enumerate(lesions, 1):
        uid = "" if sop_instance_uids is None else sop_instance_uids[lesion.key_slice]
        table.writerow(
            [
                number,
                _plain(lesion.label),
                f"{lesion.score:.6f}",
                lesion.first_slice,
                lesion.last_slice,
                lesion.key_slice,
                len(lesion.boxes),
                *(_mm(value) for value in lesion.centre_mm or (None, None, None)),
                _mm(lesion.diameter_mm),
                _mm(lesion.extent_mm),
                *(f"{edge:.4f}" for edge in lesion.key_box.box),
                _plain(str(uid)),
            ]
        )
    write_whole(path, text.getvalue().encode())


def _mm(value: float | None) -> str:
    """A length with a tenth of a micrometre, or nothing."""
    return "" if value is None else f"{value:.4f}"


def _plain(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    text = " ".join(text.split())  # tabs and line breaks would let a formula begin anew
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
