"""The last step of the generators: values of a clamp, and a gradient that leads back."""

import pytest
import torch
from torch.nn import functional

from lidnet_mm.models.denoisers.output_range import into_range
from lidnet_mm.registry import MODELS

VALUES = [-0.5, 0.0, 0.3, 1.0, 1.7]
# What turns an output to 0 everywhere: a parameter of the generator's last layer, and its value.
LOST = {
    "CPCE": ("decoder.3.weight", -0.001),
    "MAPNN": ("shared_module.decoder.3.weight", -0.1),
    "REDCNN": ("decoder.4.bias", -2.0),
    "ResHLF": ("tail.bias", 2.0),
    "SMGAN": ("layers.7.weight", -0.001),
    "WGANVGG": ("layers.7.weight", -0.001),
}


def _gradient(wanted, **limits):
    """Gradient that reaches VALUES when ``wanted`` arrives at the output."""
    x = torch.tensor(VALUES, requires_grad=True)
    into_range(x, **limits).backward(torch.tensor(wanted))
    return x.grad.tolist()


def test_values_are_those_of_a_clamp():
    x = torch.tensor(VALUES)
    assert torch.equal(into_range(x), functional.relu(x))
    assert torch.equal(into_range(x, 0.2, 0.9), x.clamp(0.2, 0.9))


def test_below_the_range_only_a_gradient_that_raises_the_value_is_kept():
    assert _gradient([1.0] * 5) == [0, 0, 1, 1, 1]  # a step down the loss would lower the value
    assert _gradient([-1.0] * 5) == [-1, -1, -1, -1, -1]


def test_above_the_range_only_a_gradient_that_lowers_the_value_is_kept():
    assert _gradient([1.0] * 5, high=1) == [0, 0, 1, 1, 1]
    assert _gradient([-1.0] * 5, high=1) == [-1, -1, -1, 0, 0]


def test_inside_the_range_the_gradient_is_that_of_the_values():
    x = (0.1 + 0.8 * torch.rand(3, 4, dtype=torch.float64)).requires_grad_()
    assert torch.autograd.gradcheck(lambda v: into_range(v, high=1) ** 2, (x,))


@pytest.mark.parametrize("name", LOST)
def test_a_generator_whose_image_fell_below_zero_gets_it_back(name):
    """With a plain ReLU every gradient is zero here, so the image stays black for good."""
    torch.manual_seed(0)
    generator = MODELS.build({"type": f"lidnet_mm.{name}"})
    x = 0.2 + 0.6 * torch.rand(2, 1, 24, 24)
    parameter, value = LOST[name]
    with torch.no_grad():
        generator.get_parameter(parameter).fill_(value)
    assert generator(x).max() == 0
    optimizer = torch.optim.Adam(generator.parameters(), lr=1e-3)
    losses = []
    for _ in range(200):
        optimizer.zero_grad()
        losses.append(functional.l1_loss(generator(x), x))
        losses[-1].backward()
        optimizer.step()
    assert losses[-1] < 0.5 * losses[0]
