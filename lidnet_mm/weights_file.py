"""Reads what ``torch.save`` wrote: tensors and plain values, and no code."""

import io
import os
import pickle
from pathlib import Path
from typing import Any, BinaryIO

import torch

from lidnet_mm import plain_unpickler
from lidnet_mm.downloaded_weights import downloaded, is_address

FORCED = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"
"""A variable by which PyTorch reads by its own list of names only, which is a wider one."""

ZIP = b"PK\x03\x04"
"""How files of ``torch.save`` begin, but those of its old format."""

PROGRAM = "constants.pkl"
"""A record that an archive of TorchScript has, which PyTorch would run."""


class UnsafeCheckpointError(ValueError):
    """A checkpoint holds more than weights; the message says what to do."""


def read_weights_file(source: str | Path, map_location: Any = "cpu") -> Any:
    """Read a file of ``torch.save``, and run nothing that it may hold.

    What a file may name is listed in :mod:`lidnet_mm.plain_unpickler`: tensors, numbers and texts,
    arrays of numbers and MMEngine's logged values. Optimizers and schedulers save no more.

    Args:
        source (str | Path): File or http(s) address.
        map_location (Any): As for ``torch.load``. Defaults to ``'cpu'``.

    Returns:
        Any: What it holds.

    Raises:
        FileNotFoundError: If there is no such file, or the address cannot be reached.
        IsADirectoryError: If it is a folder.
        UnsafeCheckpointError: If it holds code or objects of unknown types.
        ValueError: If it is damaged or no file of ``torch.save``.
    """
    path = downloaded(source) if is_address(source) else Path(source).expanduser()
    if path.is_dir():
        raise IsADirectoryError(f"{source} is a folder: name a checkpoint in it")
    if not path.is_file():
        raise FileNotFoundError(f"there is no checkpoint {source}")
    with path.open("rb") as file:
        return read_weights(file, str(source), map_location)


def read_weights(file: BinaryIO, name: str, map_location: Any = "cpu") -> Any:
    """Read an open file of ``torch.save``, as :func:`read_weights_file`.

    Args:
        file (BinaryIO): The file, at its beginning.
        name (str): What messages call it.
        map_location (Any): As for ``torch.load``. Defaults to ``'cpu'``.

    Returns:
        Any: What it holds.

    Raises:
        UnsafeCheckpointError: If it holds code or objects of unknown types.
        ValueError: If it is damaged or no file of ``torch.save``.
    """
    if os.environ.get(FORCED, "0").lower() in ("1", "y", "yes", "true"):
        raise ValueError(
            f"unset {FORCED}: {name} is read by a narrower list of names than it asks for"
        )
    try:
        return torch.load(
            _seen_through(file),
            map_location=map_location,
            pickle_module=plain_unpickler,
            weights_only=False,  # PyTorch's list of names is not used, but a narrower one
        )
    except pickle.UnpicklingError as error:
        raise UnsafeCheckpointError(
            f"{name} is not loaded: it holds more than weights and plain values, which could "
            "run code of its author, or it is no checkpoint. Have its author save the weights "
            "alone: torch.save({'state_dict': model.state_dict()}, FILE). Found: "
            f"{_first_line(error)}"
        ) from error
    except OSError:
        raise
    except Exception as error:
        # A damaged pickle fails in as many ways as there are instructions.
        raise ValueError(
            f"{name} is damaged or no checkpoint ({_first_line(error)}): copy it again"
        ) from error


def _seen_through(file: BinaryIO) -> BinaryIO:
    """The file, once it is known that PyTorch only unpickles it.

    PyTorch runs an archive of TorchScript, and unpacks a tar archive into a folder; it tries the
    latter for files that have a place on the disk.
    """
    start = file.read(len(ZIP))
    file.seek(0)
    if start != ZIP:
        return io.BytesIO(file.read())
    records = torch._C.PyTorchFileReader(file).get_all_records()  # as torch.load sees them
    file.seek(0)
    if PROGRAM in records:
        raise pickle.UnpicklingError("an archive of TorchScript, which is a program")
    return file


def _first_line(error: Exception) -> str:
    """What an error says, without PyTorch's advice below."""
    return (str(error) or type(error).__name__).partition("\n")[0]
