"""Reading the weights of checkpoints, and the content of new ones."""

import io
from collections import OrderedDict
from pathlib import Path

import torch
from torch import Tensor

from lidnet_mm.weights_file import read_weights_file

DENOISER = "denoiser."
"""What stands before the names of a denoiser's weights in a LIDnet."""

WRAPPER = "module."
"""What a distributed training of MMDetection 2.x wrote before every name."""


def read_checkpoint(checkpoint: str | Path) -> tuple[dict[str, Tensor], dict]:
    """Read weights and meta of a checkpoint, and run no code that it may hold.

    With an ``EMAHook`` the weights are the averaged ones, those that were validated: MMEngine
    saves them as ``state_dict``, and those that were trained as ``ema_state_dict``.

    Args:
        checkpoint (str | Path): File or http(s) address: a checkpoint of MMEngine or MMDetection
            2.x, or a bare state dict.

    Returns:
        tuple[dict[str, Tensor], dict]: Weights by name on the CPU, without ``module.``, and the
            meta, empty where there is none.

    Raises:
        FileNotFoundError: If the file does not exist.
        UnsafeCheckpointError: If it holds code or objects of unknown types.
        ValueError: If it is damaged or holds no weights.
    """
    loaded = read_weights_file(checkpoint)
    state = loaded.get("state_dict", loaded) if isinstance(loaded, dict) else None
    if not state or not all(isinstance(value, Tensor) for value in state.values()):
        raise ValueError(f"{checkpoint} holds no weights: neither 'state_dict' nor tensors by name")
    meta = loaded.get("meta") if "state_dict" in loaded else None
    named = OrderedDict((name.removeprefix(WRAPPER), value) for name, value in state.items())
    if hasattr(state, "_metadata"):  # the versions by which layers convert what older ones saved
        named._metadata = state._metadata
    return named, meta or {}


def denoiser_weights(checkpoint: str | Path) -> dict[str, Tensor]:
    """Weights of a ``DenoisingModel``, from a checkpoint of its own or of a LIDnet around it.

    Args:
        checkpoint (str | Path): As for :func:`read_checkpoint`, whose errors it raises.

    Returns:
        dict[str, Tensor]: Weights under the names that the ``DenoisingModel`` gives them.
    """
    state, _ = read_checkpoint(checkpoint)
    inside = {k.removeprefix(DENOISER): v for k, v in state.items() if k.startswith(DENOISER)}
    return inside or dict(state)


def checkpoint_content(state: dict[str, Tensor], meta: dict) -> bytes:
    """What a checkpoint's file holds.

    Args:
        state (dict[str, Tensor]): Weights by name.
        meta (dict): Its meta.

    Returns:
        bytes: For ``write_whole``.
    """
    # A tensor that is a view would bring all it is a view of.
    own = {name: value.detach().clone() for name, value in state.items()}
    content = io.BytesIO()
    torch.save({"meta": meta, "state_dict": own}, content)
    return content.getvalue()
