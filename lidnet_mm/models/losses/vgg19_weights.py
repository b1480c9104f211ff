"""Weights of VGG-19: where they lie, whether they are whole, and what stands in for tests."""

import hashlib
import logging
import math
from collections.abc import Mapping
from pathlib import Path

import torch
from mmengine.logging import print_log
from torch import Tensor

from lidnet_mm.models.losses.vgg19_features import vgg19_shapes
from lidnet_mm.weights_file import read_weights_file

# Addresses by name. The digits behind the dash are the start of the file's SHA-256.
KNOWN_WEIGHTS = {
    "vgg19_caffe": "https://web.eecs.umich.edu/~justincj/models/vgg19-d01eb7cb.pth",
    "vgg19_torchvision": "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth",
}


def read_vgg19_weights(weights: str | Path | None) -> dict[str, Tensor]:
    """Find and check the weights of the 16 convolutions; downloads nothing.

    Args:
        weights (str | Path | None): A name of ``KNOWN_WEIGHTS``, looked for in the
            ``checkpoints`` folder of ``torch.hub.get_dir()``; the path of a state dict in
            torchvision's layout; or None for random weights, which are good for tests only.

    Returns:
        dict[str, Tensor]: float32, by the keys of `vgg19_shapes`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is damaged or holds more than tensors, or its keys or shapes are not
            VGG-19's.
    """
    if weights is None:
        print_log(
            "VGG-19 with random weights: good for tests, meaningless as a perceptual loss",
            logger="current",
            level=logging.WARNING,
        )
        return _random_weights()
    file = _known_file(weights) if weights in KNOWN_WEIGHTS else Path(weights)
    if not file.is_file():
        raise FileNotFoundError(
            f"no VGG-19 weights at {file}: give the path of a file or one of "
            f"{sorted(KNOWN_WEIGHTS)}; weights=None gives random ones, for tests only"
        )
    return _checked(read_weights_file(file), file)


def _known_file(name: str) -> Path:
    """Path of a known file, once it is there and whole."""
    address = KNOWN_WEIGHTS[name]
    folder = Path(torch.hub.get_dir()) / "checkpoints"
    file = folder / address.rpartition("/")[2]
    if not file.is_file():
        raise FileNotFoundError(
            f"{file.name} ({name}) is not in {folder}: download {address} into that folder; "
            "weights=None gives random weights, for tests only"
        )
    expected = file.stem.rpartition("-")[2]
    found = _sha256(file)
    if not found.startswith(expected):
        raise ValueError(
            f"{file} is damaged: its SHA-256 starts with {found[: len(expected)]}, "
            f"not {expected}; delete it and download {address} again"
        )
    return file


def _sha256(file: Path) -> str:
    """Hexadecimal digest of a file, read in pieces of 1 MiB."""
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while piece := stream.read(2**20):
            digest.update(piece)
    return digest.hexdigest()


def _checked(content: object, file: Path) -> dict[str, Tensor]:
    """The convolutions' tensors of a state dict; others, as the classifier's, are left out."""
    if isinstance(content, Mapping) and isinstance(content.get("state_dict"), Mapping):
        content = content["state_dict"]
    if not isinstance(content, Mapping):
        raise ValueError(f"{file} holds a {type(content).__name__}, not a state dict")
    checked = {}
    for key, shape in vgg19_shapes().items():
        if not isinstance(content.get(key), Tensor):
            raise ValueError(f"{file} has no tensor {key!r}: not VGG-19 in torchvision's layout")
        found = tuple(content[key].shape)
        if found != shape:
            raise ValueError(f"{file}: {key!r} has shape {found}, VGG-19's has {shape}")
        checked[key] = content[key].float()
    return checked


def _random_weights() -> dict[str, Tensor]:
    """He initialisation without biases, the same in every process."""
    generator = torch.Generator().manual_seed(0)
    weights = {}
    for key, shape in vgg19_shapes().items():
        if key.endswith("bias"):
            weights[key] = torch.zeros(shape)
        else:
            deviation = math.sqrt(2 / math.prod(shape[1:]))
            weights[key] = torch.randn(shape, generator=generator) * deviation
    return weights
