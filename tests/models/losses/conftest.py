"""Weights of VGG-19 in small files."""

import math

import pytest
import torch

# Table 1 of the VGG paper, column E, up to conv5_4: name, number in torchvision's list, in, out.
VGG19_LAYERS = (
    ("conv1_1", 0, 3, 64),
    ("conv1_2", 2, 64, 64),
    ("pool", None, 0, 0),
    ("conv2_1", 5, 64, 128),
    ("conv2_2", 7, 128, 128),
    ("pool", None, 0, 0),
    ("conv3_1", 10, 128, 256),
    ("conv3_2", 12, 256, 256),
    ("conv3_3", 14, 256, 256),
    ("conv3_4", 16, 256, 256),
    ("pool", None, 0, 0),
    ("conv4_1", 19, 256, 512),
    ("conv4_2", 21, 512, 512),
    ("conv4_3", 23, 512, 512),
    ("conv4_4", 25, 512, 512),
    ("pool", None, 0, 0),
    ("conv5_1", 28, 512, 512),
    ("conv5_2", 30, 512, 512),
    ("conv5_3", 32, 512, 512),
    ("conv5_4", 34, 512, 512),
)


@pytest.fixture(scope="session")
def vgg19_layers():
    """Rows of the table."""
    return VGG19_LAYERS


@pytest.fixture(scope="session")
def vgg19_state():
    """Weights whose elements share short random lines, so that a file of them is small."""
    generator = torch.Generator().manual_seed(0)
    state = {}
    for _, number, inputs, outputs in VGG19_LAYERS:
        if number is None:
            continue
        line = torch.randn(11 * outputs + 5 * inputs + 9, generator=generator)
        line *= math.sqrt(2 / (9 * inputs))
        weight = line.as_strided((outputs, inputs, 3, 3), (11, 5, 3, 1))
        state[f"features.{number}.weight"] = weight
        state[f"features.{number}.bias"] = torch.randn(outputs, generator=generator)
    return state


@pytest.fixture(scope="session")
def vgg19_file(vgg19_state, tmp_path_factory):
    """A file with a classifier behind the convolutions."""
    file = tmp_path_factory.mktemp("vgg") / "own.pth"
    torch.save({**vgg19_state, "classifier.0.weight": torch.zeros(1)}, file)
    return file


@pytest.fixture
def checkpoints(tmp_path, monkeypatch):
    """The folder where the named files are looked for; empty."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder
