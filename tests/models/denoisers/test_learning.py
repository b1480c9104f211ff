"""Every generator learns to remove noise, from its own random start."""

import pytest
import torch
from torch.nn import functional

from lidnet_mm.registry import MODELS

NOISE = 0.08
# Generators that start far from the identity take more steps.
SETTINGS = {
    "CPCE": ({"channels": 16}, 120),
    "MAPNN": ({"channels": 16}, 60),
    "REDCNN": ({"channels": 12}, 200),
    "ResHLF": ({"channels": 16}, 60),
    "Restormer": ({"channels": 8}, 60),
    "SMGAN": ({"channels": 16}, 120),
    "WGANVGG": ({"channels": 16}, 120),
}


def _pair(seed):
    """Smooth images (4, 1, 32, 32) and the same with white noise, both in [0, 1]."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(4, 1, 4, 4, generator=generator) * 0.5 + 0.25
    clean = functional.interpolate(coarse, (32, 32), mode="bicubic").clamp(0, 1)
    noise = NOISE * torch.randn(clean.shape, generator=generator)
    return (clean + noise).clamp(0, 1), clean


@pytest.mark.parametrize("name", SETTINGS)
def test_error_on_unseen_images_falls_below_that_of_the_input(name):
    if name == "Restormer":
        pytest.importorskip("monai")
    options, steps = SETTINGS[name]
    torch.manual_seed(0)
    generator = MODELS.build({"type": f"lidnet_mm.{name}", **options})
    optimizer = torch.optim.Adam(generator.parameters(), lr=3e-3)
    for step in range(steps):
        noisy, clean = _pair(step)
        optimizer.zero_grad()
        functional.l1_loss(generator(noisy), clean).backward()
        optimizer.step()
    noisy, clean = _pair(10_000)
    with torch.no_grad():
        error = functional.mse_loss(generator.eval()(noisy), clean).sqrt()
    assert functional.mse_loss(noisy, clean).sqrt() == pytest.approx(NOISE, rel=0.1)
    assert error < 0.75 * NOISE
