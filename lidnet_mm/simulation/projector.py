"""Line integrals of slices and their back-projection, in plain PyTorch.

Both directions are sums of table rows chosen by an index, which is what
``torch.nn.functional.embedding_bag`` computes in one pass: a bag is a ray (forward) or a pixel
(back), its entries are the interpolation taps. The turned and mirrored copies of the slice that
share an index table (see `geometry.ViewSymmetry`), times the slices of the batch, are the
contiguous last dimension of the table. Linear interpolation ``f_i + a (f_{i+1} - f_i)`` takes one
plain bag over ``f`` and one bag over the differences with weights ``a``.
"""

import math

import torch
from torch import Tensor
from torch.nn.functional import embedding_bag, pad

from .geometry import Geometry, ViewSymmetry

TABLE_ENTRIES = 1 << 19
"""Size of the index tables built at a time, which keeps them in the processor's cache."""


def forward_project(image: Tensor, pixel_spacing: float, geometry: Geometry) -> Tensor:
    """Line integrals by Joseph's method: linear interpolation on each row or column crossed.

    Source: P. M. Joseph, IEEE Trans. Med. Imaging 1 (1982) 192.

    Args:
        image: slices (N, n, n), float32, in 1/mm; zero outside.
        pixel_spacing: side of a pixel in mm.
        geometry: the scan.

    Returns:
        Line integrals (N, M, D), M views and D channels, without unit.
    """
    symmetries = geometry.symmetries()
    copies = torch.stack([symmetry.apply(image) for symmetry in symmetries])
    lines, steps = _line_tables(copies)
    size = image.shape[-1]
    base = symmetries[0].views.to(image.device)
    sums = [
        _integrate(lines, steps, size, pixel_spacing, *geometry.rays(views))
        for views in base.split(_block(geometry.num_detectors * size))
    ]
    copies = torch.cat(sums).unflatten(-1, copies.shape[:2])
    return _gather_views(copies.permute(2, 3, 0, 1), symmetries, geometry.num_views)


def back_project(
    sinogram: Tensor, size: int, pixel_spacing: float, geometry: Geometry, weight_power: int = 1
) -> Tensor:
    """Sum over views of the linearly interpolated, distance-weighted projection at each pixel.

    Args:
        sinogram: projections (N, M, D), float32.
        size: side n of the slices in pixels.
        pixel_spacing: side of a pixel in mm.
        geometry: the scan; its detector has to cover the whole slice.
        weight_power: power of the distance weight; 2 propagates variances.

    Returns:
        Slices (N, n, n): the sum, not yet multiplied by the angle between views.

    Raises:
        ValueError: if the detector does not cover the slice.
    """
    _check_cover(size, pixel_spacing, geometry)
    symmetries = geometry.symmetries()
    copies = torch.stack([_base_views(sinogram, symmetry) for symmetry in symmetries])
    table = copies.permute(2, 3, 0, 1).flatten(2)
    x, y = _pixel_centres(size, pixel_spacing, sinogram.device)
    total = sinogram.new_zeros(size * size, table.shape[-1])
    base = symmetries[0].views.to(sinogram.device)
    for views in base.split(_block(size * size)):
        total += _smear(table[views], *geometry.locate(x, y, views), weight_power)
    images = total.unflatten(-1, copies.shape[:2]).permute(1, 2, 0).unflatten(-1, (size, size))
    return torch.stack([s.undo(image) for s, image in zip(symmetries, images, strict=True)]).sum(0)


def _line_tables(copies: Tensor) -> tuple[Tensor, Tensor]:
    """Rows, then columns, of all copies as table rows (2 n (n+4), copies * N), and differences."""
    lines = torch.stack((copies, copies.transpose(-2, -1)))
    lines = pad(lines, (2, 2)).permute(0, 3, 4, 1, 2).flatten(0, 2).flatten(1)
    return lines, torch.cat((lines[1:] - lines[:-1], torch.zeros_like(lines[:1])))


