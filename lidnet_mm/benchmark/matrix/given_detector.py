"""LIDnets whose detector is given: it begins with the weights of the table's judge."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config

GIVEN_BY = "judge"
"""Value of an entry's ``detector``: the table's first judge."""

GUIDED = ("joint", "lidnet", "lidnet_gan")
"""Methods that have a detector."""

_NO_LAYERS = ("data_preprocessor", "init_cfg", "pretrained", "train_cfg", "test_cfg")
"""Entries of a detector's config that change no layer."""


def check_given_detector(config: Config, judge: Config, base: Path | None, label: str) -> None:
    """Refuse a LIDnet that could not begin with the judge's weights, or would train them away.

    Args:
        config (Config): Config of the LIDnet.
        judge (Config): Config of the judge, a plain detector.
        base (Path | None): File that the config is made from.
        label (str): The entry, for messages.

    Raises:
        ValueError: If it has a T1 of its own, or another detector.
    """
    train_cfg = config.get("train_cfg") or {}
    if train_cfg.get("pretrain_iters") != 0:
        raise ValueError(
            f"{label!r} takes the judge's weights for its detector, so it needs no T1: give it "
            "options={'train_cfg.pretrain_iters': 0}, and 'train_cfg.detector_iters': 0 for a "
            "detector that stays as it is"
        )
    own = _layers(config.model.get("detector") or {})
    if own != _layers(judge.model):
        raise ValueError(
            f"{label!r} takes the judge's weights, but the detector of {base} is not the judge's: "
            "inherit the one from the other's _base_"
        )


def _layers(value: Any) -> Any:
    """A detector's config without what changes no layer, at any depth."""
    if isinstance(value, Mapping):
        return {name: _layers(part) for name, part in value.items() if name not in _NO_LAYERS}
    if isinstance(value, list | tuple):
        return [_layers(part) for part in value]
    return value
