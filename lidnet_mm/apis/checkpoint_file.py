"""Reading the weights of checkpoints, and writing checkpoints whole."""

import io
from pathlib import Path

import torch
from mmengine.runner import CheckpointLoader
from torch import Tensor

from lidnet_mm.whole_file import write_whole

WRAPPER = "module."
"""What a distributed training of MMDetection 2.x wrote before every name."""


def read_checkpoint(checkpoint: str | Path) -> tuple[dict[str, Tensor], dict]:
    """Read weights and meta of a checkpoint.

    With an ``EMAHook`` the weights are the averaged ones, those that were validated: MMEngine
    saves them as ``state_dict``, and those that were trained as ``ema_state_dict``.

    Args:
        checkpoint (str | Path): File or URL: a checkpoint of MMEngine or MMDetection 2.x, or a
            bare state dict.

    Returns:
        tuple[dict[str, Tensor], dict]: Weights by name on the CPU, without ``module.``, and the
            meta, empty where there is none.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If it holds no weights.
    """
    loaded = CheckpointLoader.load_checkpoint(str(checkpoint), map_location="cpu", logger="silent")
    state = loaded.get("state_dict", loaded) if isinstance(loaded, dict) else None
    if not state or not all(isinstance(value, Tensor) for value in state.values()):
        raise ValueError(f"{checkpoint} holds no weights: neither 'state_dict' nor tensors by name")
    meta = loaded.get("meta") if "state_dict" in loaded else None
    return {name.removeprefix(WRAPPER): value for name, value in state.items()}, meta or {}


def write_checkpoint(path: Path, state: dict[str, Tensor], meta: dict) -> None:
    """Write a checkpoint whole or not at all.

    Args:
        path (Path): The file.
        state (dict[str, Tensor]): Weights by name.
        meta (dict): Its meta.
    """
    # A tensor that is a view would bring all it is a view of.
    own = {name: value.detach().clone() for name, value in state.items()}
    content = io.BytesIO()
    torch.save({"meta": meta, "state_dict": own}, content)
    write_whole(path, content.getvalue())


def refuse_existing(*paths: Path) -> None:
    """Refuse to write over files.

    Raises:
        FileExistsError: If one exists.
    """
    for path in paths:
        if path.exists():
            raise FileExistsError(f"{path} exists; remove it or write to another name")
