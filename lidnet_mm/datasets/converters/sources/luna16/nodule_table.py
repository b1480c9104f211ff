"""LUNA16's table of nodules."""

import math
from dataclasses import dataclass
from pathlib import Path

from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.sources.csv_table import csv_rows

COLUMNS = ("seriesuid", "coordX", "coordY", "coordZ", "diameter_mm")


@dataclass(frozen=True)
class ListedNodule:
    """One row.

    Attributes:
        centre: mm in LPS+.
        diameter_mm: Diameter in mm.
    """

    centre: tuple[float, float, float]
    diameter_mm: float


def read_nodules(table: Path) -> dict[str, list[ListedNodule]]:
    """Read ``annotations.csv``.

    Args:
        table: The file.

    Returns:
        Series UID → its nodules, in the order of the table.

    Raises:
        ConversionError: The file cannot be read, has other columns, or a row whose numbers are
            missing, not finite or no diameter.
    """
    nodules: dict[str, list[ListedNodule]] = {}
    remedy = f"give LUNA16's annotations.csv, whose columns are {','.join(COLUMNS)}"
    for place, row in csv_rows(table, COLUMNS, remedy):
        nodules.setdefault(row["seriesuid"].strip(), []).append(_nodule(row, place))
    return nodules


def _nodule(row: dict[str, str], where: str) -> ListedNodule:
    """Parse one row."""
    try:
        x, y, z, diameter = (float(row[name]) for name in COLUMNS[1:])
    except (TypeError, ValueError) as error:
        raise ConversionError(
            f"{where}: a coordinate or diameter is no number ({error}); download the table again"
        ) from error
    if not all(map(math.isfinite, (x, y, z, diameter))) or diameter <= 0:
        raise ConversionError(
            f"{where}: centre ({x:g}, {y:g}, {z:g}) and diameter {diameter:g} must be finite and "
            "the diameter above 0; download the table again"
        )
    return ListedNodule((x, y, z), diameter)
