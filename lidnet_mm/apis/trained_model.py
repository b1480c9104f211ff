"""A denoiser or a detector with its weights, from a bundled model or a config and a checkpoint."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import ConfigDict
from mmengine.registry import DefaultScope
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from lidnet_mm.apis.checkpoint_file import denoiser_weights, read_checkpoint
from lidnet_mm.apis.load_config import load_config
from lidnet_mm.file_digest import sha256_of
from lidnet_mm.hu_window import HUWindow
from lidnet_mm.missing_package import require
from lidnet_mm.registry import MODELS
from lidnet_mm.zoo import ModelCard, parse_card, read_card

FOR_TRAINING = ("losses", "critic", "loss_adversarial", "activation_checkpointing", "compile")
"""What a denoiser is trained with and used without."""

LONGEST = 300
"""Characters of what PyTorch says about weights that do not fit."""

DENOISER = "lidnet_mm.DenoisingModel"
"""Type of a denoiser's model in cards and configs."""

CONFIG = ".py"
SAFETENSORS = ".safetensors"
ONNX = ".onnx"


@dataclass(frozen=True)
class TrainedModel:
    """A model and what is known of it.

    Attributes:
        name: Its name, for headers and messages.
        model: The model with its weights.
        weights_sha256: SHA-256 of the file of its weights; empty without weights.
        card: Its card; None for a checkpoint of one's own.
        classes: Names of a detector's classes.
        detector: Card or config of the detector that it was trained with; None for none.
        config_sha256: SHA-256 of the config that it was built by: the same weights give another
            output in another network or window, and a filter has no weights.
    """

    name: str
    model: nn.Module
    weights_sha256: str = ""
    card: ModelCard | None = None
    classes: tuple[str, ...] = ()
    detector: tuple[str, str | None] | None = None
    config_sha256: str = ""


def load_denoiser(model: str | Path, checkpoint: str | Path | None = None) -> TrainedModel:
    """Load a denoiser.

    Args:
        model: Name of a bundled model, a card (``.yml``), an ONNX file (``.onnx``), or the config
            (``.py``) of a LIDnet or a denoiser.
        checkpoint: Weights of a config; safetensors or a checkpoint of MMEngine, of which weights
            alone are loaded.

    Returns:
        The denoiser; with a config of a LIDnet its detector is that of the same checkpoint.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The weights are not of this denoiser, or are missing.
    """
    if str(model).endswith(ONNX):
        if checkpoint is not None:
            raise ValueError(f"--checkpoint belongs to a config; {model} holds its own weights")
        return _onnx_denoiser(Path(model))
    if not str(model).endswith(CONFIG):
        card = read_card(model)
        if checkpoint is not None:
            raise ValueError(f"--checkpoint belongs to a config; {model} has weights of its own")
        if card.model["type"] != DENOISER:
            raise ValueError(f"{model} is a detector, not a denoiser: give it as --detector")
        card.check_weights()
        own = _without_training(card.model)
        denoiser = MODELS.build(own)
        _load(denoiser, _read(card.weights_file), card.weights_file)
        detector = (str(card.path.with_name(f"{card.detector}.yml")), None)
        return TrainedModel(
            card.name,
            denoiser,
            card.sha256,
            card,
            detector=detector if card.detector else None,
            config_sha256=_config_sha256(own),
        )
    config = load_config(model)
    is_lidnet = config.model.type == "lidnet_mm.LIDDetector"
    if not is_lidnet and config.model.type != DENOISER:
        raise ValueError(
            f"{model} is the config of a detector, not of a denoiser: give it as --detector"
        )
    own = _without_training(config.model.denoiser if is_lidnet else config.model)
    if is_lidnet and config.model.get("data_preprocessor"):
        own["data_preprocessor"] = config.model.data_preprocessor
    denoiser = MODELS.build(own)
    if checkpoint is None:
        if any(True for _ in denoiser.parameters()):
            raise ValueError(f"{model} has weights to load: give --checkpoint FILE")
        sha256 = getattr(denoiser.generator, "sha256", "")  # of an ONNX file that it names
        return TrainedModel(Path(model).stem, denoiser, sha256, config_sha256=_config_sha256(own))
    weights = _read(checkpoint) if _is_safe(checkpoint) else denoiser_weights(checkpoint)
    kept = {name: value for name, value in weights.items() if not name.startswith("critic.")}
    _load(denoiser, kept, checkpoint)
    detector = (str(model), str(checkpoint)) if is_lidnet else None
    return TrainedModel(
        Path(model).stem,
        denoiser,
        sha256_of(checkpoint),
        detector=detector,
        config_sha256=_config_sha256(own),
    )


