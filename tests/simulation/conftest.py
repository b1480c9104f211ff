"""Fixtures of the simulation's tests."""

import pytest
import torch


@pytest.fixture
def generator():
    """Seeded randomness."""
    return torch.Generator().manual_seed(20)
