"""What a LIDnet takes from a detector's config, and what it leaves there."""

from pathlib import Path

from mmengine.config import Config
from mmengine.logging import print_log

WITH_MASKS_ONLY = ("HybridTaskCascadeRoIHead", "SCNetRoIHead", "PointRendRoIHead")
"""Second stages that do not run without their mask branch."""

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
        ValueError: If the model predicts no boxes, or needs more than images with boxes.
    """
    model = config.model.to_dict()
    if obstacle := _obstacle(model):
        raise ValueError(
            f"the model of {path}, {_type(config) or 'without a type'}, cannot stand behind a "
            f"denoiser: it {obstacle}. Take the config of a detector that learns boxes from "
            "images with boxes"
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


def _obstacle(model: dict) -> str | None:
    """What keeps a model from learning boxes from images with boxes."""
    roi_head, bbox_head = (model.get(name) or {} for name in ("roi_head", "bbox_head"))
    if model.get("language_model"):
        return "needs text (language_model)"
    if model.get("panoptic_fusion_head"):
        return "predicts segments (panoptic_fusion_head)"
    if not roi_head and not bbox_head:
        return "has neither bbox_head nor roi_head"
    if roi_head and not model.get("rpn_head"):
        return "needs proposals that were stored before (it has no rpn_head)"
    if model.get("mask_head") or "loss_mask" in bbox_head:
        return "learns from masks (mask_head or bbox_head.loss_mask)"
    if roi_head.get("type") in WITH_MASKS_ONLY:
        return f"learns from masks ({roi_head['type']})"
    return None


def _type(config: Config) -> str:
    """The type of a config's model, empty if it has none."""
    return str((config.get("model") or {}).get("type") or "")
