"""Mean error of line integrals measured with few photons.

The logarithm of a count lies, on average, below the logarithm of the expected count: little where
many photons arrive, much where few do. What that adds to a slice is no noise: it is the same in
every scan.
"""

import functools
import math

import torch
from torch import Tensor

from .noise import COUNT_FLOOR

LOWEST_LOG = -12.0
"""Logarithm of the expected counts below which nothing but electronic noise is counted."""

GRID = 512
NODES = 96
DEVIATIONS = 9.0


def line_integral_mean_error(
    line_integrals: Tensor, incident_photons: Tensor, electronic_noise: float = 0.0
) -> Tensor:
    """Expectation of `line_integral_noise`.

    Where many photons arrive, ``1 / (2 Nc) + sigma_e^2 / (2 Nc^2)`` and the next order; below that
    the expectation over counts and electronics, from a table. At most 1e-3 off.

    Args:
        line_integrals: true values p (N, M, D), at least 0.
        incident_photons: photons N0 per ray (N,), above 0.
        electronic_noise: standard deviation sigma_e in photons, at least 0.

    Returns:
        Mean of measured minus true line integrals (N, M, D).
    """
    log_counts = torch.log(incident_photons.view(-1, 1, 1)) - line_integrals
    top, table = _mean_error_table(float(electronic_noise))
    step = (top - LOWEST_LOG) / (GRID - 1)
    place = ((log_counts - LOWEST_LOG) / step).clamp_(0, GRID - 1.001)
    below = place.long()
    values = torch.tensor(table, dtype=log_counts.dtype, device=log_counts.device)
    few = values[below].lerp(values[below + 1], place - below)
    few += (log_counts - LOWEST_LOG).clamp_(max=0)
    many = _series(torch.exp(-log_counts.clamp(min=top)), electronic_noise)
    return torch.where(log_counts < top, few, many)


def _series(inverse: Tensor, electronic_noise: float) -> Tensor:
    """First two orders of the mean error, for ``1 / Nc``."""
    variance = inverse + (electronic_noise * inverse) ** 2
    return variance / 2 + 0.75 * variance**2 - inverse**2 / 3


@functools.lru_cache(maxsize=16)
def _mean_error_table(electronic_noise: float) -> tuple[float, tuple[float, ...]]:
    """Logarithm of counts where the series takes over, and the mean error up to there."""
    top = math.log(max(1000.0, 30 * electronic_noise))
    log_counts = torch.linspace(LOWEST_LOG, top, GRID, dtype=torch.float64)
    return top, tuple(
        value.item() - _mean_log(math.exp(value.item()), electronic_noise) for value in log_counts
    )


def _mean_log(expected: float, electronic_noise: float) -> float:
    """Mean logarithm of the counts, raised to the floor, where some are expected."""
    spread = DEVIATIONS * math.sqrt(expected) + 20
    counts = torch.arange(
        max(0, int(expected - spread)), int(expected + spread) + 1, dtype=torch.float64
    )
    chance = counts * math.log(expected) - expected - torch.lgamma(counts + 1)
    if electronic_noise:
        logs = _mean_log_of_electronics(counts, electronic_noise)
    else:
        logs = counts.clamp(min=COUNT_FLOOR).log()
    return (chance.exp() * logs).sum().item()


def _mean_log_of_electronics(counts: Tensor, sigma: float) -> Tensor:
    """Mean of ``log max(counts + N(0, sigma^2), floor)``: an integral over the logarithm itself."""
    low = (counts - DEVIATIONS * sigma).clamp(min=COUNT_FLOOR).log()
    high = (counts + DEVIATIONS * sigma).clamp(min=COUNT_FLOOR).log()
    nodes, weights = _legendre()
    logs = low[:, None] + (high - low)[:, None] * (nodes + 1) / 2
    value = logs.exp()
    density = torch.exp(-(((value - counts[:, None]) / sigma) ** 2) / 2) / (
        sigma * math.sqrt(2 * math.pi)
    )
    return (logs * value * density * weights).sum(1) * (high - low) / 2


@functools.cache
def _legendre() -> tuple[Tensor, Tensor]:
    """Nodes and weights of Gauss and Legendre on [-1, 1], from the eigenvalues of Golub-Welsch."""
    order = torch.arange(1, NODES, dtype=torch.float64)
    off = order / torch.sqrt(4 * order**2 - 1)
    nodes, vectors = torch.linalg.eigh(torch.diag(off, 1) + torch.diag(off, -1))
    return nodes, 2 * vectors[0] ** 2
