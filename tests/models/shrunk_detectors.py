"""MMDetection's own configs with fewer channels, layers and queries; the structure stays."""

from pathlib import Path

import mmdet
from mmengine.config import Config, ConfigDict

MMDET_CONFIGS = Path(mmdet.__file__).parent / ".mim" / "configs"
# Numbers that a detector of a few channels has instead, by the name under which they stand.
SMALL = {
    "in_channels": {
        256: 32,
        1024: 64,
        2048: 64,
        96: 32,
        (256, 512, 1024, 2048): [8, 16, 32, 64],
        (512, 1024, 2048): [16, 32, 64],
        (2048,): [64],
        (96, 192, 384): [16, 32, 64],
    },
    "out_channels": {256: 32, 96: 32},
    "feat_channels": {256: 32, 96: 32, 128: 32},
    "point_feat_channels": {256: 32},
    "conv_out_channels": {1024: 64, 256: 32},
    "fc_out_channels": {1024: 64},
    "feedforward_channels": {2048: 64, 1024: 64},
    "proposal_feature_channel": {256: 32},
    "num_classes": {80: 1},
    "num_queries": {100: 8, 300: 8, 900: 8},
    "num_proposals": {100: 8},
    "num_dn_queries": {100: 4},
    "max_per_img": {100: 8, 300: 8},
}
# CSPNeXt and CSPDarknet to 16, 32 and 64 channels of one block a stage.
THIN = {"widen_factor": 0.0625, "deepen_factor": 0.167}


def shrunk_mmdet_config(name: str, **backbone: object) -> ConfigDict:
    """The model of one of MMDetection's config files, small, for one class, from scratch.

    Args:
        name: File below mmdet's ``configs``.
        backbone: Overrides of the backbone's config.
    """
    model = ConfigDict(_shrunk(Config.fromfile(MMDET_CONFIGS / name).model.to_dict()))
    model.pop("init_cfg", None)
    model.backbone.init_cfg = None
    if model.backbone.type == "ResNet":
        model.backbone.update(depth=18, base_channels=8)
    elif "widen_factor" in model.backbone:
        model.backbone.update(THIN)
    if "num_deconv_filters" in model.get("neck", {}):  # CenterNet
        model.neck.update(in_channels=64, num_deconv_filters=(16, 16, 16))
        model.bbox_head.update(in_channels=16, feat_channels=16)
    if "decoder" in model:
        # Some of mmdet's transformers work with 256 channels only.
        model.encoder.num_layers = model.decoder.num_layers = 2
        model.neck.out_channels = 256
    model.backbone.update(backbone)
    return model


def _shrunk(node: object) -> object:
    """Smaller numbers wherever they stand in a config."""
    if isinstance(node, (list, tuple)):
        return type(node)(_shrunk(entry) for entry in node)
    if not isinstance(node, dict):
        return node
    return {key: _smaller(key, value) for key, value in node.items()}


def _smaller(key: str, value: object) -> object:
    """The number or numbers that stand for ``value`` in a small detector."""
    numbers = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    if not all(isinstance(number, int) for number in numbers):
        return _shrunk(value)
    small = SMALL.get(key, {})
    return small.get(numbers if isinstance(value, (list, tuple)) else value, value)