def load_detector(model: str | Path, checkpoint: str | Path | None = None) -> TrainedModel:
    """Load a detector.

    Args:
        model: Name of a bundled detector, a card, or the config of a detector or a LIDnet.
        checkpoint: Weights of a config, as in :func:`load_denoiser`.

    Returns:
        The detector.

    Raises:
        FileNotFoundError: There is no such file.
        MissingPackageError: MMDetection is not installed.
        ValueError: The weights are not of this detector, or are missing.
    """
    if not str(model).endswith(CONFIG):
        card = read_card(model)
        if checkpoint is not None:
            raise ValueError(
                f"--detector-checkpoint belongs to a config; {model} has weights of its own"
            )
        if card.model["type"] == DENOISER:
            raise ValueError(f"{model} is a denoiser, not a detector: give it as --model")
        card.check_weights()
        detector = _build_detector(card.model)
        _load(detector, _read(card.weights_file), card.weights_file)
        return TrainedModel(
            card.name,
            detector,
            card.sha256,
            card,
            card.classes,
            config_sha256=_config_sha256(card.model),
        )
    config = load_config(model)
    if checkpoint is None:
        raise ValueError(f"{model} has weights to load: give --detector-checkpoint FILE")
    is_lidnet = config.model.type == "lidnet_mm.LIDDetector"
    if config.model.type == DENOISER:
        raise ValueError(f"{model} is the config of a denoiser, not of a detector")
    own = config.model.detector if is_lidnet else config.model
    detector = _build_detector(own)
    weights = _read(checkpoint) if _is_safe(checkpoint) else read_checkpoint(checkpoint)[0]
    if is_lidnet:
        prefix = "detector."
        weights = {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}
    _load(detector, weights, checkpoint)
    classes = tuple(config.test_dataloader.dataset.get("metainfo", {}).get("classes", ()))
    return TrainedModel(
        Path(model).stem,
        detector,
        sha256_of(checkpoint),
        classes=classes,
        config_sha256=_config_sha256(own),
    )


def _build_detector(config: Mapping[str, Any]) -> nn.Module:
    """Build an mmdet detector, whatever the default scope is."""
    require("mmdet", "finding lesions", "give --detector none (in Python detector='none')")
    from lidnet_mm.models.detector_building import build_detector

    with DefaultScope.overwrite_default_scope("mmdet"):
        return build_detector(ConfigDict(config))


def _onnx_denoiser(path: Path) -> TrainedModel:
    """A denoiser in an ONNX file, with the HU window and the card that the file holds."""
    generator = {"type": "lidnet_mm.OnnxGenerator", "path": str(path)}
    denoiser = MODELS.build({"type": "lidnet_mm.DenoisingModel", "generator": generator})
    stated = denoiser.generator.metadata
    try:
        window = (float(stated["window_low_hu"]), float(stated["window_high_hu"]))
    except (KeyError, ValueError) as error:
        raise ValueError(
            f"{path} does not say in its metadata which HU window it is for: export it by "
            "'mim run lidnet_mm export', or give a config with OnnxGenerator and the window of "
            "data_preprocessor"
        ) from error
    denoiser.data_preprocessor.window = HUWindow.parse(window)
    card = parse_card(stated["card"], path) if stated.get("card") else None
    name = stated.get("model", path.stem)
    return TrainedModel(name, denoiser, denoiser.generator.sha256, card)


def _config_sha256(config: Mapping[str, Any]) -> str:
    """SHA-256 of a config, whatever the order of its entries."""
    plain = json.dumps(config, sort_keys=True, default=str)
    return hashlib.sha256(plain.encode()).hexdigest()


def _without_training(config: Mapping[str, Any]) -> dict[str, Any]:
    """Config of a denoiser that is only used."""
    return {name: value for name, value in config.items() if name not in FOR_TRAINING}


def _is_safe(checkpoint: str | Path) -> bool:
    """Whether a file is of safetensors."""
    return str(checkpoint).endswith(SAFETENSORS)


def _read(path: Path | str | None) -> dict[str, Tensor]:
    """Weights of a safetensors file; none of no file."""
    if not path:
        return {}
    try:
        return load_file(path)
    except SafetensorError as error:
        raise ValueError(f"{path} is damaged or no file of safetensors: copy it again") from error


def _load(module: nn.Module, weights: dict[str, Tensor], origin: object) -> None:
    """Load weights strictly."""
    try:
        module.load_state_dict(weights)
    except ValueError as error:  # a denoiser says by itself what is wrong
        raise ValueError(str(error).replace("the checkpoint", str(origin), 1)) from error
    except RuntimeError as error:
        raise ValueError(
            f"{origin} does not hold the weights of this {type(module).__name__}; give the config "
            f"that trained it ({_first_differences(error)})"
        ) from error


def _first_differences(error: RuntimeError) -> str:
    """What PyTorch says of the first weights that differ, in one line and not all of them."""
    text = " ".join(str(error).split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ..."
