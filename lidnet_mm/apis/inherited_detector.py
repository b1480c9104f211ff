"""What a LIDnet takes from a detector's config, and what it leaves there."""

from pathlib import Path

from mmengine.config import Config
from mmengine.logging import print_log

WITH_BOXES = ("bbox_head", "roi_head")
"""Parts of a detector that predict boxes."""

WITHOUT_IMAGE_ALONE = ("language_model", "panoptic_fusion_head")
"""Parts of models that need text, or predict segments in place of boxes."""

USED_IN_TRAINING = (
    "train_dataloader",
    "train_cfg",
    "optim_wrapper",
    "param_scheduler",
    "custom_hooks",
    "load_from",
)
"""Variables of a detector's config that would change a training, were they inherited."""


def is_lidnet(config: Config) -> bool:
    """Whether a config's model is a ``LIDDetector``, with or without scope."""
    return _type(config).rpartition(".")[2] == "LIDDetector"


def detector_text(
    config: Config, path: Path, scope: str | None = None, replaces: bool = False
) -> str:
    """Python source of ``model = dict(detector=...)`` with the model of a detector's config.

    Args:
        config (Config): The detector's config.
        path (Path): Its file, for messages.
        scope (str, optional): Package of its types, such as ``'mmdet'``.
        replaces (bool): Whether the LIDnet it is merged into has a detector. Defaults to False.

    Returns:
        str: The source.

    Raises:
        ValueError: If the model predicts no boxes, or needs more than an image.
    """
    model = config.model.to_dict()
    parts = [part for part in WITHOUT_IMAGE_ALONE if model.get(part)]
    if parts or not any(model.get(part) for part in WITH_BOXES):
        reason = f"has {parts[0]}" if parts else f"has neither {' nor '.join(WITH_BOXES)}"
        raise ValueError(
            f"the model of {path}, {_type(config) or 'without a type'}, cannot stand behind a "
            f"denoiser: it {reason}. Take the config of a detector that predicts boxes from the "
            "image alone"
        )
    keys = ({"_delete_": True} if replaces else {}) | ({"_scope_": scope} if scope else {})
    return Config({"model": {"detector": keys | model}}, format_python_code=False).pretty_text


def log_left_out(config: Config, path: Path) -> None:
    """Say which parts of a detector's config a LIDnet does not take."""
    names = [name for name in USED_IN_TRAINING if config.get(name)]
    hooks = [hook.type for hook in config.get("custom_hooks") or []]
    listed = ", ".join(names) + (f" ({', '.join(hooks)})" if hooks else "")
    print_log(
        f"model.detector is the model of {path.name}"
        + (f"; left out of that config: {listed}" if names else ""),
        logger="current",
    )


def _type(config: Config) -> str:
    """The type of a config's model, empty if it has none."""
    return str((config.get("model") or {}).get("type") or "")
