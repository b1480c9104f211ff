"""What an annotation file says of its slices, whoever reads it."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.logging import print_log


def slice_fields(record: Mapping[str, Any], prefixes: Mapping[str, str]) -> dict[str, Any]:
    """What a sample states of its slice, besides volume, size and boxes.

    Args:
        record: Image record of the annotation file.
        prefixes: Folders of the volumes: ``img`` and, where they lie elsewhere, ``ldct``.

    Returns:
        ``slice_index``, ``spacing`` ((row, column) mm), ``slice_thickness`` (mm or None),
        ``patient_id``, ``series``, ``slice_in_file`` and, for a true pair, ``ldct_path`` and
        ``ldct_slice_index``.
    """
    row, column = record["spacing"]
    thickness = record.get("slice_thickness")
    fields = {
        "slice_index": int(record["slice_index"]),
        "spacing": (float(row), float(column)),
        "slice_thickness": None if thickness is None else float(thickness),
        "patient_id": str(record["patient_id"]),
        "series": str(record.get("series", "")),
        "slice_in_file": int(record.get("slice_in_file", record["slice_index"])),
    }
    if record.get("ldct_file_name"):
        prefix = prefixes.get("ldct", prefixes["img"])
        fields["ldct_path"] = str(Path(prefix, record["ldct_file_name"]))
        fields["ldct_slice_index"] = int(record.get("ldct_slice_index", record["slice_index"]))
    return fields


def require_volumes(samples: Iterable[Mapping[str, Any]], ann_file: str | Path) -> None:
    """Refuse missing volumes, each file looked up once.

    Args:
        samples: Descriptions of slices, with ``img_path`` and perhaps ``ldct_path``.
        ann_file: Where they come from, for the message.

    Raises:
        FileNotFoundError: A volume is missing.
    """
    paths = {info[key] for info in samples for key in ("img_path", "ldct_path") if key in info}
    missing = sorted(path for path in paths if not Path(path).exists())
    if missing:
        raise FileNotFoundError(
            f"{len(missing)} of {len(paths)} CT volumes named in {ann_file} do not exist,"
            f" first {missing[0]}: correct data_root or data_prefix in the config, restore"
            " the files, or convert the data set again"
        )


def warn_of_corrections(corrected: Sequence[str], ann_file: str | Path) -> None:
    """Say what other readers of the file see otherwise.

    Args:
        corrected: What was corrected, as of :class:`AnnotationFile`.
        ann_file: The file.
    """
    if corrected:
        print_log(
            f"{ann_file} was read with corrections, boxes: {'; '.join(corrected)}. To"
            " score on the same boxes use lidnet_mm.CocoMetric, for MMDetection's own reads the"
            " file as it is",
            logger="current",
            level=logging.WARNING,
        )
