"""What a trained model is, was trained on and may be used for."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

MODELS = Path(__file__).parent / "models"
"""Folder of the bundled cards and weights."""

CARD = ".yml"


class CardError(ValueError):
    """A model card cannot be used; the message says why."""


@dataclass(frozen=True)
class ModelCard:
    """A trained model.

    Attributes:
        name: Its name, that of the file.
        summary: One sentence.
        model: Config of a ``DenoisingModel``, or of an mmdet detector.
        path: File of the card.
        weights: File of the weights (safetensors) beside the card; empty for none.
        sha256: SHA-256 of that file.
        detector: Name of the card of the detector that a LIDnet was trained with; empty for none.
        classes: Names of a detector's classes.
        default_strength: Part of the change that is made where the user says nothing, 0 to 1.
        score_threshold: Boxes of a detector below are not shown, 0 to 1.
        trained_for: Lowest and highest value of what :mod:`lidnet_mm.inference.operating_range`
            measures.
        data: What it was trained on: name, licence and credit of each collection.
        training: Config, commit, iterations, seed.
        scores: What it reached on patients it was not trained on.
        limits: What it must not be used for.
    """

    name: str
    summary: str
    model: Mapping[str, Any]
    path: Path
    weights: str = ""
    sha256: str = ""
    detector: str = ""
    classes: tuple[str, ...] = ()
    default_strength: float = 1.0
    score_threshold: float = 0.3
    trained_for: Mapping[str, tuple[float, float]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    data: tuple[Mapping[str, str], ...] = ()
    training: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    scores: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    limits: tuple[str, ...] = ()

    @property
    def weights_file(self) -> Path | None:
        """The file of the weights; None for a model without."""
        return self.path.with_name(self.weights) if self.weights else None

    def check_weights(self) -> None:
        """Refuse weights that are not those of the card.

        Raises:
            CardError: The file is missing or another one.
        """
        file = self.weights_file
        if file is None:
            return
        if not file.is_file():
            raise CardError(f"{self.path}: its weights {file} are missing; copy them beside it")
        found = hashlib.sha256(file.read_bytes()).hexdigest()
        if found != self.sha256:
            raise CardError(
                f"{file} is not the file of its card: SHA-256 {found} instead of {self.sha256}; "
                "install the package again, or copy card and weights together"
            )


def bundled_names() -> tuple[str, ...]:
    """Names of the bundled models."""
    return tuple(sorted(path.stem for path in MODELS.glob(f"*{CARD}")))


def read_card(model: str | Path) -> ModelCard:
    """Read the card of a model.

    Args:
        model: Name of a bundled model, or a card's file.

    Returns:
        The card.

    Raises:
        CardError: There is no such model, or the card is not right.
    """
    path = Path(model) if str(model).endswith(CARD) else MODELS / f"{model}{CARD}"
    if not path.is_file():
        raise CardError(
            f"there is no model {model}: the bundled ones are {', '.join(bundled_names())}; any "
            "other is given by its card (.yml), or by a config with its checkpoint"
        )
    try:
        stated = yaml.safe_load(path.read_text(encoding="utf-8"))
        known = {each.name for each in fields(ModelCard)} - {"path"}
        if not isinstance(stated, dict) or (unknown := set(stated) - known):
            raise CardError(f"{path} has unknown entries: {sorted(unknown)}")
        for name in ("classes", "data", "limits"):
            stated[name] = tuple(stated.get(name) or ())
        return ModelCard(path=path, **stated)
    except (yaml.YAMLError, TypeError, UnicodeDecodeError) as error:
        raise CardError(f"{path} is no model card ({error})") from error
