"""``source.json`` beside a score: when, on what and with what it was made."""

import inspect
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from mmengine.config import Config

from lidnet_mm.atomic_write import write_whole
from lidnet_mm.benchmark.note_file import read_note
from lidnet_mm.benchmark.scores.run_environment import machine_class, package_versions
from lidnet_mm.evaluation.texture_source import PYRADIOMICS, texture_source
from lidnet_mm.file_digest import sha256_of
from lidnet_mm.registry import TRANSFORMS

SOURCE = "source.json"

SIMULATION = "lidnet_mm.SimulateLowDose"
NO_SETTINGS = ("self", "type", "realizations", "cache_dir", "cache_gib")
"""What changes no image of a test, and may name a machine."""


@dataclass(frozen=True)
class ScoreSource:
    """Where a score comes from.

    Attributes:
        date (str): Day of the test, ``YYYY-MM-DD``.
        machine (str): Class of machine, never its name.
        versions (dict[str, str]): Version by package.
        judge (str): SHA-256 of the judge's checkpoint.
        low_dose (dict[str, Any]): Settings of the simulation of LDCT; empty where LDCT was loaded.
        texture (str): What measured texture; in notes of an older version it was PyRadiomics.
    """

    date: str
    machine: str
    versions: dict[str, str]
    judge: str
    low_dose: dict[str, Any]
    texture: str = PYRADIOMICS


def gather_source(config: Config, judge_checkpoint: str | Path) -> ScoreSource:
    """Source of a score that is made now, by this process.

    Args:
        config (Config): Config of the test.
        judge_checkpoint (str | Path): Weights of the judge.

    Returns:
        ScoreSource: The source.
    """
    return ScoreSource(
        date=date.today().isoformat(),
        machine=machine_class(),
        versions=package_versions(),
        judge=sha256_of(Path(judge_checkpoint)),
        low_dose=low_dose_settings(config),
        texture=str(texture_source()),
    )


def low_dose_settings(config: Config) -> dict[str, Any]:
    """Settings of the simulation of LDCT in a test, those that the config leaves out, too.

    Args:
        config (Config): Config of the test.

    Returns:
        dict[str, Any]: Without those of the cache; empty where nothing is simulated.
    """
    dataset = (config.get("test_dataloader") or {}).get("dataset") or {}
    pipeline = dataset.get("pipeline") or []
    found = next((step for step in pipeline if step["type"] == SIMULATION), None)
    if found is None:
        return {}
    parameters = inspect.signature(TRANSFORMS.get(SIMULATION)).parameters
    settings = {name: parameter.default for name, parameter in parameters.items()} | dict(found)
    if settings["mode"] == "physics":
        settings["geometry"] = settings["geometry"] or "parallel"
    known = {name: value for name, value in settings.items() if value is not None}
    return {name: value for name, value in known.items() if name not in NO_SETTINGS}


def settings_text(settings: Mapping[str, Any]) -> str:
    """Settings in words, such as ``geometry fan, noise_hu 60``."""
    return ", ".join(f"{name} {value}" for name, value in sorted(settings.items()))


def write_source(source: ScoreSource, path: Path) -> None:
    """Write the source of a score, whole or not at all."""
    write_whole(path, (json.dumps(asdict(source), indent=2) + "\n").encode())


def read_source(path: Path) -> ScoreSource | None:
    """The source of a score; None for a score of an older version."""
    return read_note(path, lambda content: ScoreSource(**content))
