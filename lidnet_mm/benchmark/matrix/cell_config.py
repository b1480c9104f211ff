"""Configs of a matrix: made from a base config, written so that a user can read and train them."""

import ast
import pprint
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config, ConfigDict

from lidnet_mm.apis.config_variables import READ
from lidnet_mm.apis.load_config import load_config
from lidnet_mm.atomic_write import write_whole

KEPT_OF_T1 = 2
"""Checkpoints of a T1: the last, and one before it in case that a kill damages it."""

WIDTH = 110
"""Columns of a generated config."""


def cell_config(
    base: Path,
    options: Mapping[str, Any],
    data_root: str,
    generator: Mapping[str, Any] | None = None,
    judge: Path | None = None,
) -> Config:
    """Config of one cell of a matrix.

    Args:
        base (Path): Config that it is made from.
        options (Mapping[str, Any]): Dotted keys to values, as of ``--cfg-options``.
        data_root (str): Converted data; becomes a complete path.
        generator (Mapping, optional): Config of the generator to put in place of the base's.
        judge (Path, optional): Config of the judge. Defaults to the base's.

    Returns:
        Config: Resolved: it inherits from nothing.

    Raises:
        FileNotFoundError: If the base does not exist.
        ValueError: If an option has no effect, see :func:`load_config`, or the base has no
            denoiser.
    """
    config = load_config(base, {"data_root": str(Path(data_root).resolve()), **options})
    for name in [each for each in config if each not in READ]:  # Changing them would do nothing.
        config.pop(name)
    if generator is not None:
        model = config.get("model") or {}
        holder = model.get("denoiser") or model
        if "generator" not in holder:
            raise ValueError(f"{base} has no generator to replace: it must train a denoiser")
        holder["generator"] = ConfigDict(generator)
    if judge is not None:
        config.judge = str(judge)
    return config


def pretraining_config(config: Config) -> Config | None:
    """Config of the T1 that all LIDnets of one detector share.

    What T1 does not depend on, such as the denoiser, its losses and the rounds, is left out or has
    a fixed value: LIDnets that can share a T1 have one config of it.

    Args:
        config (Config): Config of a LIDnet.

    Returns:
        Config | None: None where there is no T1.
    """
    train_cfg = config.get("train_cfg") or {}
    if train_cfg.get("type") != "lidnet_mm.CollaborativeTrainLoop":
        return None
    if train_cfg.get("pretrain_iters") == 0:
        return None
    shared = Config(config.to_dict())
    lidnet = shared.model
    window = lidnet.denoiser.get("data_preprocessor")
    lidnet.denoiser = {
        "type": "lidnet_mm.DenoisingModel",
        "generator": {"type": "lidnet_mm.CPCE"},
        **({"data_preprocessor": window} if window else {}),
    }
    lidnet.roi_perceptual_loss = {"type": "lidnet_mm.ROIPerceptualLoss", "loss_weight": 0.0}
    lidnet.detection_loss_weight = 0.0
    for name in ("feature_source", "feature_levels", "region_source", "feedback_limit"):
        lidnet.pop(name, None)
    kept = {name: train_cfg[name] for name in ("type", "pretrain_iters") if name in train_cfg}
    shared.train_cfg = {**kept, "rounds": 0}
    _fix_optimizers(shared)
    shared.custom_hooks = [
        hook for hook in config.get("custom_hooks") or [] if hook["type"] not in _OF_LATER_PHASES
    ]
    for name in ("val", "test"):  # It is neither validated nor tested.
        shared.update({f"{name}_dataloader": None, f"{name}_evaluator": None, f"{name}_cfg": None})
    checkpoint = (shared.get("default_hooks") or {}).get("checkpoint", {})
    for name in ("save_best", "rule"):
        checkpoint.pop(name, None)
    if "max_keep_ckpts" in checkpoint:  # Others than the last serve figure 3 alone.
        checkpoint.max_keep_ckpts = KEPT_OF_T1
    shared.pop("judge", None)
    return shared


_OF_LATER_PHASES = (
    "lidnet_mm.DenoisedSliceHook",
    "lidnet_mm.GeneratorEMAHook",
    "lidnet_mm.RegionRecorderHook",
)
"""Hooks that look at what T1 has not: a denoiser that trains, regions to compare."""


def _fix_optimizers(shared: Config) -> None:
    """Optimizer and scheduler of the denoiser, which rests in T1, that are the same for all."""
    parts = shared.get("optim_wrapper") or {}
    if "detector" in parts:
        parts.pop("critic", None)
        parts["denoiser"] = {"type": "OptimWrapper", "optimizer": {"type": "Adam", "lr": 1e-4}}
    schedulers = shared.get("param_scheduler")
    if isinstance(schedulers, Mapping) and "detector" in schedulers:
        constant = {"type": "ConstantLR", "factor": 1, "by_epoch": False}
        shared.param_scheduler = {"denoiser": [constant], "detector": schedulers["detector"]}


def images_config(config: Config) -> Config:
    """Config for the scores of LDCT and NDCT as they are: the data, and nothing that is trained.

    Args:
        config (Config): Config of any denoiser of the table.

    Returns:
        Config: The same for every denoiser with the same data and window.
    """
    images = Config(config.to_dict())
    model = images.model
    window = model.get("data_preprocessor")
    window = window or (model.get("denoiser") or {}).get("data_preprocessor")
    images.model = {
        "type": "lidnet_mm.DenoisingModel",
        "generator": {"type": "lidnet_mm.Identity"},
        **({"data_preprocessor": window} if window else {}),
    }
    for name in ("train_dataloader", "train_cfg", "optim_wrapper", "param_scheduler"):
        images[name] = None
    for name in ("val_dataloader", "val_evaluator", "val_cfg"):
        images[name] = None
    images.pop("custom_hooks", None)
    (images.get("default_hooks") or {}).pop("checkpoint", None)
    return images


def config_text(config: Config, source: str) -> str:
    """A config as the text of a config file.

    Args:
        config (Config): Resolved config.
        source (str): What it was made from, for the first line.

    Returns:
        str: A file that holds all of the config that something reads.

    Raises:
        ValueError: If a value cannot be written, such as a function or infinity; the message names
            it.
    """
    lines = [f"# Written by `benchmark plan` and `benchmark run`, made from {source}."]
    for name, value in config.to_dict().items():
        if name not in READ:  # built into others already
            continue
        text = pprint.pformat(value, width=WIDTH, sort_dicts=False)
        try:
            same = ast.literal_eval(text) == value
        except (ValueError, SyntaxError):
            same = False
        if not same:
            raise ValueError(f"'{name}' of {source} cannot be written into a config: {value!r}")
        lines.append(f"{name} = {text}")
    return "\n".join(lines) + "\n"


def write_config(path: Path, text: str) -> None:
    """Write a generated config, unless the file holds it already.

    Args:
        path (Path): The file; its folder is created.
        text (str): From :func:`config_text`.
    """
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        write_whole(path, text.encode())
