"""Checks of what users pass to the simulation; each error says what to do instead."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor


def check_slices(ndct_hu: Tensor) -> None:
    """Refuse what is not a batch of finite slices (N, H, W)."""
    if not isinstance(ndct_hu, Tensor):
        raise TypeError(
            f"ndct_hu is {type(ndct_hu).__name__}: give a tensor, as torch.from_numpy(array)"
        )
    if ndct_hu.ndim != 3 or 0 in ndct_hu.shape:
        raise ValueError(
            f"ndct_hu is {tuple(ndct_hu.shape)}: give slices (N, H, W), as image[None] for one"
        )
    bad = _slices_where(~torch.isfinite(ndct_hu))
    if bad:
        raise ValueError(
            f"slices {bad} of the batch hold NaN or infinity: replace them, as by -1024 HU (air)"
        )


def check_body(body: Tensor, threshold: float) -> None:
    """Refuse masks (N, n, n) that are empty, for the noise level is a mean over the body."""
    empty = _slices_where(~body.bool().any(2, keepdim=True).any(1, keepdim=True))
    if empty:
        raise ValueError(
            f"slices {empty} of the batch have no pixel above {threshold:g} HU, so no noise level: "
            "leave them out, or set incident_photons"
        )


def square_spacing(pixel_spacing: float | Sequence[float]) -> float:
    """Side of a pixel in mm from one number or equal (row, column)."""
    values = [float(value) for value in torch.as_tensor(pixel_spacing).flatten()]
    if len(values) not in (1, 2) or not all(math.isfinite(v) and v > 0 for v in values):
        raise ValueError(
            f"pixel_spacing is {pixel_spacing}: give the side of a pixel in mm, above 0, or "
            "(row, column)"
        )
    if abs(values[0] - values[-1]) > 1e-3 * values[0]:
        raise ValueError(
            f"pixels of {values[0]} x {values[-1]} mm are not square: resample the slice to one "
            "spacing first"
        )
    return values[0]


def per_slice(name: str, value: float | Tensor, like: Tensor, unit: str) -> Tensor:
    """Positive numbers (N,) from one number or one a slice of `like` (N, ...)."""
    values = torch.as_tensor(value, dtype=like.dtype, device=like.device)
    if values.ndim > 1 or values.numel() not in (1, like.shape[0]):
        raise ValueError(
            f"{name} has shape {tuple(values.shape)}: give one number, or one for each of the "
            f"{like.shape[0]} slices"
        )
    if not (torch.isfinite(values) & (values > 0)).all():
        raise ValueError(f"{name} is {value}: set a finite value above 0 {unit}")
    return values.expand(like.shape[0])


def positive(name: str, value: float, unit: str) -> float:
    """A finite number above 0."""
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{name} is {value}: set a finite value above 0 {unit}")
    return value


def check_electronic_noise(electronic_noise: float) -> None:
    """Refuse a negative or infinite standard deviation."""
    if not (math.isfinite(electronic_noise) and electronic_noise >= 0):
        raise ValueError(
            f"electronic_noise is {electronic_noise}: set it in photons, finite, 0 or more"
        )


def check_generators(
    generator: torch.Generator | Sequence[torch.Generator] | None, count: int
) -> None:
    """Refuse a list of generators whose length is not the number of slices."""
    if isinstance(generator, Sequence) and len(generator) != count:
        raise ValueError(
            f"generator is a list of {len(generator)} for {count} slices: give one generator, or "
            "one for each slice"
        )


def _slices_where(flags: Tensor) -> list[int]:
    """Numbers of the slices of a batch (N, H, W) that have a flag set."""
    return flags.flatten(1).any(1).nonzero().flatten().tolist()
