"""X-ray counting statistics of a detector channel."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

COUNT_FLOOR = 1.0
"""Counts below one photon are raised to one, so that a starved ray has a logarithm."""


def line_integral_noise(
    line_integrals: Tensor,
    incident_photons: Tensor,
    electronic_noise: float = 0.0,
    generator: torch.Generator | Sequence[torch.Generator] | None = None,
) -> Tensor:
    """Error of line integrals measured with finitely many photons.

    Counts are ``Poisson(N0 exp(-p)) + N(0, sigma_e^2)``, raised to `COUNT_FLOOR`; the measured
    line integral is ``log(N0 / counts)``.

    Args:
        line_integrals: true values p (N, M, D), at least 0.
        incident_photons: photons N0 per ray (N,), above 0.
        electronic_noise: standard deviation sigma_e in photons, at least 0.
        generator: source of randomness on the device of the data, one for all or one a slice.

    Returns:
        Measured minus true line integrals (N, M, D).
    """
    photons = incident_photons.view(-1, 1, 1)
    expected = photons * torch.exp(-line_integrals)
    counts = _draw(expected, torch.poisson, generator)
    if electronic_noise:
        counts += electronic_noise * _draw(expected, _standard_normal, generator)
    # log(expected / counts) would be -inf where exp(-p) is below the smallest float.
    return torch.log(photons) - torch.log(counts.clamp_(min=COUNT_FLOOR)) - line_integrals


def line_integral_variance(
    line_integrals: Tensor, incident_photons: Tensor, electronic_noise: float = 0.0
) -> Tensor:
    """First-order variance of a measured line integral, ``1 / Nc + sigma_e^2 / Nc^2``.

    Holds while the expected counts ``Nc = N0 exp(-p)`` are well above 1 and sigma_e.

    Args:
        line_integrals: true values p (N, M, D).
        incident_photons: photons N0 per ray (N,).
        electronic_noise: standard deviation sigma_e in photons.

    Returns:
        Variances (N, M, D).
    """
    inverse = torch.exp(line_integrals) / incident_photons.view(-1, 1, 1)
    return inverse + (electronic_noise * inverse) ** 2


def _standard_normal(like: Tensor, generator: torch.Generator | None) -> Tensor:
    return torch.randn(like.shape, generator=generator, dtype=like.dtype, device=like.device)


def _draw(
    expected: Tensor,
    sample: Callable[[Tensor, torch.Generator | None], Tensor],
    generator: torch.Generator | Sequence[torch.Generator] | None,
) -> Tensor:
    """Sample the whole batch from one generator, or each slice from its own."""
    if generator is None or isinstance(generator, torch.Generator):
        return sample(expected, generator)
    pairs = zip(expected, generator, strict=True)
    return torch.stack([sample(counts, own) for counts, own in pairs])
