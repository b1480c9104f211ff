"""The LIDnet of a config without what only its training needs."""

import copy

from mmengine.config import Config, ConfigDict

from lidnet_mm.apis.inherited_detector import is_lidnet
from lidnet_mm.models.lid_detector import LIDDetector
from lidnet_mm.registry import MODELS

OF_TRAINING = ("losses", "loss_adversarial")
"""What a denoiser needs in training alone; a perceptual loss asks for weights of its own."""


def build_bare_lidnet(config: Config) -> LIDDetector:
    """Build the networks of a LIDnet, for their names, shapes and preprocessing.

    Args:
        config (Config): Config of a LIDnet, of ``load_config``.

    Returns:
        LIDDetector: The model with its default losses, in eval mode, not initialised.

    Raises:
        ValueError: If the config's model is no ``LIDDetector``.
    """
    if not is_lidnet(config):
        kind = config.get("model", {}).get("type")
        raise ValueError(f"{config.filename} is no LIDnet: its model is {kind}, not LIDDetector")
    model = copy.deepcopy(config.model)
    for name in OF_TRAINING:
        model.denoiser.pop(name, None)
    model.roi_perceptual_loss = {"type": "lidnet_mm.ROIPerceptualLoss", "loss_weight": 0.0}
    scope = config.get("default_scope", "mmdet")
    return MODELS.build(ConfigDict({**model, "_scope_": scope})).eval()
