"""A test that leaves a record of each slice."""

from pathlib import Path
from typing import Any

from mmengine.config import Config

IMAGE, TEXTURE, DETECTION = "ImageQualityMetric", "RadiomicsMetric", "CocoMetric"


def add_slice_records(config: Config, out_file: Path) -> None:
    """Make a test write its records, measured as its other evaluators measure.

    Windows and texture settings are those of the config's ``ImageQualityMetric`` and
    ``RadiomicsMetric``, diameters come from the annotation file of its ``CocoMetric``, so that
    means over the records are what these evaluators say.

    Args:
        config (Config): Config with ``test_evaluator``; changed.
        out_file (Path): Where the records go.
    """
    evaluators = config.get("test_evaluator") or []
    evaluators = list(evaluators) if isinstance(evaluators, list | tuple) else [evaluators]
    image, texture, detection = (
        _settings_of(evaluators, name) for name in (IMAGE, TEXTURE, DETECTION)
    )
    settings = {
        "window": image.get("window"),
        "texture_window": texture.get("window"),
        "ann_file": detection.get("ann_file"),
        **{name: texture[name] for name in ("bin_width", "min_size") if name in texture},
    }
    own = {name: value for name, value in settings.items() if value is not None}
    record = {"type": "lidnet_mm.SliceRecordMetric", "out_file": str(out_file), **own}
    config.test_evaluator = [*evaluators, record]


def _settings_of(evaluators: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """Config of the evaluator of a type, whatever its scope; empty where there is none."""
    for evaluator in evaluators:
        if evaluator["type"].rpartition(".")[2] == name:
            return evaluator
    return {}
