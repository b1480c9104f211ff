"""MAP-NN against its definition on the CPCE body, which has tests of its own."""

import pytest
import torch
from torch.nn import functional

from lidnet_mm.models.denoisers import CPCE, MAPNN


@pytest.mark.parametrize("num_modules", [1, 3, 5])
def test_number_of_parameters_does_not_depend_on_the_depth(num_modules):
    assert sum(p.numel() for p in MAPNN(num_modules).parameters()) == 62_016


def _trained_like(num_modules):
    """A network whose last kernel is no longer zero; changes go both ways."""
    torch.manual_seed(6)
    model = MAPNN(num_modules).double()
    torch.nn.init.normal_(model.shared_module.decoder[-1].weight, std=0.05)
    return model


def test_every_depth_equals_the_recursion_written_with_cpce():
    model = _trained_like(3)
    body = CPCE().double()
    body.load_state_dict(model.shared_module.state_dict())
    x = torch.rand(2, 1, 20, 17, dtype=torch.float64)
    outputs = model.depths(x)
    assert len(outputs) == 3
    # relu(f) - relu(-f) = f, and CPCE gives relu(f): turning its last kernel gives relu(-f).
    turned = CPCE().double()
    turned.load_state_dict(model.shared_module.state_dict())
    turned.decoder[-1].weight.data.neg_()
    for output in outputs:
        x = torch.minimum(torch.maximum(x + body(x) - turned(x), torch.zeros(())), torch.ones(()))
        torch.testing.assert_close(output, x, rtol=1e-10, atol=1e-12)


def test_forward_is_the_last_depth_and_stays_in_the_unit_interval():
    model = _trained_like(4)
    x = torch.rand(1, 1, 32, 32, dtype=torch.float64)
    out = model(x)
    torch.testing.assert_close(out, model.depths(x)[-1], rtol=0, atol=0)
    assert out.min() >= 0
    assert out.max() <= 1
    assert (out != x).any()


def test_untrained_it_returns_its_input_and_can_learn():
    torch.manual_seed(7)
    x = torch.rand(1, 1, 24, 24)
    y = functional.avg_pool2d(x, 3, stride=1, padding=1)
    model = MAPNN()
    torch.testing.assert_close(model(x), x)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    losses = []
    for _ in range(20):
        optimizer.zero_grad()
        losses.append(functional.mse_loss(model(x), y))
        losses[-1].backward()
        optimizer.step()
    assert losses[-1] < losses[0]
    assert all(p.grad.abs().sum() > 0 for p in model.parameters())


def test_no_module_is_refused():
    with pytest.raises(ValueError, match="num_modules must be at least 1"):
        MAPNN(0)
