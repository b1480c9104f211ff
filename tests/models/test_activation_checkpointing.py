"""Recomputed activations: the same numbers from less memory."""

import copy

import pytest
import torch
from torch import nn
from torch.autograd.graph import saved_tensors_hooks

from lidnet_mm.models.activation_checkpointing import recompute_activations
from lidnet_mm.registry import MODELS

GENERATORS = {
    "whole": {"type": "lidnet_mm.CPCE", "channels": 4},
    "repeated": {"type": "lidnet_mm.MAPNN", "channels": 4},
    "blocks": {"type": "lidnet_mm.ResHLF", "channels": 4},
    "nested": {"type": "lidnet_mm.Restormer", "channels": 8},
}


class Bytes:
    """What autograd keeps for the backward pass."""

    def __init__(self):
        self.kept = 0

    def pack(self, tensor):
        self.kept += tensor.numel() * tensor.element_size()
        return tensor


def two(name):
    """The same generator twice, the second with recomputed activations."""
    if name == "nested":
        pytest.importorskip("monai")
        pytest.importorskip("einops")
    torch.manual_seed(0)
    plain = MODELS.build(GENERATORS[name])
    for parameter in plain.parameters():
        if not parameter.any():  # a last layer that starts at zero passes no gradient
            nn.init.normal_(parameter, 0, 0.02)
    other = copy.deepcopy(plain)
    recompute_activations(other)
    return plain, other


def step(generator):
    """Output, gradients of all weights and of the image, and the bytes kept between passes."""
    image = torch.rand(2, 1, 48, 40, generator=torch.Generator().manual_seed(1))
    image.requires_grad_()
    kept = Bytes()
    with saved_tensors_hooks(kept.pack, lambda tensor: tensor):
        output = generator(image)
    output.square().sum().backward()
    return output, [image.grad, *(p.grad for p in generator.parameters())], kept.kept


@pytest.mark.parametrize("name", GENERATORS)
def test_same_numbers_less_kept(name):
    plain, other = two(name)
    output, gradients, kept = step(plain)
    again, repeated, less = step(other)
    assert torch.equal(output, again)
    assert gradients[0].abs().max() > 0
    for one, two_ in zip(gradients, repeated, strict=True):
        torch.testing.assert_close(one, two_)
    assert less < kept / 2


def test_blocks_are_recomputed_one_by_one():
    """As a whole all activations would be there at once in the backward pass."""
    _, other = two("blocks")
    recomputed = [n for n, m in other.named_modules() if "forward" in vars(m)]
    assert recomputed == [f"blocks.{n}" for n in range(4)]


def test_nothing_is_kept_or_repeated_without_gradients():
    plain, other = two("whole")
    calls = []
    other.encoder[0].register_forward_hook(lambda *_: calls.append(1))
    with torch.no_grad():
        assert torch.equal(plain(torch.ones(1, 1, 32, 32)), other(torch.ones(1, 1, 32, 32)))
    assert len(calls) == 1


@pytest.mark.parametrize("name", ["whole", "blocks"])
def test_a_copy_runs_its_own_weights(name):
    _, other = two(name)
    image = torch.rand(1, 1, 32, 32)
    before = other(image)
    copied = copy.deepcopy(other)
    with torch.no_grad():
        for parameter in copied.parameters():
            parameter.mul_(1.1)
    assert not torch.equal(copied(image), before)
    assert torch.equal(other(image), before)


def test_weights_keep_their_names():
    plain, other = two("blocks")
    assert list(plain.state_dict()) == list(other.state_dict())
    assert [n for n, _ in plain.named_parameters()] == [n for n, _ in other.named_parameters()]
