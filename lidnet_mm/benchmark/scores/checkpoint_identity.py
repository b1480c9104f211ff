"""Refuses to score a checkpoint as what it was not trained as."""

import logging
from collections.abc import Mapping
from typing import Any

from mmengine.config import Config
from mmengine.logging import print_log

from lidnet_mm.apis.checkpoint_file import read_checkpoint
from lidnet_mm.apis.config_inheritance import name_of
from lidnet_mm.apis.saved_config import saved_config
from lidnet_mm.benchmark.scores.trained_as import trained_as


class OtherTrainingError(ValueError):
    """A checkpoint was trained as something else than the config or an option says."""


def check_identity(config: Config, checkpoint: str, seed: int | None = None) -> int | None:
    """Refuse a config or a seed that a checkpoint was not trained with.

    Args:
        config (Config): Config of the test.
        checkpoint (str): Weights of a denoiser, a LIDnet or a plain detector.
        seed (int, optional): Seed of the training as it was given.

    Returns:
        int | None: Seed of the training: what the checkpoint says, else what was given.

    Raises:
        OtherTrainingError: If the checkpoint says otherwise; the message names both values.
    """
    meta = read_checkpoint(checkpoint)[1]
    trained = saved_config(meta)
    if trained is None or not trained.get("model"):
        print_log(
            f"{checkpoint} does not say how it was trained: that it is what {name_of(config)} "
            "trains cannot be checked",
            "current",
            logging.WARNING,
        )
        return seed
    _compare(trained_as(config), _trained_as(trained, checkpoint), checkpoint, name_of(config))
    own = meta.get("seed")
    if not isinstance(own, int):
        return seed
    if seed is not None and seed != own:
        raise OtherTrainingError(
            f"{checkpoint} was trained with seed {own}, not {seed}: leave --seed out, or give the "
            "other checkpoint"
        )
    return own


def _trained_as(trained: Config, checkpoint: str) -> dict[str, Any]:
    """What the config in a checkpoint trains."""
    try:
        return trained_as(trained)
    except (AttributeError, KeyError, TypeError) as error:
        raise OtherTrainingError(
            f"{checkpoint} was trained with a model that this version does not know ({error}): "
            "score it with the version that trained it"
        ) from error


def _compare(
    given: Mapping[str, Any], trained: Mapping[str, Any], checkpoint: str, name: str
) -> None:
    """Name what differs."""
    differ = [
        f"{what}: {_text(trained.get(what), value)} in the checkpoint, "
        f"{_text(value, trained.get(what))} in the config"
        for what, value in given.items()
        if trained.get(what) != value and not (what in trained and trained[what] is None)
    ]
    if differ:
        raise OtherTrainingError(
            f"{checkpoint} was not trained with {name}; {'; '.join(differ)}. Give the config that "
            "trained it"
        )


def _text(value: Any, other: Any) -> str:
    """A value, of settings only what differs from the other value."""
    if isinstance(value, Mapping) and isinstance(other, Mapping):
        names = [k for k in {**value, **other} if value.get(k) != other.get(k)]
        return ", ".join(f"{k}={value.get(k, 'none')!r}" for k in names)
    return "none" if value is None else str(value)
