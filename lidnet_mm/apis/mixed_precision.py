"""Half precision for each optimizer of a config."""

import logging

from mmengine.config import Config, ConfigDict
from mmengine.logging import print_log

WRAPPER = "lidnet_mm.MixedPrecisionOptimWrapper"
REPLACED = ("OptimWrapper", "mmengine.OptimWrapper", WRAPPER)


def use_mixed_precision(config: Config, dtype: str) -> None:
    """Let a config train in half precision; changes it in place.

    Warns where that changes next to nothing: a generator is always in full precision.

    Args:
        config (Config): Config with ``optim_wrapper``, of one optimizer or of one a part.
        dtype (str): ``'bf16'`` or ``'fp16'``.

    Raises:
        ValueError: If the config trains nothing, or has a wrapper of its own choice.
    """
    wrapper = config.get("optim_wrapper")
    if not wrapper:
        raise ValueError(f"--amp {dtype}: the config has no optim_wrapper, it trains nothing")
    entries = {"optim_wrapper": wrapper}
    if "optimizer" not in wrapper:
        entries = {
            f"optim_wrapper.{name}": entry
            for name, entry in wrapper.items()
            if isinstance(entry, dict) and "optimizer" in entry
        }
    for name, entry in entries.items():
        _replace(name, entry, dtype)
    model = config.get("model") or {}
    if model.get("type") == "lidnet_mm.DenoisingModel" and not model.get("critic"):
        print_log(
            f"--amp {dtype}: only the losses are in half precision. A generator never is, and this "
            "model has neither critic nor detector",
            "current",
            logging.WARNING,
        )


def _replace(name: str, entry: ConfigDict, dtype: str) -> None:
    """Turn one wrapper into one of half precision."""
    kind = entry.get("type", REPLACED[0])
    if kind not in REPLACED:
        raise ValueError(
            f"--amp {dtype} replaces an OptimWrapper, but {name} is a {kind}: leave out --amp, or "
            "the type"
        )
    entry.update(type=WRAPPER, dtype=dtype)
