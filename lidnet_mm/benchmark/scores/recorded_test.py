"""A test that leaves a record of each slice, and curves of noise and edges."""

from pathlib import Path
from typing import Any

from mmengine.config import Config

IMAGE, TEXTURE, DETECTION = "ImageQualityMetric", "RadiomicsMetric", "CocoMetric"
PHYSICS = "PhysicsMetric"


def add_slice_records(config: Config, out_file: Path) -> None:
    """Make a test write its records, measured as its other evaluators measure.

    Windows and texture settings are those of the config's ``ImageQualityMetric`` and
    ``RadiomicsMetric``, diameters come from the annotation file of its ``CocoMetric``, so that
    means over the records are what these evaluators say.

    Args:
        config (Config): Config with ``test_evaluator``; changed.
        out_file (Path): Where the records go.
    """
    evaluators = _evaluators_of(config)
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


def add_physics(config: Config, out_file: Path) -> None:
    """Make a test write its noise power spectra and transfer functions.

    They are measured on the window of the config's ``ImageQualityMetric``. A ``PhysicsMetric`` that
    the config has is not doubled: it keeps its settings, and its file where it names one.

    Args:
        config (Config): Config with ``test_evaluator``; changed.
        out_file (Path): Where they go.
    """
    evaluators = _evaluators_of(config)
    if own := _settings_of(evaluators, PHYSICS):
        own["out_file"] = own.get("out_file") or str(out_file)
        return
    physics = {"type": f"lidnet_mm.{PHYSICS}", "out_file": str(out_file)}
    window = _settings_of(evaluators, IMAGE).get("window")
    config.test_evaluator = [*evaluators, {**physics, "window": window} if window else physics]


def _evaluators_of(config: Config) -> list[dict[str, Any]]:
    """Evaluators of a config, which may name none, or one without a list."""
    evaluators = config.get("test_evaluator") or []
    return list(evaluators) if isinstance(evaluators, list | tuple) else [evaluators]


def _settings_of(evaluators: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """Config of the evaluator of a type, whatever its scope; empty where there is none."""
    for evaluator in evaluators:
        if evaluator["type"].rpartition(".")[2] == name:
            return evaluator
    return {}