def _integrate(
    lines: Tensor, steps: Tensor, size: int, pixel_spacing: float, phi: Tensor, distance: Tensor
) -> Tensor:
    """Integrals (V, D, copies * N) along the rays of some views."""
    by_row = phi.cos().abs() >= phi.sin().abs()
    across = torch.where(by_row, phi.cos(), phi.sin())
    along = torch.where(by_row, phi.sin(), phi.cos())
    centre = (size - 1) / 2
    start = (distance / pixel_spacing / across + centre + 2)[..., None].to(lines)
    slope = (-along / across)[..., None].to(lines)
    line = torch.arange(size, device=lines.device)
    position = torch.addcmul(start, slope, line - centre).clamp_(0, size + 2)
    index = position.to(torch.int32)
    fraction = position.sub_(index)
    index += (line * (size + 4)).to(torch.int32)
    index += torch.where(by_row, 0, size * (size + 4)).to(torch.int32)[..., None]
    sums = _interpolated_sum(lines, steps, index.flatten(0, 1), None, fraction.flatten(0, 1))
    return sums.unflatten(0, index.shape[:2]) * (pixel_spacing / across.abs())[..., None].to(lines)


def _smear(table: Tensor, channel: Tensor, weight: Tensor | None, power: int) -> Tensor:
    """Back-projection (P, copies * N) of some views, given the channel of each pixel in them."""
    views, channels = table.shape[:2]
    index = channel.to(torch.int32)
    fraction = channel.sub_(index)
    index += torch.arange(0, views * channels, channels, dtype=torch.int32, device=index.device)
    steps = torch.zeros_like(table)
    torch.sub(table[:, 1:], table[:, :-1], out=steps[:, :-1])
    if weight is not None:
        weight = weight**power
        fraction *= weight
    return _interpolated_sum(table.flatten(0, 1), steps.flatten(0, 1), index, weight, fraction)


def _interpolated_sum(
    values: Tensor, steps: Tensor, index: Tensor, weight: Tensor | None, fraction: Tensor
) -> Tensor:
    """Sum over each row of `index` of ``weight * value + fraction * step``."""
    total = embedding_bag(index, values, mode="sum", per_sample_weights=weight)
    return total.add_(embedding_bag(index, steps, mode="sum", per_sample_weights=fraction))


def _gather_views(copies: Tensor, symmetries: list[ViewSymmetry], num_views: int) -> Tensor:
    """Order the base views of all copies (copies, N, B, D) as views of the slice (N, M, D)."""
    sinogram = copies.new_empty(copies.shape[1], num_views, copies.shape[-1])
    for symmetry, copy in zip(symmetries, copies, strict=True):
        sinogram[:, symmetry.views] = copy.flip(-1) if symmetry.reversed_detector else copy
    return sinogram


def _base_views(sinogram: Tensor, symmetry: ViewSymmetry) -> Tensor:
    """Views (N, B, D) of the slice that are the base views of its copy."""
    views = sinogram[:, symmetry.views]
    return views.flip(-1) if symmetry.reversed_detector else views


def _pixel_centres(size: int, pixel_spacing: float, device: torch.device) -> tuple[Tensor, Tensor]:
    """Positions x and y (n * n,) of all pixels in mm."""
    axis = (torch.arange(size, dtype=torch.float32, device=device) - (size - 1) / 2) * pixel_spacing
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    return x.flatten(), y.flatten()


def _block(entries_per_view: int) -> int:
    return max(1, TABLE_ENTRIES // entries_per_view)


def _check_cover(size: int, pixel_spacing: float, geometry: Geometry) -> None:
    reach = math.sqrt(0.5) * (size - 1) * pixel_spacing
    if reach > geometry.radius:
        raise ValueError(
            f"the corners of a slice of {size} pixels of {pixel_spacing} mm lie {reach:.1f} mm "
            f"from the isocentre, but the detector sees {geometry.radius:.1f} mm only: use "
            f"{type(geometry).__name__}.covering(size, pixel_spacing)"
        )
