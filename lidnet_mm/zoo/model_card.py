"""What a trained model is, was trained on and may be used for."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from lidnet_mm.file_digest import sha256_of

MODELS = Path(__file__).parent / "models"
"""Folder of the bundled cards and weights."""

CARD = ".yml"
SAFETENSORS = ".safetensors"


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
        found = sha256_of(file)
        if found != self.sha256:
            raise CardError(
                f"{file} is not the file of its card: SHA-256 {found} instead of {self.sha256}; "
                "install the package again, or copy card and weights together"
            )

    def as_json(self) -> str:
        """All that it states, as :func:`parse_card` reads it; for a copy without file."""
        stated = {each.name: getattr(self, each.name) for each in fields(self)}
        del stated["path"]
        return json.dumps(stated, default=dict)


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
        return parse_card(path.read_text(encoding="utf-8"), path)
    except UnicodeDecodeError as error:
        raise CardError(f"{path} is no model card ({error})") from error


def parse_card(text: str, path: Path) -> ModelCard:
    """A card from its text.

    Args:
        text: YAML or JSON.
        path: Where it stands.

    Returns:
        The card.

    Raises:
        CardError: It is not right; the message says what.
    """
    try:
        stated = yaml.safe_load(text)
        if not isinstance(stated, dict):
            raise CardError(f"{path} is no model card: it states no name, summary and model")
        known = {each.name for each in fields(ModelCard)} - {"path"}
        if unknown := {str(key) for key in stated} - known:
            raise CardError(f"{path} has unknown entries: {', '.join(sorted(unknown))}")
        for name in ("classes", "data", "limits"):
            stated[name] = tuple(stated.get(name) or ())
        card = ModelCard(path=path, **stated)
    except (yaml.YAMLError, TypeError) as error:
        said = " ".join(str(error).split())
        raise CardError(f"{path} is no model card ({said})") from error
    _check(card)
    return card


def _check(card: ModelCard) -> None:
    """Refuse a card whose entries mean nothing."""
    if not isinstance(card.model, Mapping) or "type" not in card.model:
        raise CardError(f"{card.path}: model has no type, such as lidnet_mm.DenoisingModel")
    if card.weights and not str(card.weights).endswith(SAFETENSORS):
        raise CardError(
            f"{card.path}: weights {card.weights} are not loaded: a card's weights are a file of "
            f"safetensors ({SAFETENSORS}), which holds no code"
        )
    for name in ("default_strength", "score_threshold"):
        value = getattr(card, name)
        if not _is_number(value) or not 0 <= value <= 1:
            raise CardError(f"{card.path}: {name} is {value!r}; give a number from 0 to 1")
    if not isinstance(card.trained_for, Mapping):
        raise CardError(f"{card.path}: trained_for is {card.trained_for!r}; give name: [low, high]")
    for name, limits in card.trained_for.items():
        pair = isinstance(limits, list | tuple) and len(limits) == 2
        if not pair or not all(map(_is_number, limits)) or limits[0] > limits[1]:
            raise CardError(
                f"{card.path}: {name} is {limits!r}; give its lowest and highest value, [low, high]"
            )


def _is_number(value: object) -> bool:
    """Whether a value is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)
