"""What a config trains: method, generator, losses and HU window, all that a row stands for."""

import inspect
from collections.abc import Mapping
from typing import Any

from mmengine.config import Config, ConfigDict

from lidnet_mm.accepted_arguments import accepted_arguments
from lidnet_mm.apis.config_inheritance import name_of
from lidnet_mm.registry import MODELS

LIDNET, ALONE = "lidnet_mm.LIDDetector", "lidnet_mm.DenoisingModel"

PREPROCESSORS = {True: "lidnet_mm.LIDDataPreprocessor", False: "lidnet_mm.CTDetDataPreprocessor"}

NOT_SEEN = ("pad_divisor", "min_size", "non_blocking")
"""Settings of a preprocessor that change no pixel."""

OF_GENERATOR_ALONE = ("init_cfg",)
"""Settings of a generator that change nothing once it is trained."""

POSSIBLE = {
    "baseline": ("baseline", "matched"),
    "matched": ("baseline", "matched", "lidnet", "lidnet_gan"),
}
"""Other names of rows than a config's own that say the same."""


def is_denoiser(config: Config) -> bool:
    """Whether a config trains a denoiser, and not a plain detector such as the judge."""
    return config.model.type in (LIDNET, ALONE)


def denoiser_of(config: Config) -> ConfigDict:
    """Config of the ``DenoisingModel`` in a LIDnet or a baseline."""
    return config.model.denoiser if config.model.type == LIDNET else config.model


def num_parameters(config: Config) -> int:
    """Number of parameters of the generator of a config; 0 for a classical filter."""
    generator = MODELS.build(denoiser_of(config).generator)
    return sum(parameter.numel() for parameter in generator.parameters())


def method_of(config: Config) -> str:
    """Name of the method that a config trains.

    Args:
        config (Config): Config of a denoiser.

    Returns:
        str: One of :data:`~lidnet_mm.benchmark.scores.results.METHODS`.
    """
    if config.model.type == ALONE:
        return "baseline" if num_parameters(config) else "classical"
    if (config.get("train_cfg") or {}).get("joint", False):
        return "joint"
    if not any(_feedback(config).values()):
        return "matched"
    return "lidnet_gan" if denoiser_of(config).get("critic") else "lidnet"


def check_method(method: str | None, config: Config) -> None:
    """Refuse a name of a row that its config contradicts.

    Args:
        method (str, optional): The name.
        config (Config): Config of the denoiser.

    Raises:
        ValueError: If the config trains something else; the message names both.
    """
    own = method_of(config)
    if method is not None and method not in POSSIBLE.get(own, (own,)):
        raise ValueError(
            f"{name_of(config)} trains {own!r}, so its row cannot be called {method!r}: correct "
            "the method or the config"
        )


def trained_as(config: Config) -> dict[str, Any]:
    """What a training is, by what it is called in messages.

    Args:
        config (Config): Config of a denoiser or of a plain detector.

    Returns:
        dict[str, Any]: Settings that a config leaves out have their defaults.
    """
    if not is_denoiser(config):
        seen = config.model.get("data_preprocessor")
        return {
            "detector": detector_name(config.model),
            "input of the detector": seen and _preprocessor(seen, is_denoiser=False),
        }
    denoiser = denoiser_of(config)
    own = config.model.get("data_preprocessor") or denoiser.get("data_preprocessor") or {}
    found = {
        "method": method_of(config),
        "generator": _completed(denoiser.generator, OF_GENERATOR_ALONE),
        "HU window": tuple(_preprocessor(own, is_denoiser=True)["window"]),
        "losses": loss_form(config),
    }
    if config.model.type == LIDNET:
        found["detector"] = detector_name(config.model.detector)
    return found


def loss_form(config: Config) -> str:
    """What a denoiser learns from, such as ``L1 + 5 ROI perceptual + 5 detection``.

    Args:
        config (Config): Config of a denoiser.

    Returns:
        str: In words; settings that a config leaves out have their defaults.
    """
    denoiser = denoiser_of(config)
    losses = denoiser.get("losses")
    if losses is None:
        losses = {} if denoiser.get("critic") else {"reconstruction": _L1}
    parts = [_loss(losses[name]) for name in sorted(losses) if losses[name]]
    if denoiser.get("critic"):
        parts.append(_loss(denoiser.get("loss_adversarial") or {"type": "lidnet_mm.WGANGPLoss"}))
    if config.model.type == LIDNET:
        parts += [f"{weight:g} {name}" for name, weight in _feedback(config).items() if weight]
        limit = config.model.get("feedback_limit")
        parts += [f"feedback limited to {limit:g}"] if limit is not None else []
    return " + ".join(parts)


def detector_name(detector: ConfigDict | None) -> str:
    """Type of detector and backbone, such as ``FasterRCNN-ResNet18``; ``none`` without one."""
    if detector is None:
        return "none"
    backbone = detector.get("backbone", {})
    return f"{short(detector.type)}-{short(backbone.get('type', ''))}{backbone.get('depth', '')}"


def short(name: str) -> str:
    """Type without its scope."""
    return name.rpartition(".")[2]


_L1 = {"type": "lidnet_mm.ReconstructionLoss", "norm": "l1"}


def _feedback(config: Config) -> dict[str, float]:
    """Weights of the terms by which a detector teaches a denoiser."""
    return {
        "ROI perceptual": (config.model.get("roi_perceptual_loss") or {}).get("loss_weight", 5.0),
        "detection": config.model.get("detection_loss_weight", 5.0),
    }


def _loss(loss: Mapping[str, Any]) -> str:
    """One loss: its name, and what of it is not as it is by default."""
    full = _completed(loss, ())
    weight = full.pop("loss_weight", 1.0)
    kind = short(full.pop("type")).removesuffix("Loss")
    if kind == "Reconstruction":
        kind = str(full.pop("norm", "l1")).upper()
    defaults = _completed({"type": loss["type"]}, ())
    others = [f"{k}={v}" for k, v in full.items() if k != "norm" and v != defaults.get(k)]
    name = f"{kind}({', '.join(others)})" if others else kind
    return name if weight in (1, 1.0, None) else f"{weight:g} {name}"


def _preprocessor(settings: Mapping[str, Any], is_denoiser: bool) -> dict[str, Any]:
    """What a preprocessor does with pixels."""
    return _completed({"type": PREPROCESSORS[is_denoiser], **settings}, NOT_SEEN)


def _completed(settings: Mapping[str, Any], without: tuple[str, ...]) -> dict[str, Any]:
    """A config with the defaults of what it leaves out, lists and tuples alike."""
    built = MODELS.get(settings["type"])
    accepted = (accepted_arguments(built) if built is not None else None) or {}
    defaults = {
        name: parameter.default
        for name, parameter in accepted.items()
        if parameter.default is not inspect.Parameter.empty
    }
    full = {**defaults, **settings}
    return {name: _plain(value) for name, value in full.items() if name not in without}


def _plain(value: Any) -> Any:
    """A value in which lists and tuples are alike, and whole numbers and others."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return tuple(_plain(each) for each in value)
    return value
