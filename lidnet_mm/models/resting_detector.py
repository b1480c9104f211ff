"""A detector that computes its training loss but learns nothing from it."""

from torch import nn
from torch.nn.modules.dropout import _DropoutNd


def rest_in_training_mode(detector: nn.Module) -> None:
    """Training mode without running statistics and without dropout.

    Detectors compute their loss in training mode only: in eval mode DINO has no denoising queries,
    VFNet leaves out a map, FCOS scales its boxes otherwise. Layers that would learn the statistics
    of what they see, or drop a part of it by chance, are in eval mode all the same.

    Args:
        detector (nn.Module): An mmdet detector, changed in place.
    """
    detector.train()
    for module in detector.modules():
        if hasattr(module, "running_mean") or _drops_by_chance(module):
            module.eval()


def _drops_by_chance(module: nn.Module) -> bool:
    """Dropout of PyTorch, also that inside its attention, and of OpenMMLab (path, block)."""
    return isinstance(module, (_DropoutNd, nn.MultiheadAttention)) or type(
        module
    ).__name__.startswith("Drop")
