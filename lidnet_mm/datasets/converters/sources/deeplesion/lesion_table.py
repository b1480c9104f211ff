"""DeepLesion's table of lesions."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.sources.csv_table import csv_rows

COLUMNS = (
    "File_name",
    "Patient_index",
    "Bounding_boxes",
    "Lesion_diameters_Pixel_",
    "Coarse_lesion_type",
    "Possibly_noisy",
    "Spacing_mm_px_",
    "Train_Val_Test",
)
LESION_TYPES: Mapping[int, str] = {
    1: "bone",
    2: "abdomen",
    3: "mediastinum",
    4: "liver",
    5: "lung",
    6: "kidney",
    7: "soft-tissue",
    8: "pelvis",
}
NO_TYPE = -1
PARTS: Mapping[int, str] = {1: "train", 2: "val", 3: "test"}


@dataclass(frozen=True)
class ListedLesion:
    """One row.

    Attributes:
        series: Folder of the pictures, ``<patient>_<study>_<series>``.
        picture: Name of the picture in it.
        patient: Number of the patient.
        box: Left, top, right and bottom edge in pixels, where pixel column 3 reaches from 3 to 4.
        diameters: Longest diameter and the one across it in pixels.
        kind: Name of its type; empty where it is not given (-1).
        noisy: Whether the authors doubt it.
        spacing: mm between columns, rows and slices.
        part: ``'train'``, ``'val'`` or ``'test'``.
    """

    series: str
    picture: str
    patient: int
    box: tuple[float, float, float, float]
    diameters: tuple[float, float]
    kind: str
    noisy: bool
    spacing: tuple[float, float, float]
    part: str

    @property
    def slice_number(self) -> int:
        """Number of the picture, which grows towards inferior."""
        return int(Path(self.picture).stem)


def read_lesions(table: Path) -> list[ListedLesion]:
    """Read ``DL_info.csv``.

    Args:
        table: The file.

    Returns:
        The rows in their order.

    Raises:
        ConversionError: The file cannot be read, has other columns, or a row that is not of the
            published format.
    """
    rows = csv_rows(table, COLUMNS, "give DeepLesion's DL_info.csv")
    return [_lesion(row, place) for place, row in rows]


def _lesion(row: Mapping[str, str], where: str) -> ListedLesion:
    """Parse one row."""
    try:
        name = re.fullmatch(r"(\d+_\d+_\d+)_(\d+\.png)", row["File_name"].strip())
        if name is None:
            raise ValueError(f"File_name '{row['File_name']}' is not like 000001_01_01_109.png")
        kind = int(row["Coarse_lesion_type"])
        return ListedLesion(
            series=name[1],
            picture=name[2],
            patient=int(row["Patient_index"]),
            box=_edges(_numbers(row["Bounding_boxes"], 4)),
            diameters=_numbers(row["Lesion_diameters_Pixel_"], 2),
            kind="" if kind == NO_TYPE else LESION_TYPES[kind],
            noisy=bool(int(row["Possibly_noisy"])),
            spacing=_spacing(row["Spacing_mm_px_"]),
            part=PARTS[int(row["Train_Val_Test"])],
        )
    except (AttributeError, TypeError, KeyError, ValueError) as error:
        raise ConversionError(
            f"{where} is not of the published format ({error}); download the table again"
        ) from error


def _numbers(text: str, count: int) -> tuple[float, ...]:
    """Parse numbers with commas between them."""
    values = tuple(float(word) for word in text.split(","))
    if len(values) != count or not all(map(math.isfinite, values)):
        raise ValueError(f"'{text}' is not {count} numbers")
    return values


def _edges(box: tuple[float, ...]) -> tuple[float, ...]:
    """Edges between pixels from positions that are 1 at the centre of the first pixel."""
    return tuple(value - 0.5 for value in box)


def _spacing(text: str) -> tuple[float, ...]:
    """Parse a spacing; the sign of the last number is not used."""
    spacing = tuple(abs(value) for value in _numbers(text, 3))
    if min(spacing) <= 0:
        raise ValueError(f"the spacing '{text}' is not above 0")
    return spacing
